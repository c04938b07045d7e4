"""Files that a person opens: real paths, sound and pages in `%track show`, folders with progress, files of any size."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import wave
from pathlib import Path
from typing import Any

import pytest
from shell_session import notebook

import jupyter_track as track
from jupyter_track.errors import InvalidValue
from jupyter_track.store import files
from jupyter_track.store.files import content_path
from jupyter_track.store.upkeep import gc
from jupyter_track.views.players import media_html

CSP = "default-src &#x27;none&#x27;"


def test_what_was_logged_can_be_opened_by_its_path(store: Path, tmp_path: Path) -> None:
    """`get_artifact_uri` gives a real path; small files are copies, large ones read-only links that cost no room."""
    (tmp_path / "large.bin").write_bytes(b"x" * 200_000)
    with track.start_run() as run:
        track.log_text("hello", "notes/a.txt")
        track.log_artifact("large.bin")
        folder = Path(track.get_artifact_uri())
        assert (folder / "notes" / "a.txt").read_text() == "hello"
        assert (folder / "large.bin").read_bytes() == b"x" * 200_000
        (sha256,) = [one.sha256 for one in run._tracker.reader.artifacts(run.run_id) if one.path == "large.bin"]
        assert (folder / "large.bin").samefile(content_path(store, sha256))
        assert not (folder / "large.bin").stat().st_mode & 0o222
        track.log_text("again", "notes/a.txt")
        assert Path(track.get_artifact_uri("notes/a.txt")).read_text() == "again"
        assert Path(track.get_artifact_uri("/notes/")) == folder / "notes"
        assert Path(track.get_artifact_uri("yet/to/come.txt")) == folder / "yet" / "to" / "come.txt"
        with pytest.raises(InvalidValue):
            track.get_artifact_uri("../../../secret")
    for address in (str(folder), f"file://{folder}", f"{folder}/"):
        assert track.artifacts.load_text(f"{address}/notes/a.txt") == "again"
    assert track.artifacts.load_text(f"/moved/{folder.relative_to(tmp_path)}/notes/a.txt") == "again"


def test_gc_takes_the_open_files_of_runs_that_are_gone(store: Path) -> None:
    """Those of other runs stay."""
    folders = []
    for _ in range(2):
        with track.start_run() as run:
            track.log_text("hello", "a.txt")
            folders.append(Path(track.get_artifact_uri()))
    track.delete_run(folders[0].name)
    track.flush()
    gc.collect(store, older_than_days=0)
    assert [folder.exists() for folder in folders] == [False, True]
    assert run.run_id == folders[1].name


def test_a_folder_that_is_being_logged_tells_how_far_it_is(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run's card counts the files; nothing is left of the count, also where the folder cannot be logged whole."""
    (tmp_path / "many").mkdir()
    for at in range(5):
        (tmp_path / "many" / f"{at}.txt").write_text(str(at))
    told: list[str] = []
    keep = files.keep

    def watched(*arguments: Any) -> Any:
        told.extend(loop.told() for loop in run._memory.loops)
        if len(told) == 4:
            raise OSError("full")
        return keep(*arguments)

    with track.start_run() as run:
        monkeypatch.setattr(files, "keep", watched)
        with pytest.raises(OSError, match="full"):
            track.log_artifacts("many")
        assert run._memory.loops == []
    assert told == ["files 0 of 5", "files 1 of 5", "files 2 of 5", "files 3 of 5"]


# ---- sound and pages


def sound() -> bytes:
    """A tenth of a second of silence."""
    file = io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(1)
        written.setframerate(800)
        written.writeframes(bytes([128] * 80))
    return file.getvalue()


def test_sound_and_pages_are_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`%track show` has a player for a wav, and a page in a frame that runs and loads nothing."""
    (tmp_path / "beep.wav").write_bytes(sound())
    (tmp_path / "page.html").write_text("<h1>report</h1><script>alert(1)</script>")
    with notebook(tmp_path, monkeypatch) as nb:
        nb.run("import jupyter_track as track\nwith track.start_run(run_name='a'):\n    track.log_artifact('beep.wav')")
        nb.run("with track.start_run(run_name='b'):\n    track.log_artifact('page.html')")
        html = []
        for name in ("a", "b"):
            nb.run(f"%track show {name}")
            html.append("".join(data.get("text/html", "") for data, _ in nb.bundles))
    assert '<audio controls="" preload="metadata" src="data:audio/x-wav;base64,UklGR' in html[0].replace(
        "audio/wav", "audio/x-wav"
    )
    assert "<iframe" not in html[0]
    assert '<iframe sandbox="" srcdoc="' in html[1]
    assert CSP in html[1]
    assert "<script" not in html[1]
    assert "&lt;script&gt;alert(1)" in html[1]


@pytest.mark.parametrize(
    "payload", ['"><script>x</script>', "</iframe><img src=x onerror=x>", "' onload='x", "\x00<svg/onload=x>"]
)
def test_a_page_does_not_leave_its_frame(payload: str) -> None:
    """Whatever is in it, or in its name, is text of attributes."""
    form = media_html(payload.encode(), "text/html", payload, f"runs:/{payload}")
    outside = form.split('srcdoc="', 1)[0] + form.split('srcdoc="', 1)[1].split('"', 1)[1]
    assert "<script" not in form
    assert "<img" not in form
    assert "<svg" not in form
    assert outside.count("<iframe") == 1
    assert media_html(b"x", "application/pdf", "a", "b") == ""


# ---- any size

SCRIPT = """
import os, resource, sys
import jupyter_track as track
track.start_run()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
track.log_artifact(sys.argv[1])
copy = track.artifacts.download_artifacts(run_id=track.active_run().run_id, artifact_path="big.bin", dst_path="out")
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(after - before, os.path.getsize(copy))
"""


def grown(folder: Path, size: int) -> int:
    """Log and download a file of so many bytes in a process of its own; return by how many kB its memory grew."""
    with (folder / "big.bin").open("wb") as file:
        file.truncate(size)
    environment = {**os.environ, "PYTHONPATH": str(Path(track.__file__).parent.parent)}
    answer = subprocess.run(
        [sys.executable, "-c", SCRIPT, "big.bin"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    memory, copied = map(int, answer.stdout.split())
    assert copied == size
    return memory


@pytest.mark.skipif(sys.platform == "win32", reason="no resource module")
def test_a_large_file_costs_no_memory(tmp_path: Path) -> None:
    """200 MB are logged and downloaded with some megabytes of memory; the same again costs no room."""
    assert grown(tmp_path, 200_000_000) < 40_000


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no resource module")
def test_two_gigabytes_cost_no_memory(tmp_path: Path) -> None:
    """Nor does a file of 2 GB, which is more than some numbers hold."""
    assert grown(tmp_path, 2**31 + 1) < 40_000
