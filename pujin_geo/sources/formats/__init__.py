"""One module per kind of file: what it holds → raw tables, cells as written."""
