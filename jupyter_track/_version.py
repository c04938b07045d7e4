"""The version, kept equal to package.json (a test compares them once there is one)."""

__version__ = "0.1.0"
