"""Property finance without a database: loans, returns, costs, currencies, and the one call that ties them together.

Everything here is float64 and pure. Percentages are written 6.13 for 6.13 %, in arguments, results and data files.
"""
