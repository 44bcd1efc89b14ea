"""Documents: area guides, market notes and rules, cut into passages that an answer can cite."""
