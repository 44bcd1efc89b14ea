"""What documents say of a place, for good or bad: a lexicon that anyone can extend, and a small model trained over it."""
