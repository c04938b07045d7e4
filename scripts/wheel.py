"""Check what is in a wheel: the built front ends, the licence and the types are, the tests are not.

Usage: python scripts/wheel.py WHEEL
"""

from __future__ import annotations

import sys
import zipfile

LAB = ("package.json", "install.json", "static/style.js")
BUILT = ("panel.js", "panel.css", "charts.js", "report.js", "report-charts.js", "report.css")
TEMPLATES = ("report.html", "parts.html")
WANTED = {
    *(f"jupyter_track/panels/static/{name}" for name in BUILT),
    *(f"jupyter_track/reports/templates/{name}" for name in TEMPLATES),
    "jupyter_track/charts/made/curves.json",
    "jupyter_track/py.typed",
}


def main() -> int:
    """Return 1 where something is missing or too much."""
    names = set(zipfile.ZipFile(sys.argv[1]).namelist())
    faults = faults_of(names)
    print("\n".join(faults) or f"{len(names)} files, typed, licensed, with the lab extension, without tests")
    return 1 if faults else 0


def faults_of(names: set[str]) -> list[str]:
    """Return what is wrong with the names in a wheel."""
    tops = {name.partition("/")[0] for name in names}
    data = next((top for top in tops if top.endswith(".data")), "?.data")
    lab = f"{data}/data/share/jupyter/labextensions/jupyter-track"
    wanted = WANTED | {f"{lab}/{name}" for name in LAB}
    faults = [f"missing: {name}" for name in sorted(wanted - names)]
    if not any(name.startswith(f"{lab}/static/remoteEntry.") for name in names):
        faults.append(f"missing: {lab}/static/remoteEntry.….js")
    if not any(name.endswith(".dist-info/licenses/LICENSE") for name in names):
        faults.append("missing: the licence")
    # The lab extension goes to share/jupyter alone, and nothing but the package and its metadata goes along.
    faults += [f"too much: {name}" for name in sorted(names) if name.startswith("jupyter_track/labextension/")]
    own = {top for top in tops if top == "jupyter_track" or top.endswith((".dist-info", ".data"))}
    return faults + [f"too much: {top}" for top in sorted(tops - own)]


if __name__ == "__main__":
    raise SystemExit(main())
