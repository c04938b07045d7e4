"""The version, kept equal to package.json (a test compares them)."""

__version__ = "0.1.0"
