"""How well Ladrillo does: cases, their answers, what was right, and how fast it was."""
