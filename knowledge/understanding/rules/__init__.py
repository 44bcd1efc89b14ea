"""Figures of a return by rules: the words around a figure, and what they make of it."""
