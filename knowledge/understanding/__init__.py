"""Understanding what an investor wrote: language, amounts, places, intent. Pure functions over data files."""
