"""The names of artifacts, which lead out of no folder, and the walk through a folder that becomes artifacts."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_track.errors import InvalidValue, MissingFile
from jupyter_track.store.files import (
    INLINE_LIMIT,
    artifact_path,
    guess_mime,
    keep,
    walk,
)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Where a store would be; nothing is there yet."""
    return tmp_path / "track.db"


def traversals() -> list[str]:
    """200 and more payloads that lead out of a folder on some system or after some decoding."""
    ups = [
        "..",
        "../..",
        "../../../../../../../../etc/passwd",
        "a/../../b",
        "a/b/../../..",
        "..//x",
        "./../x",
        "a/..",
        "a/./../..",
        "x/../y",
    ]
    payloads = list(ups)
    payloads += [up.replace("/", "\\") + "\\x" for up in ups]
    payloads += [up.replace("..", "%2e%2e") for up in ups]
    payloads += [up.replace("..", "%2E.") for up in ups]
    payloads += [up.replace("..", ".%2e").replace("/", "%2f") for up in ups]
    payloads += [up.replace("..", "%252e%252e").replace("/", "%252f") for up in ups]
    payloads += [up.replace("..", "%25252e%25252e") for up in ups]
    payloads += [up + "\0.png" for up in ups]
    payloads += [up + "%00.png" for up in ups]
    payloads += [up.replace("..", "．．") for up in ups]
    payloads += [up.replace("..", "‥") for up in ups]
    payloads += [up.replace("..", ".. ") for up in ups]
    payloads += [up.replace("..", " ..") for up in ups]
    payloads += [up.replace("..", "...") for up in ups]
    payloads += [up.replace("..", ". .") for up in ups]
    payloads += ["/" + up for up in ups] + ["//server/" + up for up in ups]
    payloads += ["%2f" + name for name in ("etc/passwd", "root", "x", "%2fserver/share")]
    payloads += ["/etc/passwd", "//etc/passwd", "/", "///", "%2F%2Fserver", "／etc/passwd", "\\\\server\\share", "\\x"]
    payloads += [f"{drive}:{rest}" for drive in "CczZ2é" for rest in ("/x", "\\x", "x", "", "../x")]
    payloads += [f"a/{drive}:{rest}" for drive in "Cz" for rest in ("/x", "x", "")]
    payloads += [
        "c%3a/x",
        "c%3A%5cx",
        "Ｃ：/x",
        "a%5c..%5cb",
        "a\\b",
        "＼x",
        "file\n",
        "a\r\nb",
        "\x1b[2J",
        "a\tb",
        "\x7f",
        "\ud800",
    ]
    payloads += ["", ".", "./", "./.", "././/", "a" * 501, "a/" * 251]
    return payloads


class TestArtifactPath:
    def test_enough_payloads(self) -> None:
        """The list below is at least the 200 that the bar names, without repeats."""
        assert len(set(traversals())) == len(traversals()) >= 200

    @pytest.mark.parametrize("payload", traversals(), ids=ascii)
    def test_traversal_is_refused(self, payload: str) -> None:
        """Each payload is InvalidValue, before anything touches the disk."""
        with pytest.raises(InvalidValue, match="artifact path"):
            artifact_path(payload)

    @pytest.mark.parametrize(
        ("given_as", "clean"),
        [
            ("loss.png", "loss.png"),
            ("./plots//loss.png", "plots/loss.png"),
            ("plots/./loss.png/", "plots/loss.png"),
            ("a" * 500, "a" * 500),
            ("über/größe 1.5 %.png", "über/größe 1.5 %.png"),
            ("..a/b../.hidden", "..a/b../.hidden"),
            ("100%25/x", "100%25/x"),
            ("images/loss+step+3:1.png", "images/loss+step+3:1.png"),
        ],
    )
    def test_ordinary_paths_are_kept(self, given_as: str, clean: str) -> None:
        """Ordinary names stay as they are, in their one spelling."""
        assert artifact_path(given_as) == clean

    @given(st.text(st.sampled_from(list("./\\%25efFcC:~a \0．‥")), max_size=12) | st.text(max_size=30))
    def test_what_is_accepted_stays_inside(self, path: str) -> None:
        """Whatever is accepted stays below a folder on POSIX and on Windows, and is its own clean form."""
        try:
            clean = artifact_path(path)
        except InvalidValue:
            return
        posix = PurePosixPath("/out") / clean
        windows = PureWindowsPath("C:/out") / clean
        assert ".." not in posix.parts + windows.parts
        assert posix.is_relative_to("/out")
        assert windows.is_relative_to("C:/out")
        assert artifact_path(clean) == clean

    def test_not_a_string(self) -> None:
        """A path of another type says so."""
        with pytest.raises(InvalidValue, match="must be a string, not PosixPath"):
            artifact_path(Path("a"))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "mime"),
    [
        ("a.png", "image/png"),
        ("a/b.JSON", "application/json"),
        ("t.parquet", "application/vnd.apache.parquet"),
        ("c.yaml", "application/yaml"),
        ("x.tar.gz", "application/gzip"),
        ("note.md", "text/markdown"),
        ("data:x.csv", "text/csv"),
        ("model.pkl", "application/octet-stream"),
        ("README", "application/octet-stream"),
    ],
)
def test_mime_by_name(name: str, mime: str) -> None:
    """The type follows the name alone."""
    assert guess_mime(name) == mime


