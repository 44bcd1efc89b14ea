"""What the system knows: tables, market data, documents, models, finance rules, and how people write."""

import core  # noqa: F401 - its switches stand before numpy, also where a file of this room is the program
