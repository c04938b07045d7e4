"""Images to bytes: Pillow images, and arrays as mlflow's ``log_image`` takes them."""

from __future__ import annotations

import importlib.util
import io
import struct
import zlib
from typing import TYPE_CHECKING, Any

from ..errors import InvalidValue
from ..store.caller import warn_caller
from ..store.files import guess_mime
from .blob import Blob, class_name, is_instance, suffix_of

if TYPE_CHECKING:
    import numpy

_CHANNELS = (1, 3, 4)
_PNG_COLOURS = {1: 0, 3: 2, 4: 6}  # channels: PNG's colour type


def is_image(value: object) -> bool:
    """Tell whether it is a Pillow image, or an object that makes one (``to_pil``)."""
    return is_instance(value, "PIL.Image", "Image") or callable(getattr(value, "to_pil", None))


def image_blob(image: Any, artifact_file: str | None = None) -> Blob:
    r"""Return an image in the format that the name's ending asks for, PNG by default.

    Parameters
    ----------
    image : Pillow image, array or tensor
        Arrays are height x width (grey), or height x width x 1, 3 (RGB) or 4 (RGBA). Channels may come first, as in
        torch, where the last axis cannot be the channels: 3 x 28 x 28. Values are bools, integers in 0 to 255, or
        floats in 0 to 1. Floats outside 0 to 1 are scaled from their smallest to their largest value, with a warning,
        as in mlflow; NaN and infinite pixels are black, with a warning.
    artifact_file : str, optional
        Another format than PNG needs Pillow.

    Raises
    ------
    InvalidValue
        For another object, shape, type or range, or a format that cannot be written.

    Examples
    --------
    >>> import numpy
    >>> image_blob(numpy.zeros((2, 3))).data[:4]
    b'\x89PNG'
    """
    suffix = suffix_of(artifact_file, ".png")
    if is_image(image):
        picture = image if is_instance(image, "PIL.Image", "Image") else image.to_pil()
        return Blob(_save(picture, suffix), guess_mime(f"x{suffix}"), "image", suffix)
    pixels = _pixels(_as_array(image))
    if importlib.util.find_spec("PIL") is not None:
        from PIL import Image

        return Blob(_save(Image.fromarray(pixels), suffix), guess_mime(f"x{suffix}"), "image", suffix)
    if suffix != ".png":
        raise InvalidValue(f"An array as {suffix!r} needs Pillow: 'pip install pillow', or log to a name in .png.")
    return Blob(png(pixels), "image/png", "image", suffix)


def _save(picture: Any, suffix: str) -> bytes:
    from PIL import Image

    formats = Image.registered_extensions()
    if suffix not in formats or formats[suffix] not in Image.SAVE:
        raise InvalidValue(f"Pillow cannot write {suffix!r}; common endings are .png, .jpg, .webp, .gif and .tiff.")
    out = io.BytesIO()
    try:
        picture.save(out, format=formats[suffix])
    except (OSError, ValueError) as error:  # such as RGBA as JPEG, or floats as PNG
        raise InvalidValue(
            f"Pillow cannot write this image as {suffix!r} ({error}); log to a name in .png, or convert it first with "
            "image.convert('RGB')."
        ) from error
    return out.getvalue()


def _as_array(image: Any) -> numpy.ndarray[Any, Any]:
    for name in ("detach", "cpu"):  # a tensor that requires grad, or lies on a device
        method = getattr(image, name, None)
        if callable(method):
            image = method()
    if not (hasattr(image, "__array__") and hasattr(image, "shape") and hasattr(image, "dtype")):
        raise InvalidValue(f"log_image takes a Pillow image or an array, not {class_name(image)}.")
    import numpy

    array: numpy.ndarray[Any, Any] = numpy.asarray(image)
    return array


def _pixels(array: numpy.ndarray[Any, Any]) -> numpy.ndarray[Any, Any]:
    """Return height x width, or height x width x 3 or 4, as bytes."""
    if array.ndim == 3 and array.shape[2] not in _CHANNELS and array.shape[0] in _CHANNELS:
        array = array.transpose(1, 2, 0)
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in _CHANNELS):
        raise InvalidValue(
            f"An image is height x width, with 1, 3 or 4 channels or none; this array has the shape {array.shape}."
        )
    if array.size == 0:
        raise InvalidValue(f"The image has no pixel: its shape is {array.shape}.")
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    return _bytes(array)


def _bytes(array: numpy.ndarray[Any, Any]) -> numpy.ndarray[Any, Any]:
    kind = array.dtype.kind
    if kind == "b":
        return array.astype("uint8") * 255
    if kind == "f":
        return (_unit(array) * 255).astype("uint8")
    if kind not in "iu":
        raise InvalidValue(f"The image's values are {array.dtype}; they must be bools, integers or floats.")
    low, high = array.min(), array.max()
    if low < 0 or high > 255:
        raise InvalidValue(f"The image's integers go from {low} to {high}; they must lie in 0 to 255.")
    return array.astype("uint8")


def _unit(array: numpy.ndarray[Any, Any]) -> numpy.ndarray[Any, Any]:
    """Return floats in 0 to 1."""
    import numpy

    finite = numpy.isfinite(array)
    if not finite.all():
        warn_caller(f"{(~finite).sum()} pixels are NaN or infinite; they are black.")
        if not finite.any():
            return numpy.zeros_like(array)
    low, high = array[finite].min(), array[finite].max()
    array = numpy.where(finite, array, low)
    if low < 0 or high > 1:
        warn_caller(f"The image's floats go from {low:g} to {high:g}; they are scaled to 0 to 1.")
        array = (array - low) / (high - low) if high > low else numpy.zeros_like(array)
    return numpy.where(finite, array, 0)


def png(pixels: numpy.ndarray[Any, Any]) -> bytes:
    """Return a PNG of bytes as height x width, or height x width x 3 or 4: what is needed where Pillow is not there."""
    height, width = pixels.shape[:2]
    channels = pixels.shape[2] if pixels.ndim == 3 else 1
    row = width * channels
    raw = pixels.tobytes()
    lines = b"".join(b"\0" + raw[start : start + row] for start in range(0, height * row, row))  # 0: no filter
    header = struct.pack(">IIBBBBB", width, height, 8, _PNG_COLOURS[channels], 0, 0, 0)
    parts = (b"IHDR", header), (b"IDAT", zlib.compress(lines)), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(_png_chunk(name, data) for name, data in parts)


def _png_chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
