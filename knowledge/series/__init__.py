"""Stored market series: which one answers for a place, and how its periods are named."""
