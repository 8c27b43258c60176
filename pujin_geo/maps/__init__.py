"""Results to self-contained HTML maps; nothing here computes a figure."""
