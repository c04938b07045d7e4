"""Looking after a store: copies and tables of it, uniting stores, tidying, freeing disk, healing faults.

All of it runs beside kernels that write to the store, and loses nothing when it is killed.
"""
