"""What a live card says, how long a loop still takes, and the thread that refreshes: without a kernel."""

from __future__ import annotations

import sys
import threading
import time
import types
from dataclasses import replace

import pytest
from made_records import made_run

from jupyter_track.notebook.bars import open_bars
from jupyter_track.panels.estimate import TimeLeft
from jupyter_track.panels.panel import KEPT, Link, Panel, find
from jupyter_track.panels.ticker import SHARE, Ticker
from jupyter_track.store import problems
from jupyter_track.views.live import LiveCard, Progress, card_message, left_text, live_card, live_html, live_text
