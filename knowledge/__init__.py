"""What the system knows: tables, market data, documents, models, finance rules, and how people write."""
