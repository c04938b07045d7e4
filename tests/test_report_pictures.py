"""Pictures in reports are without what is written beside their pixels: places, people, files of a disk."""

from __future__ import annotations

import base64
import io
import re
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from made_reports import PNG, made_report
from made_stores import START, add_runs, made_store, write
from PIL import Image, ImageCms, PngImagePlugin
from whole_stores import unzipped

from jupyter_track.reports.bare import bare
from jupyter_track.store import files
from jupyter_track.store.batch import Batch
from jupyter_track.store.reader import Reader
from jupyter_track.store.upkeep.portable import pack

TOLD = b"/home/ada/lab"
MAKER, ORIENTATION, GPS = 0x010F, 0x0112, 0x8825
TURNED = ({ORIENTATION: 6}, {})  # what was scaled down lies as it stands
FORMS = ("jpeg", "progressive", "cmyk", "png", "palette", "apng", "webp", "animated", "gif")


def picture() -> Image.Image:
    """Sixty by forty pixels of many colours."""
    made = Image.linear_gradient("L").resize((60, 40))
    return Image.merge("RGB", (made, made.rotate(90, expand=False), made.rotate(180)))


def exif() -> Image.Exif:
    """What a camera writes: the maker, which way is up, and where it was."""
    made = Image.Exif()
    made[MAKER], made[ORIENTATION] = TOLD.decode(), 6
    made.get_ifd(GPS).update({1: "N", 2: (52.0, 31.0, 12.0)})
    return made


def saved(form: str) -> bytes:
    """A picture in some form with all that the form can tell."""
    shown, told = picture(), TOLD.decode()
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    words = PngImagePlugin.PngInfo()
    words.add_text("path", told)
    words.add_text("packed", told, zip=True)
    words.add_itxt("words", told)
    options: dict[str, tuple[Image.Image, dict[str, Any]]] = {
        "jpeg": (shown, {"format": "JPEG", "exif": exif(), "icc_profile": icc, "comment": TOLD, "xmp": TOLD}),
        "progressive": (shown, {"format": "JPEG", "exif": exif(), "progressive": True, "comment": TOLD}),
        "cmyk": (shown.convert("CMYK"), {"format": "JPEG", "comment": TOLD}),
        "png": (shown, {"format": "PNG", "pnginfo": words, "exif": exif(), "icc_profile": icc, "dpi": (144, 144)}),
        "palette": (shown.convert("P"), {"format": "PNG", "pnginfo": words, "transparency": 3}),
        "apng": (shown, {"format": "PNG", "save_all": True, "append_images": [shown.rotate(90)], "pnginfo": words}),
        "webp": (shown, {"format": "WEBP", "exif": exif(), "icc_profile": icc, "xmp": TOLD, "lossless": True}),
        "animated": (shown, {"format": "WEBP", "save_all": True, "append_images": [shown.rotate(90)], "xmp": TOLD}),
        "gif": (shown, {"format": "GIF", "save_all": True, "append_images": [shown.rotate(90)], "comment": TOLD}),
    }
    made = io.BytesIO()
    own, how = options[form]
    own.save(made, **how)
    return made.getvalue()


def frames(data: bytes) -> list[bytes]:
    """The pixels of each frame of a picture."""
    with Image.open(io.BytesIO(data)) as opened:
        found = []
        for at in range(getattr(opened, "n_frames", 1)):
            opened.seek(at)
            found.append(opened.convert("RGBA").tobytes())
        return found


@pytest.mark.parametrize("form", FORMS)
def test_pixels_stay_and_what_is_told_beside_them_goes(form: str) -> None:
    """Each frame, its colours and which way is up are as they were; texts, places and what follows the end are not."""
    data = saved(form)
    without = bare(data + TOLD)
    assert (TOLD in data, TOLD in without, bare(without)) == (True, False, without)
    assert frames(without) == frames(data)
    with Image.open(io.BytesIO(data)) as before, Image.open(io.BytesIO(without)) as after:
        kept = {ORIENTATION: 6} if form in ("jpeg", "progressive", "png", "webp") else {}
        assert dict(after.getexif()) == kept
        for key in ("icc_profile", "transparency", "loop", "duration", "dpi", "adobe_transform", "jfif_density"):
            told = before.info.get(key)
            assert after.info.get(key) == told, key


