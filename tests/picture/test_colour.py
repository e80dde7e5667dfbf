"""Colour, against the recommendation's own formulas."""

from __future__ import annotations

import numpy as np

from talkmill.picture import colour
from talkmill.picture.colour import Planes


def reference(rgb: np.ndarray) -> np.ndarray:
    """BT.709-6, items 3.2 to 3.4, written out in float64: Y', Cb, Cr of R'G'B' in 0..1."""
    red, green, blue = (rgb[..., i].astype(np.float64) for i in range(3))
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return np.stack([16 + 219 * luma, 128 + 224 * (blue - luma) / 1.8556, 128 + 224 * (red - luma) / 1.5748], axis=-1)


def test_frames_are_bt709_in_limited_range() -> None:
    """Flat patches of known colours come out within 2 of the reference in every plane."""
    patches = np.array([[0, 0, 0], [1, 1, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1], [0.5, 0.25, 0.75]], np.float32)
    picture = np.repeat(np.repeat(patches[None], 16, axis=0), 16, axis=1)
    planes = Planes.of(np.ascontiguousarray(picture), 3)
    wanted = reference(patches)
    for index in range(len(patches)):
        spot = (slice(4, 12), slice(index * 16 + 4, index * 16 + 12))
        half = (slice(2, 6), slice(index * 8 + 2, index * 8 + 6))
        for plane, area, value in zip((planes.y, planes.u, planes.v), (spot, half, half), wanted[index], strict=True):
            assert np.abs(plane[area].astype(float) - value).max() <= 2


def test_blending_in_ycc_is_blending_in_rgb() -> None:
    """A half-transparent layer over a picture gives what blending in RGB and converting gives, within 2."""
    random = np.random.default_rng(5)
    below = np.full((32, 32, 3), (0.2, 0.5, 0.8), np.float32)
    flat = np.empty((32, 32, 4), np.uint8)
    flat[...] = (*random.integers(0, 256, 3), 0)
    flat[..., 3] = np.linspace(0, 255, 32, dtype=np.uint8)[None, :]
    planes = Planes.of(below, 1)
    planes.blend(colour.layer(flat), 0, 0)
    alpha = flat[..., 3:].astype(np.float64) / 255
    wanted = reference(below * (1 - alpha) + flat[..., :3] / 255 * alpha)
    assert np.abs(planes.y - wanted[..., 0]).max() <= 2
    chroma = wanted[..., 1:].reshape(16, 2, 16, 2, 2).mean(axis=(1, 3))
    assert np.abs(planes.u - chroma[..., 0]).max() <= 2
    assert np.abs(planes.v - chroma[..., 1]).max() <= 2


def test_a_still_comes_back_as_it_went_in() -> None:
    """R'G'B' to I420 and back, flat colours: within 3 of 255."""
    for value in ((12, 200, 90), (250, 240, 230), (3, 3, 3)):
        picture = np.full((16, 16, 3), np.array(value) / 255, np.float32)
        assert np.abs(colour.to_rgb(Planes.of(picture, 1).data).astype(int) - value).max() <= 3


def test_gradients_are_dithered() -> None:
    """A gradient slower than one step a pixel has no run of one value longer than a tenth of the picture."""
    ramp = np.linspace(0.30, 0.34, 400, dtype=np.float32)
    planes = Planes.of(np.ascontiguousarray(np.broadcast_to(ramp[:, None, None], (400, 64, 3))), 2)
    column = planes.y[:, 10].astype(int)
    changes = np.flatnonzero(np.diff(column))
    assert np.diff(changes).max() < 40
