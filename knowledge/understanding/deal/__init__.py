"""A return told in words: which figures the messages give, what is asked, and what stays known from turn to turn."""
