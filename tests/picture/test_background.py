"""What is behind a character."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from talkmill.errors import MediaError
from talkmill.picture.background import background, cover, gradient, read_image

DISC = (60.0, 60.0, 30.0)


def test_an_image_covers_the_frame_and_is_cut_evenly() -> None:
    """A wide image in a tall frame: full height, the middle columns, as much lost on the left as on the right."""
    image = np.zeros((100, 300, 3), np.uint8)
    image[:, :100], image[:, 100:200], image[:, 200:] = (255, 0, 0), (0, 255, 0), (0, 0, 255)
    made = cover(image, (120, 120))
    assert made.shape == (120, 120, 3)
    assert np.allclose(made[:, 4:-4], (0, 1, 0), atol=0.02)
    tall = cover(np.transpose(image, (1, 0, 2)).copy(), (120, 60))
    assert np.allclose(tall[4:-4], (0, 1, 0), atol=0.02)


def test_a_text_file_named_png_is_refused_by_name(tmp_path: Path) -> None:
    """The error names the file as the YAML does, and says what to give."""
    path = tmp_path / "x"
    path.write_text("not a picture")
    with pytest.raises(MediaError, match=r"backgrounds/shop\.png: not an image.*PNG, JPEG or WebP"):
        read_image(path, "backgrounds/shop.png", (64, 64))


def test_a_cut_off_image_is_refused(tmp_path: Path) -> None:
    """Half a JPEG is an error, not half a picture."""
    path = tmp_path / "half.jpg"
    noise = np.random.default_rng(1).integers(0, 255, (200, 200, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path, "JPEG")
    path.write_bytes(path.read_bytes()[:4000])
    with pytest.raises(MediaError, match=r"half\.jpg: not an image"):
        read_image(path, "half.jpg", (64, 64))


def test_a_gigantic_image_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    """64 megapixels of nothing are a few kilobytes on disk and 192 MB in memory."""
    path = tmp_path / "bomb.png"
    Image.new("1", (8000, 8000)).save(path)
    with pytest.raises(MediaError, match="too large \\(8000x8000\\)"):
        read_image(path, "bomb.png", (64, 64))


def test_a_gradient_runs_as_in_css() -> None:
    """180 degrees is from top to bottom, 90 from left to right; the ends are the colours given."""
    down = gradient((40, 60), ["#000000", "#FFFFFF"], 180)
    assert down[0].max() < 0.02
    assert down[-1].min() > 0.98
    across = gradient((40, 60), ["#FF0000", "#00FF00", "#0000FF"], 90)
    assert across[30, 0, 0] > 0.95
    assert across[30, 20, 1] > 0.95
    assert across[30, -1, 2] > 0.95


def test_the_accent_is_behind_the_character_only() -> None:
    """Its colour is clear in the middle of the disc and gone three radii away."""
    wanted = {"colour": "#000000", "gradient": None, "image": None, "accent": "#FF0000"}
    made = background((240, 240), wanted, None, DISC)
    assert made[60, 60, 0] > 0.6
    assert made[220, 220, 0] < 0.03


def test_a_photo_is_turned_as_its_camera_says_and_brought_down(tmp_path: Path) -> None:
    """EXIF orientation 6 (turned a quarter) swaps the sides; a picture of ten times the frame is read small."""
    path = tmp_path / "photo.jpg"
    picture = Image.new("RGB", (900, 600), "red")
    exif = Image.Exif()
    exif[0x0112] = 6
    picture.save(path, "JPEG", exif=exif)
    assert read_image(path, "photo.jpg", (1000, 1000)).shape == (900, 600, 3)
    small = read_image(path, "photo.jpg", (60, 60))
    assert small.shape == (90, 60, 3)
    assert abs(small[..., 0].astype(int) - 254).max() < 4
