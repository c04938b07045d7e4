"""Pictures without what is written beside their pixels: where a photo was taken, by whom, from which file it was made.

A PNG, a JPEG, a WebP and a GIF are rows of pieces that have a name. Those that make what is seen (pixels, colours,
frames, which way is up) stay as they are, byte by byte; others, and what follows the end, are left out. A picture that
breaks off stays one that breaks off there.
"""

from __future__ import annotations

import re
import struct
import zlib
from typing import Final

from .screening import type_of

_PNG: Final = frozenset(
    b"IHDR PLTE IDAT IEND cHRM cICP cLLI gAMA iCCP mDCV sBIT sRGB bKGD tRNS pHYs hIST acTL fcTL fdAT".split()
)
_WEBP: Final = frozenset((b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"))
_HAS_EXIF, _HAS_XMP = 8, 4  # flags of VP8X
# Markers of a JPEG: the pieces of applications and comments, of which few change what is seen.
_TOLD: Final = frozenset((*range(0xE0, 0xF0), 0xFE))
_SEEN: Final = {0xE0: b"JFIF\0", 0xE2: b"ICC_PROFILE\0", 0xEE: b"Adobe"}
_EXIF, _END, _SCAN = 0xE1, 0xD9, 0xDA
_NEXT = re.compile(rb"\xff[^\0\xff\xd0-\xd7]")  # in the pixels of a JPEG: where they end
_LOOPS: Final = (b"\x0bNETSCAPE2.0", b"\x0bANIMEXTS1.0")


def bare(data: bytes) -> bytes:
    """Return a picture without what is written beside its pixels; what is none of the four kinds as it is."""
    kind = type_of(data).removeprefix("image/")
    without = {"png": _png, "jpeg": _jpeg, "webp": _webp, "gif": _gif}.get(kind)
    return data if without is None else without(data)


def _png(data: bytes) -> bytes:
    kept, at, name = [data[:8]], 8, b""
    while at < len(data) and name != b"IEND":
        name, end = data[at + 4 : at + 8], at + 12 + int.from_bytes(data[at : at + 4], "big")
        if name in _PNG:
            kept.append(data[at:end])
        elif name == b"eXIf" and (turned := _turned(data[at + 8 : end - 4])):
            own = name + turned
            kept.append(struct.pack(">I", len(turned)) + own + struct.pack(">I", zlib.crc32(own)))
        at = end
    return b"".join(kept)


def _jpeg(data: bytes) -> bytes:
    kept, at, kind = [data[:2]], 2, 0
    while kind != _END and (found := _NEXT.search(data, at)):
        kind, begin = found[0][-1], found.end()
        end = begin + int.from_bytes(data[begin : begin + 2], "big")
        if kind == _END:
            end = begin
        elif kind == _SCAN:
            pixels = _NEXT.search(data, end)
            end = pixels.start() if pixels else len(data)
        if kind == _EXIF and data.startswith(b"Exif\0\0", begin + 2):
            turned = _turned(data[begin + 8 : end])
            kept.append(b"\xff\xe1" + struct.pack(">H", len(turned) + 8) + b"Exif\0\0" + turned if turned else b"")
        elif kind not in _TOLD or (kind in _SEEN and data.startswith(_SEEN[kind], begin + 2)):
            kept.append(data[found.start() : end])
        at = end
    return b"".join(kept)


def _webp(data: bytes) -> bytes:
    kept, at, flags = [], 12, 0
    while at < len(data):
        name, length = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        end = at + 8 + length + length % 2
        if name in _WEBP:
            kept.append(data[at:end])
        elif name == b"EXIF" and (turned := _turned(data[at + 8 : end].removeprefix(b"Exif\0\0"))):
            kept.append(name + struct.pack("<I", len(turned)) + turned)
            flags = _HAS_EXIF
        at = end
    if kept and kept[0].startswith(b"VP8X") and len(kept[0]) > 8:
        head = kept[0]
        kept[0] = head[:8] + bytes([head[8] & ~(_HAS_EXIF | _HAS_XMP) | flags]) + head[9:]
    body = b"".join(kept)
    return data[:4] + struct.pack("<I", len(body) + 4) + data[8:12] + body


def _gif(data: bytes) -> bytes:
    begin = 13 + _colours(data[10:11])
    kept, at = [data[:begin]], begin
    while at < len(data):
        kind, label, first = data[at], data[at + 1 : at + 2], at + 2
        if kind == 0x2C:
            first = at + 11 + _colours(data[at + 9 : at + 10])
        elif kind != 0x21:
            kept.append(data[at : at + 1] if kind == 0x3B else b"")
            break
        end = first
        while end < len(data) and data[end]:
            end += data[end] + 1
        if kind == 0x2C or label == b"\xf9" or (label == b"\xff" and data.startswith(_LOOPS, first)):
            kept.append(data[at : end + 1])
        at = end + 1
    return b"".join(kept)


def _colours(flags: bytes) -> int:
    """How many bytes of colours follow in a GIF."""
    return 3 * 2 ** (flags[0] % 8 + 1) if flags and flags[0] & 0x80 else 0


def _turned(exif: bytes) -> bytes:
    """What of an EXIF says which way is up, as an EXIF; nothing where the picture stands as it lies."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(exif[:4])
    if order is None:
        return b""
    start = int.from_bytes(exif[4:8], "little" if order == "<" else "big")
    entries = exif[start + 2 : start + 2 + 12 * 1_000]
    for at in range(0, len(entries) - 11, 12):
        tag, kind, count, value = struct.unpack_from(f"{order}HHIH", entries, at)
        if (tag, kind, count) == (0x0112, 3, 1) and 2 <= value <= 8:
            return struct.pack(">4sIHHHIHHI", b"MM\0*", 8, 1, tag, kind, count, value, 0, 0)
    return b""
