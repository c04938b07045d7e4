"""The write side: runs, and all that is logged to them."""
