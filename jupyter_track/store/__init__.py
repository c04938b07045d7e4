"""The SQLite store: one file beside the notebook, one writer thread per process, short reads."""
