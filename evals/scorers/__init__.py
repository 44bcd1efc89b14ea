"""What was right in an answer, one question a file. Pure functions over a case's expectations and an output line."""
