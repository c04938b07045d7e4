"""What happens in a notebook: the magics and hooks, and what a cell sets, shows, reads and writes."""
