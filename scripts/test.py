"""Install jupyter-track with all that its tests need into .venv, and run them with coverage.

Usage: python3 scripts/test.py [PYTEST ARGUMENT ...]

Without arguments all tests but the slow ones are run, on all cores, and the package's coverage has to reach the bar of
pyproject.toml. With arguments they run one after the other and the bar does not count: scripts/test.py
tests/test_filters.py, scripts/test.py -m slow.
"""

from __future__ import annotations

import subprocess
import sys

from environment import ROOT, prepare


def main() -> int:
    """Return pytest's exit status."""
    python = prepare(ROOT / ".venv", {"test"})
    given = sys.argv[1:]
    command = [str(python), "-m", "pytest", "--cov", "--cov-report=term:skip-covered"]
    # A file's tests stay in one process: they share kernels, servers and stores.
    chosen = ["--cov-fail-under=0", *given] if given else ["-n", "auto", "--dist", "loadfile"]
    return subprocess.run([*command, *chosen], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main())