@pytest.mark.parametrize("form", FORMS)
def test_a_picture_that_breaks_off_breaks_off_there(form: str) -> None:
    """Wherever it does: no error, and nothing is told of what went before."""
    data = saved(form)
    for end in range(12, len(data)):
        assert TOLD not in bare(data[:end])


@pytest.mark.parametrize("form", ["cmyk", "palette", "apng", "gif"])
def test_what_is_seen_of_a_picture_that_breaks_off_stays(form: str) -> None:
    """All but a piece of which not even the name is there."""
    plain = bare(saved(form))
    for end in range(20, len(plain)):
        kept = bare(plain[:end])
        assert plain.startswith(kept)
        assert end - len(kept) < 10


def test_lengths_that_lie_are_followed_no_further_than_the_end() -> None:
    """A piece that says that it is longer than the file, one of no length, and pieces that nobody knows."""
    words = struct.pack(">I", 2**32 - 1) + b"tEXt" + TOLD
    assert bare(PNG[:33] + words) == PNG[:33]
    assert bare(b"\xff\xd8\xff\xe1\x00\x00" + TOLD) == b"\xff\xd8"
    assert bare(b"\xff\xd8\xff\xfe\xff\xff" + TOLD) == b"\xff\xd8"
    assert bare(b"\xff\xd8" + b"\xff" * 1_000_000) == b"\xff\xd8"
    assert bare(b"\xff\xd8\xff\xff\xd9" + TOLD) == b"\xff\xd8\xff\xd9"
    assert bare(b"RIFF\0\0\0\0WEBPEXIF\xff\xff\xff\xff" + TOLD) == b"RIFF\x04\0\0\0WEBP"
    assert bare(b"GIF89a" + bytes(7) + b"!\xfe\xff" + TOLD) == b"GIF89a" + bytes(7)
    own = b"prVt" + TOLD
    private = struct.pack(">I", len(TOLD)) + own + struct.pack(">I", zlib.crc32(own))
    assert bare(PNG[:33] + private + PNG[33:]) == PNG
    assert bare(b"a,b\n" + TOLD) == b"a,b\n" + TOLD  # no picture


def test_a_photo_tells_nothing_in_any_form_of_a_report(tmp_path: Path) -> None:
    """As a figure, scaled down, compared, and beside the text; the copy as a zip is exact."""
    store = made_store(tmp_path)
    ids = add_runs(store, *({"name": name, "metrics": {"loss": 1.0}} for name in ("one", "two")))
    photo, noise = saved("jpeg"), Image.effect_noise((1_300, 1_300), 90)
    large = io.BytesIO()
    noise.save(large, format="JPEG", quality=95, exif=exif(), comment=TOLD)
    assert large.tell() > 1_000_000
    batch = Batch("0" * 32, 1)
    for at, run_id in enumerate(ids):
        for name, data in (("photo", photo), ("large", large.getvalue())):
            kept = files.keep(store, data + TOLD * at)
            row = {"path": f"{name}.jpg", "sha256": kept.sha256, "size": kept.size, "mime": "image/jpeg"}
            row |= {"kind": "figure", "created": START, "content": (kept.size, kept.data)}
            batch.add_artifact(run_id, row)
    write(store, batch)
    (tmp_path / "shown.jpg").write_bytes(photo)
    text = {"text": "![a photo](shown.jpg)", "folder": tmp_path}
    for to in ("report.html", "report.md"):
        made_report(store, ["one", "two"], **text).save(tmp_path / to)
    pages = re.findall(r"data:image/jpeg;base64,([\w+/=]+)", (tmp_path / "report.html").read_text("utf-8"))
    beside = [path.read_bytes() for path in (tmp_path / "report_files").iterdir()]
    photos = [*map(base64.b64decode, pages), *(data for data in beside if data.startswith(b"\xff\xd8"))]
    assert len(photos) >= 6
    assert [data for data in photos if TOLD in data or dict(Image.open(io.BytesIO(data)).getexif()) not in TURNED] == []
    pack(store, tmp_path / "copy.zip")
    copy = Reader(unzipped(tmp_path / "copy.zip", tmp_path / "theirs"))
    paths = {one.path: copy.content(one.sha256) for one in copy.artifacts(ids[0])}
    assert paths == {"photo.jpg": photo, "large.jpg": large.getvalue()}
