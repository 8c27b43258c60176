"""OpenStreetMap: an extract → a study folder, or its streets alone."""

from .importing import ImportSummary, import_osm, read_streets

__all__ = ["ImportSummary", "import_osm", "read_streets"]