class TestWalk:
    def test_files_and_links(self, tmp_path: Path) -> None:
        """Files in order; links inside are followed, links out of the folder, to nowhere and in circles are said."""
        outside = tmp_path / "outside"
        outside.mkdir()
        (outside / "secret").write_text("s")
        root = tmp_path / "root"
        (root / "b" / "c").mkdir(parents=True)
        (root / "a.txt").write_text("a")
        (root / "b" / "c" / "d.txt").write_text("d")
        (root / "latest").symlink_to("b", target_is_directory=True)
        (root / "copy.txt").symlink_to("a.txt")
        (root / "file_out").symlink_to(outside / "secret")
        (root / "folder_out").symlink_to(outside, target_is_directory=True)
        (root / "nowhere").symlink_to("absent")
        (root / "self").symlink_to("self")
        (root / "b" / "up").symlink_to("..", target_is_directory=True)
        (root / "b" / "c" / "loop").symlink_to(root / "b", target_is_directory=True)
        os.mkfifo(root / "pipe")
        reports: list[str] = []
        found = list(walk(root, reports.append))
        assert found == [
            (root / "a.txt", "a.txt"),
            (root / "b" / "c" / "d.txt", "b/c/d.txt"),
            (root / "a.txt", "copy.txt"),
            (root / "b" / "c" / "d.txt", "latest/c/d.txt"),
        ]
        said = [(Path(report.split(" was left out: ")[0]).name, report.split(": it is ")[1]) for report in reports]
        assert said == [
            ("loop", "a link to a folder that holds it, or one inside a linked folder."),
            ("up", "a link to a folder that holds it, or one inside a linked folder."),
            ("file_out", "a link that leads out of the folder."),
            ("folder_out", "a link that leads out of the folder."),
            ("loop", "a link to a folder that holds it, or one inside a linked folder."),
            ("up", "a link to a folder that holds it, or one inside a linked folder."),
            ("nowhere", "a link that leads nowhere."),
            ("pipe", "no file."),
            ("self", "a link that leads nowhere."),
        ]

    def test_many_links_end(self, tmp_path: Path) -> None:
        """Folders that all link to each other give each file a bounded number of times."""
        names = [f"f{number}" for number in range(12)]
        for name in names:
            (tmp_path / name).mkdir()
            (tmp_path / name / "x").write_text(name)
            for other in names:
                if other != name:
                    (tmp_path / name / f"to_{other}").symlink_to(tmp_path / other, target_is_directory=True)
        assert len(list(walk(tmp_path, lambda sentence: None))) == 12 * 12

    def test_the_store_itself_is_left_out(self, store: Path) -> None:
        """Logging the notebook's own folder does not put the store into itself."""
        keep(store, os.urandom(INLINE_LIMIT + 1))
        store.write_bytes(b"db")
        store.with_name("track.db-journal").write_bytes(b"j")
        store.with_name("data.csv").write_text("1")
        reports: list[str] = []
        assert [name for _, name in walk(store.parent, reports.append, store)] == ["data.csv"]
        assert [Path(report.split(" was left out: it belongs")[0]).name for report in reports] == [
            "track.db",
            "track.db-files",
            "track.db-journal",
        ]

    def test_names_that_no_artifact_can_have(self, tmp_path: Path) -> None:
        """A backslash, a line feed, undecodable bytes: left out with a warning, the others are there."""
        folder = os.fsencode(tmp_path)
        for name in (b"a\\b", b"new\nline", b"\xff", b"good"):
            with open(os.path.join(folder, name), "wb"):
                pass
        with pytest.warns(UserWarning, match="was left out") as caught:
            assert [name for _, name in walk(tmp_path)] == ["good"]
        assert len(caught) == 3

    def test_not_a_folder(self, tmp_path: Path) -> None:
        """Errors come at the call, not at the first file."""
        (tmp_path / "file").write_text("x")
        with pytest.raises(MissingFile, match="no folder"):
            walk(tmp_path / "absent")
        with pytest.raises(InvalidValue, match="is not a folder; log a single file with log_artifact"):
            walk(tmp_path / "file")
