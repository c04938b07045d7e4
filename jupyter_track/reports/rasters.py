"""Pictures that are larger than a report holds, scaled down to what a page shows.

Pillow does it where it is there: it comes with matplotlib, which most figures are from. It is no dependency of ours.
"""

from __future__ import annotations

import importlib.util
import io
from dataclasses import dataclass

SCALED = ("image/png", "image/jpeg", "image/webp")
LARGEST_READ = 40_000_000  # bytes of a picture that is read to be scaled
MOST_PIXELS = 120_000_000  # of it, unpacked
QUALITY = 85  # of a JPEG or WebP
_PALETTES = ("1", "P")  # modes in which nothing can be blended
LONGEST = (1_600, 1_100, 760, 520)  # pixels of the longer side, tried in this order


@dataclass(frozen=True)
class Scaled:
    """A picture that was scaled down: its content, and what it was, ``3000 × 2400``."""

    data: bytes
    was: str


def can_scale(mime: str, size: int) -> bool:
    """Whether a picture of a type and a size may be scaled here."""
    return mime in SCALED and size <= LARGEST_READ and importlib.util.find_spec("PIL") is not None


def scaled(data: bytes, mime: str, most: int) -> Scaled | None:
    """Return a picture in its own format with at most so many bytes; None where that cannot be had.

    Parameters
    ----------
    data : bytes
    mime : str
        One for which `can_scale` holds.
    most : int
        The most bytes.
    """
    from PIL import Image, ImageOps

    kind = mime.removeprefix("image/").upper()
    try:
        with Image.open(io.BytesIO(data), formats=[kind]) as opened:
            width, height = opened.size
            if width * height > MOST_PIXELS:
                return None
            opened.draft("RGB", (LONGEST[0], LONGEST[0]))  # a JPEG is read smaller at once
            own: Image.Image = opened.convert("RGBA") if opened.mode in _PALETTES else opened
            for longest in LONGEST:
                own.thumbnail((longest, longest), Image.Resampling.LANCZOS, reducing_gap=3.0)
                made = io.BytesIO()
                ImageOps.exif_transpose(own).save(made, format=kind, quality=QUALITY)
                if made.tell() <= most:
                    return Scaled(made.getvalue(), f"{width:,} × {height:,}")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):  # what is no picture, or a broken one
        return None
    return None
