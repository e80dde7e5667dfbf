"""Two photographs of people and one of a cat, as they lie in scikit-image and matplotlib; only the files are taken."""

from __future__ import annotations

from importlib.metadata import distribution
from pathlib import Path

import cv2
import numpy as np
from PIL import Image


def _file(package: str, name: str) -> Path:
    held = distribution(package)
    found = [Path(str(held.locate_file(file))) for file in held.files or [] if file.name == name]
    assert found, f"{package} has no {name}: install the test extras (make test does)"
    return found[0]


def woman(scale: float = 3.0) -> np.ndarray:
    """scikit-image's astronaut, a smile with teeth; her face has 108 pixels in the original 512."""
    return _scaled(Image.open(_file("scikit-image", "astronaut.png")), scale)


def admiral(scale: float = 2.0) -> np.ndarray:
    """matplotlib's Grace Hopper, mouth shut, with glasses; her face has 201 pixels in the original 512x600."""
    return _scaled(Image.open(_file("matplotlib", "grace_hopper.jpg")), scale)


def cat() -> np.ndarray:
    """scikit-image's cat."""
    return _scaled(Image.open(_file("scikit-image", "chelsea.png")), 1.0)


def _scaled(image: Image.Image, scale: float) -> np.ndarray:
    with image:
        picture = np.asarray(image.convert("RGB"))
    return cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)


def beside(*pictures: np.ndarray) -> np.ndarray:
    """Pictures side by side at one height."""
    height = min(picture.shape[0] for picture in pictures)
    return np.hstack([cv2.resize(one, (round(one.shape[1] * height / one.shape[0]), height)) for one in pictures])


def turned_head(picture: np.ndarray, share: float) -> np.ndarray:
    """The picture moved to the side by a share of its width, so that something moves from frame to frame."""
    matrix = np.array([[1, 0, share * picture.shape[1]], [0, 1, 0]], np.float32)
    return cv2.warpAffine(picture, matrix, picture.shape[1::-1], borderMode=cv2.BORDER_REFLECT)
