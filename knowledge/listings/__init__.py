"""Listings as they are searched and read: filters in SQL, areas by name, one listing in full."""
