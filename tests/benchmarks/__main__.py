"""Run the benchmarks: ``python -m tests.benchmarks [--times 7] [--only NAME]``; needs a quiet machine.

Prints a Markdown table of ratios, each against a floor that is measured in the same run, with the bars of the design.
The exit code is 1 where a bar is missed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from . import (
    against_mlflow,
    board,
    curves,
    filtering,
    live,
    logging_points,
    many,
    models,
    reading,
    reports,
    runs,
    screen,
    table,
)
from .measure import Row
from .measure import table as as_table

BENCHMARKS: dict[str, Callable[[int], list[Row]]] = {
    "log": lambda times: [logging_points.log_call(times * 3)],
    "points": logging_points.points_on_disk,
    "bytes": lambda times: [logging_points.bytes_a_point()],
    "run": lambda times: [runs.run_from_start_to_end(times), runs.start_on_the_users_thread(times)],
    "startup": lambda times: runs.startup(times),
    "cell": runs.tracked_cell,
    "read": reading.reading,
    "filter": filtering.filtering,
    "mlflow": against_mlflow.against_mlflow,
    "card": live.card,
    "table": table.table,
    "screen": screen.screen,
    "curves": curves.curves,
    "curves-live": curves.live,
    "board": board.board,
    "many": many.many,
    "models": models.models,
    "reports": reports.reports,
}


def main() -> int:
    """Run what was asked for and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=7, help="measurements of each kind; the least counts")
    parser.add_argument("--only", choices=sorted(BENCHMARKS), action="append")
    given = parser.parse_args()
    rows: list[Row] = []
    for name, benchmark in BENCHMARKS.items():
        if not given.only or name in given.only:
            print(f"{name} …", file=sys.stderr)
            rows += benchmark(given.times)
    print(as_table(rows))
    return 0 if all(row.met for row in rows) else 1


if __name__ == "__main__":
    raise SystemExit(main())
