"""What goes on around a turn: starting conversations, working cases, filling an empty data folder."""
