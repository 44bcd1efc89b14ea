"""What adverts and series say about a market, as pure functions over plain rows, and the queries that read these rows."""
