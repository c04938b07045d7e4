"""Views as Altair charts: the only place that knows Altair.

Two things are made here. What a person takes away (``track.curves(...).chart``) is a chart with its data, made when it
is asked for. What a live panel draws is a spec with named data, made beforehand and kept in ``made/``: Altair takes
seconds to load, and a panel opens at once. ``scripts/specs.py`` writes those files; a test compares.
"""
