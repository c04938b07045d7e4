"""Draws specs of Vega and Vega-Lite as SVG in a process of its own: `drawn` starts it, as a script.

Each line of the input is a spec as JSON, each line of the output its answer. It imports nothing of the package, and
ends where its input ends, or where one spec takes too long.
"""

from __future__ import annotations

import sys
from typing import Any

MEMORY = 1_500_000_000  # bytes of data; where the platform has no such limit V8 has its own, at which it aborts
LARGEST_SVG = 8_000_000  # characters


def main() -> None:
    """Draw what comes in: for each line ``{"svg": …}``, or ``{"error": …}`` in words."""
    import faulthandler
    import json
    import os

    folder, seconds = sys.argv[1], float(sys.argv[2])
    sys.path.append(folder)  # where the parent found vl-convert
    with os.fdopen(os.dup(1), "w", encoding="ascii") as answers:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 1)  # what a spec logs is no answer
        _limit()
        for line in sys.stdin.buffer:
            # Not a signal: V8 does not come back to Python. This counts where the parent is gone; it kills earlier.
            faulthandler.dump_traceback_later(seconds, exit=True)
            print(json.dumps(_answer(json.loads(line))), file=answers, flush=True)
            faulthandler.cancel_dump_traceback_later()


def _limit() -> None:
    """Bound the memory, and let the system end this process before any other where memory runs out."""
    import contextlib

    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as score:
        score.write("1000")
    try:
        import resource
    except ImportError:
        return  # Windows
    with contextlib.suppress(OSError, ValueError):  # where a lower one is set already
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))  # of addresses V8 takes more than there is memory


def _answer(asked: dict[str, Any]) -> dict[str, str]:
    import vl_convert

    try:
        if asked["kind"] == "vega":
            svg = vl_convert.vega_to_svg(asked["spec"], allowed_base_urls=[])
        else:
            known = vl_convert.get_vegalite_versions()
            version = next((one for one in reversed(known) if one.split(".")[0] == asked["version"]), known[-1])
            svg = vl_convert.vegalite_to_svg(asked["spec"], vl_version=version, allowed_base_urls=[])
    except (ValueError, TypeError, RuntimeError) as error:  # what vl-convert raises for what Vega does not take
        return {"error": f"a chart that could not be drawn: {(str(error).splitlines() or ['no reason given'])[0]:.200}"}
    if len(svg) > LARGEST_SVG:
        return {"error": "a chart whose picture is too large"}
    return {"svg": svg}


if __name__ == "__main__":
    main()
