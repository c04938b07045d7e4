"""Write jupyter_track/charts/made/*.json, the specs of the live panels, by Altair.

Usage: python scripts/specs.py [--check]

With --check nothing is written, and the exit status is 1 where a file is not what Altair makes.
"""

from __future__ import annotations

import sys

from jupyter_track.charts.specs import MADE, MODULES, make, text_of


def main() -> int:
    """Write or check the files and return the exit status."""
    check = "--check" in sys.argv[1:]
    stale = 0
    for name in MODULES:
        path, wanted = MADE / f"{name}.json", text_of(make(name))
        if path.exists() and path.read_text(encoding="utf-8") == wanted:
            continue
        stale += 1
        if not check:
            MADE.mkdir(exist_ok=True)
            path.write_text(wanted, encoding="utf-8")
            print(f"wrote {path.name}")
        else:
            print(f"{path.name} is not what Altair makes: run python scripts/specs.py", file=sys.stderr)
    return int(check and stale > 0)


if __name__ == "__main__":
    raise SystemExit(main())
