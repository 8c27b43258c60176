"""Two runs side by side: what changed in the data, what in the result, and why."""
