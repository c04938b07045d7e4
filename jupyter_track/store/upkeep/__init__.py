"""Looking after a store: copies and tables of it, uniting stores, tidying, freeing disk, healing faults.

All of it runs beside kernels that write to the store, and loses nothing when it is killed.
"""

from __future__ import annotations

from . import clean, export, gc, merge, repair

__all__ = ["clean", "export", "gc", "merge", "repair"]
