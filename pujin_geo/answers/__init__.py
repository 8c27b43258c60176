"""Results in words: the tables, charts, conclusions and checks that a notebook shows."""
