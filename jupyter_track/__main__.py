"""``python -m jupyter_track``: the same as the command ``jupyter-track``."""

from .cli import main

main()
