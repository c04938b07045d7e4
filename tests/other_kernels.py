"""Kernels of other versions, laid beside and not into the environment."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


def lay_ipykernel(target: Path, wanted: str) -> Path:
    """Lay an ipykernel, ``7.2`` for example, without what it needs into a folder for PYTHONPATH, and return that."""
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-compile"]
    done = subprocess.run([*command, f"--target={target}", f"ipykernel=={wanted}.*"], capture_output=True, text=True)
    if done.returncode != 0 and os.environ.get("CI") != "true":
        pytest.skip(f"ipykernel {wanted} cannot be had here: {done.stderr.strip()[-200:]}")
    assert done.returncode == 0, done.stderr
    return target
