"""Registers how records show themselves, where somebody can look: under IPython. A script does not load the views."""

import sys

if "IPython" in sys.modules:
    from ..views import html, text  # noqa: F401 - importing registers the forms
