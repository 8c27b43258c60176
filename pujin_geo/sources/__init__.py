"""Raw files to accepted rows: the only place that knows file formats, headers and datums."""
