"""Meaning: texts as vectors, and the Chroma server that finds the nearest ones."""
