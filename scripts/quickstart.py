"""Install jupyter-track into .venv, run notebooks/quickstart.ipynb, and say what was recorded and what to open next.

Usage: python3 scripts/quickstart.py [--venv PATH]

The notebook itself is left as it is; the executed copy is notebooks/quickstart.executed.ipynb, and the store
notebooks/track.db.
"""

from __future__ import annotations

import argparse
import os
import subprocess
from pathlib import Path

from environment import ROOT, prepare, shown, venv_program

NOTEBOOK = ROOT / "notebooks" / "quickstart.ipynb"
EXECUTED = NOTEBOOK.with_suffix(".executed.ipynb")
STORE = NOTEBOOK.with_name("track.db")

# Run by the environment's Python: the kernel works in the notebook's folder, and a failing cell fails all.
EXECUTE = """
import sys
import nbformat
from nbclient import NotebookClient

source, target, folder = sys.argv[1:]
notebook = nbformat.read(source, as_version=4)
NotebookClient(notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": folder}}).execute()
nbformat.write(notebook, target)
"""


def main() -> None:
    """Install, execute, report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--venv", type=Path, default=ROOT / ".venv", help="the environment to make or to use")
    venv = parser.parse_args().venv.absolute()
    python = prepare(venv, {"notebook", "sklearn"})
    print(f"Running {shown(NOTEBOOK)}", flush=True)
    environ = {**os.environ, "JUPYTER_TRACK_NOTEBOOK": str(NOTEBOOK), "JUPYTER_TRACK_STORE": str(STORE)}
    for variable in (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
    ):  # for matrices this small, threads cost more than they give
        environ.setdefault(variable, "1")
    arguments = [str(NOTEBOOK), str(EXECUTED), str(NOTEBOOK.parent)]
    if subprocess.run([str(python), "-c", EXECUTE, *arguments], env=environ, check=False).returncode != 0:
        raise SystemExit("The quickstart stopped; what failed stands above.")
    print(f"\nRecorded in {shown(STORE)}:\n", flush=True)
    command = [str(venv_program(venv, "jupyter-track")), "runs", "--store", str(STORE)]
    if subprocess.run(command, check=False).returncode != 0:
        raise SystemExit(f"The runs could not be listed: {' '.join(command)}")
    print(_next_steps(venv))


def _next_steps(venv: Path) -> str:
    """Say what to open; JupyterLab is not among what is installed here."""
    jupyter = venv_program(venv, "jupyter")
    lab = f"{shown(jupyter)} lab {shown(EXECUTED)}"
    if not venv_program(venv, "jupyter-lab").exists():
        lab = f"{shown(venv_program(venv, 'python'))} -m pip install jupyterlab\n  {lab}"
    return f"""
Open the executed notebook, with the cards and the table of runs in it:

  {lab}

or {shown(NOTEBOOK)}, to run it yourself."""


if __name__ == "__main__":
    main()
