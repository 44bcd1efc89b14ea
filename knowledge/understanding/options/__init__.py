"""Several options of one conversation: properties or loans, told in words, in rows or over turns."""
