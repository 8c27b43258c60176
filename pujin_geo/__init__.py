"""Walking coverage, gaps and fifteen-minute living circles for a subdistrict planning office."""

__version__ = "0.1.0"
