"""What is printed or attached rather than shown on the page."""
