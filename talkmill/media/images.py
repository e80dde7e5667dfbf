"""A user's picture as 8-bit sRGB, upright: whatever camera, scanner or program it comes from, or a reason why not."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from talkmill.errors import MediaError

if TYPE_CHECKING:
    import numpy as np

FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP")
"""What is opened, by its content. The JPEG of many phones (MPO) has a second picture, which is not looked at."""
LARGEST = 4096
"""Pixels of the longer side that are kept."""
MOST = 178_956_970
"""Pixels that are decoded at all; above it a small file could ask for any amount of memory."""
LEAST = 64
"""Pixels of the shorter side under which nothing can be seen."""
SEVERAL = ("PNG", "WEBP", "TIFF")
"""Formats whose further frames are an animation or further pages."""


@dataclass(frozen=True)
class Picture:
    """A picture that was read."""

    rgb: np.ndarray  # (h, w, 3) uint8, sRGB, upright
    format: str
    size: tuple[int, int]  # width and height as the user gave them, upright
    notes: list[str] = field(default_factory=list)  # what was changed, one line each


def size_of(path: Path) -> tuple[str, int, int]:
    """Format, width and height by the file's head alone.

    Raises:
        MediaError: it is no picture that can be read; begins with what is wrong, and ends with what to do.
    """
    with _opened(path) as image:
        return image.format, image.width, image.height


def read(path: Path, backdrop: str = "#FFFFFF") -> Picture:
    """The picture at `path`; where it is see-through, `backdrop` (#rrggbb) is seen.

    Raises:
        MediaError: it is no picture, damaged, an animation, too large or too small.
    """
    import numpy as np
    from PIL import Image, ImageOps

    notes: list[str] = []
    with _opened(path) as image:
        kind, profile = str(image.format), image.info.get("icc_profile")
        if max(image.size) > LARGEST and kind in ("JPEG", "MPO"):
            image.draft(None, (LARGEST, LARGEST))  # decodes at a half, a quarter or an eighth
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", Image.DecompressionBombWarning)
                image.load()
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            raise MediaError(f"is damaged or cut off ({_plain(error)}). Export or copy the picture again.") from None
        whole = image.size
        turned = ImageOps.exif_transpose(image)
        if turned.size != whole or image.getexif().get(0x0112, 1) != 1:
            notes.append("turned upright as its EXIF data say")
        size = turned.size
        if max(turned.size) > LARGEST:
            turned.thumbnail((LARGEST, LARGEST), Image.Resampling.LANCZOS, reducing_gap=3)
        if max(size) > LARGEST or size != turned.size:
            notes.append(f"reduced to {turned.width}x{turned.height}")
        made = _srgb(turned, profile, notes)
        if made.mode == "RGBA":
            if made.getextrema()[3][0] < 255:
                paper = Image.new("RGBA", made.size, backdrop)
                paper.alpha_composite(made)
                notes.append(f"see-through parts filled with {backdrop}")
                made = paper
            made = made.convert("RGB")
    return Picture(np.asarray(made), kind, size, notes)


def _opened(path: Path) -> Any:
    """The image, its head read and looked at."""
    from PIL import Image, UnidentifiedImageError

    try:
        with path.open("rb") as stream:
            head = stream.read(64)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = Image.open(path, formats=FORMATS)
    except UnidentifiedImageError:
        if head[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypavif", b"ftypheim"):
            raise MediaError(
                "is a HEIC or AVIF picture, which is not read. Export it as PNG or as JPEG of best quality."
            ) from None
        if head[4:8] == b"ftyp" or head[:4] in (b"\x1aE\xdf\xa3", b"RIFF"):
            raise MediaError("is no picture but a video. Name it as `clip` instead of `file`.") from None
        if head[:3] == b"GIF":
            raise MediaError("is a GIF, which has 256 colours only. Give a PNG or JPEG.") from None
        found = "an empty file" if not head else "something else"
        raise MediaError(f"is no picture that can be read (found {found}). Give a PNG or JPEG.") from None
    except Image.DecompressionBombError:
        raise MediaError(f"is too large (more than {MOST // 10**6} megapixels). Reduce it to {LARGEST} pixels.") from None
    except OSError as error:
        raise MediaError(f"cannot be read ({error.strerror or _plain(error)}). Look at the file.") from None
    count = getattr(image, "n_frames", 1)
    if count > 1 and image.format in SEVERAL:
        image.close()
        what = "has several pages" if image.format == "TIFF" else "is an animation"
        raise MediaError(f"{what} ({count} frames). Give a single picture, or a video as `clip`.")
    if min(image.size) < LEAST:
        image.close()
        raise MediaError(f"is too small ({image.width}x{image.height} pixels). Give the original, not a thumbnail.")
    return image


def _srgb(image: Any, profile: bytes | None, notes: list[str]) -> Any:
    """The image in sRGB, RGB or RGBA, 8 bit."""
    from PIL import Image, ImageCms

    mode = image.mode
    if mode.startswith("I") or mode == "F":
        import numpy as np

        values = np.asarray(image).astype(np.float64)
        scale = 65535 if values.max() > 255 or mode.startswith("I;16") else 255
        notes.append("brought from 16 to 8 bits")
        return Image.fromarray(np.clip(np.rint(values * 255 / scale), 0, 255).astype(np.uint8)).convert("RGB")
    alpha = image.convert("RGBA").getchannel("A") if mode in ("LA", "PA", "La") or "transparency" in image.info else None
    if mode == "RGBA" or mode == "RGBa":
        image = image.convert("RGBA")
        alpha = image.getchannel("A")
    base = image if mode in ("CMYK", "LAB") else image.convert("RGB")
    if profile and mode not in ("P", "1", "PA"):
        source = image.convert("L") if mode in ("L", "LA", "La") else base
        try:
            held = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            name = ImageCms.getProfileDescription(held).strip()
            if "sRGB" not in name or source.mode != "RGB":
                base = ImageCms.profileToProfile(source, held, ImageCms.createProfile("sRGB"), outputMode="RGB")
                notes.append(f"colours brought from {name or mode} to sRGB")
        except (ImageCms.PyCMSError, OSError, ValueError):
            notes.append("its colour profile is damaged and was left out")
    if base.mode == "CMYK":
        notes.append("colours brought from CMYK without a profile: they may be off")
    base = base.convert("RGB")
    if alpha is not None:
        base.putalpha(alpha)
    return base


def _plain(error: Exception) -> str:
    """An exception's words, in one line."""
    return " ".join(str(error).split())[:120] or type(error).__name__
