"""What is behind a character, made once a character: colour, gradient or image, and the soft disc of light."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from talkmill.errors import MediaError
from talkmill.picture.colour import rgb

MOST_PIXELS = 40_000_000
"""Pixels of the largest background image that is read."""


def background(
    size: tuple[int, int], wanted: Mapping[str, Any], image: Path | None, disc: tuple[float, float, float]
) -> np.ndarray:
    """R'G'B' in 0..1, float32 (h, w, 3). `wanted` has the keys of specs `Background`; `disc` is (x, y, radius) of the accent.

    Raises:
        MediaError: the image cannot be read, or is larger than `MOST_PIXELS`.
    """
    if wanted.get("image"):
        if image is None:
            raise MediaError(f"{wanted['image']}: the background image was not handed on. Name a file that is there.")
        picture = cover(read_image(image, wanted["image"], size), size)
    elif wanted.get("gradient"):
        picture = gradient(size, wanted["gradient"]["colours"], wanted["gradient"].get("angle", 180))
    else:
        picture = np.empty((size[1], size[0], 3), np.float32)
        picture[...] = np.array(rgb(wanted["colour"]), np.float32) / 255
    if wanted.get("accent"):
        _accent(picture, wanted["accent"], disc)
    return picture


def read_image(path: Path, name: str, size: tuple[int, int]) -> np.ndarray:
    """A PNG, JPEG or WebP as RGB uint8 (h, w, 3), turned as its EXIF says; transparency lies on white.

    Where it is several times as large as `size`, the frame it is for, it is brought down by a whole number at once.

    Raises:
        MediaError: it is none of these, is damaged, or is larger than `MOST_PIXELS`.
    """
    from PIL import Image, ImageOps

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the limit below is stricter
            with Image.open(path, formats=("PNG", "JPEG", "WEBP")) as opened:
                if opened.width * opened.height > MOST_PIXELS:
                    found = f"{opened.width}x{opened.height}"
                    raise MediaError(f"{name}: the image is too large ({found}). Make it smaller than {MOST_PIXELS:,} pixels.")
                smaller = max(1, min(opened.size) // max(size))
                turned = ImageOps.exif_transpose(opened.reduce(smaller) if smaller > 1 else opened).convert("RGBA")
    except MediaError:
        raise
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise MediaError(f"{name}: not an image that can be read ({error}). Give a PNG, JPEG or WebP.") from None
    paper = Image.new("RGBA", turned.size, "white")
    paper.alpha_composite(turned)
    return np.asarray(paper.convert("RGB"))


def cover(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The image scaled until it covers the frame, cut evenly on both sides; float32 in 0..1."""
    height, width = image.shape[:2]
    scale = max(size[0] / width, size[1] / height)
    cut_w, cut_h = min(width, round(size[0] / scale)), min(height, round(size[1] / scale))
    left, top = (width - cut_w) // 2, (height - cut_h) // 2
    cut = image[top : top + cut_h, left : left + cut_w]
    made = cv2.resize(cut, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    return made.astype(np.float32) / 255


def gradient(size: tuple[int, int], colours: list[str], angle: float) -> np.ndarray:
    """A linear gradient as CSS draws it (css-images-3, section 3.1.1): its ends meet the corners."""
    width, height = size
    turn = math.radians(angle)
    dx, dy = math.sin(turn), -math.cos(turn)
    length = abs(width * dx) + abs(height * dy)
    x = (np.arange(width, dtype=np.float32) + 0.5 - width / 2) * dx
    y = (np.arange(height, dtype=np.float32) + 0.5 - height / 2) * dy
    along = np.clip((x[None, :] + y[:, None]) / length + 0.5, 0, 1)
    stops = np.linspace(0, 1, len(colours))
    table = np.array([rgb(colour) for colour in colours], np.float32) / 255
    made = np.empty((height, width, 3), np.float32)
    for channel in range(3):
        made[..., channel] = np.interp(along, stops, table[:, channel])
    return made


def _accent(picture: np.ndarray, colour: str, disc: tuple[float, float, float]) -> None:
    """A disc of light with a soft glow around it, brighter at its top; in place."""
    height, width = picture.shape[:2]
    x, y, radius = disc
    rows = np.arange(height, dtype=np.float32)[:, None] + 0.5 - y
    away = np.hypot(np.arange(width, dtype=np.float32)[None, :] + 0.5 - x, rows)
    inside = np.clip(radius - away + 0.5, 0, 1) * (0.92 - 0.08 * np.clip(rows / radius, -1, 1))
    glow = 0.34 * np.exp(-np.clip(away - radius, 0, None) / (0.30 * radius))
    strength = np.maximum(inside, glow)[..., None]
    picture *= 1 - strength
    picture += strength * (np.array(rgb(colour), np.float32) / 255)


def vignette(size: tuple[int, int], start: int) -> np.ndarray:
    """A black layer for the rows from `start` to the bottom, deepening: it grounds the figure."""
    width, height = size[0], size[1] - start
    fall = np.arange(height, dtype=np.float32) / max(height, 1)
    alpha = 0.26 * fall**1.3 * 255
    layer = np.zeros((height, width, 4), np.float32)
    layer[..., 3] = alpha[:, None]
    layer[..., 0] = layer[..., 3] * 16 / 255
    layer[..., 1:3] = layer[..., 3:] * 128 / 255
    layer[..., :] = np.floor(layer + np.random.default_rng(0).random((height, width, 1), dtype=np.float32))
    return layer.astype(np.uint8)
