"""Folders of results: how they are kept, swapped in, read again and traced."""
