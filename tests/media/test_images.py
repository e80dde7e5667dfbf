"""A user's pictures: everything that cameras, scanners and programs write is read upright in sRGB, or refused with a reason."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from talkmill.errors import MediaError
from talkmill.media import images


def colours(width: int = 300, height: int = 200) -> Image.Image:
    """Red on the left, blue on the right, a white bar at the top."""
    made = np.zeros((height, width, 3), np.uint8)
    made[:, : width // 2], made[:, width // 2 :] = (200, 40, 40), (40, 40, 200)
    made[: height // 8] = 255
    return Image.fromarray(made)


def near(picture: np.ndarray, place: tuple[float, float], colour: tuple[int, int, int], within: int = 12) -> bool:
    height, width = picture.shape[:2]
    return bool(np.abs(picture[int(place[1] * height), int(place[0] * width)].astype(int) - colour).max() <= within)


def test_a_picture_is_turned_as_its_camera_says(tmp_path: Path):
    """EXIF orientation 6: stored on its side, seen upright."""
    exif = Image.Exif()
    exif[0x0112] = 6
    colours().transpose(Image.Transpose.ROTATE_90).save(tmp_path / "a.jpg", exif=exif, quality=95)
    found = images.read(tmp_path / "a.jpg")
    assert found.rgb.shape == (200, 300, 3)
    assert near(found.rgb, (0.2, 0.6), (200, 40, 40))
    assert near(found.rgb, (0.5, 0.03), (255, 255, 255))
    assert found.notes == ["turned upright as its EXIF data say"]


def test_cmyk_and_another_profile_become_srgb(tmp_path: Path):
    """Colours look the same: CMYK without a profile about so, a profile of another space exactly."""
    colours().convert("CMYK").save(tmp_path / "a.jpg", quality=98)
    found = images.read(tmp_path / "a.jpg")
    assert near(found.rgb, (0.2, 0.6), (200, 40, 40), 25)
    assert any("CMYK" in note for note in found.notes)
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    colours().save(tmp_path / "b.png", icc_profile=lab.tobytes())
    assert near(images.read(tmp_path / "b.png").rgb, (0.2, 0.6), (200, 40, 40), 1)


@pytest.mark.parametrize("mode", ["I;16", "L", "P", "1", "RGBA", "LA"])
def test_every_way_of_storing_a_picture_is_read(tmp_path: Path, mode: str):
    """16 bits, grey, palette, black and white, see-through: 8-bit RGB of the same look."""
    picture = colours()
    if mode == "I;16":
        made = Image.fromarray(np.asarray(picture.convert("L")).astype(np.uint16) * 257)
    else:
        made = picture.convert(mode)
    made.save(tmp_path / "a.png")
    found = images.read(tmp_path / "a.png").rgb
    assert found.dtype == np.uint8
    assert found.shape == (200, 300, 3)
    assert near(found, (0.5, 0.03), (255, 255, 255))
    if mode != "1":
        grey = np.asarray(picture.convert("L"))[120, 60]
        expected = (grey,) * 3 if mode in ("I;16", "L", "LA") else (200, 40, 40)
        assert near(found, (0.2, 0.6), expected)


def test_a_see_through_picture_shows_the_backdrop(tmp_path: Path):
    """Where alpha is 0 the backdrop is seen, and that is told."""
    picture = colours().convert("RGBA")
    picture.putalpha(Image.fromarray(np.where(np.arange(300)[None, :] < 150, 0, 255).astype(np.uint8).repeat(200, axis=0)))
    picture.save(tmp_path / "a.png")
    found = images.read(tmp_path / "a.png", "#10A020")
    assert near(found.rgb, (0.2, 0.6), (0x10, 0xA0, 0x20), 1)
    assert near(found.rgb, (0.8, 0.6), (40, 40, 200), 1)
    assert found.notes == ["see-through parts filled with #10A020"]


def test_a_picture_of_12000_pixels_is_brought_down(tmp_path: Path):
    """It is read at 4096 pixels, and that is told; the head alone tells its size."""
    colours(12000, 900).save(tmp_path / "a.jpg", quality=60)
    assert images.size_of(tmp_path / "a.jpg") == ("JPEG", 12000, 900)
    found = images.read(tmp_path / "a.jpg")
    assert found.rgb.shape[1] == 4096
    assert near(found.rgb, (0.2, 0.6), (200, 40, 40))
    assert any("reduced to 4096x" in note for note in found.notes)


def test_what_is_no_single_picture_is_refused_with_a_cure(tmp_path: Path):
    """Animations, videos, texts, pictures that are cut off, empty, tiny or monstrous."""
    frames = [colours(), Image.new("RGB", (300, 200))]
    frames[0].save(tmp_path / "moving.png", save_all=True, append_images=frames[1:])
    frames[0].save(tmp_path / "moving.webp", save_all=True, append_images=frames[1:])
    colours().save(tmp_path / "a.gif")
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "film.png").write_bytes(b"\x00\x00\x00\x18ftypisom" + bytes(64))
    (tmp_path / "phone.jpg").write_bytes(b"\x00\x00\x00\x18ftypheic" + bytes(64))
    colours(40, 30).save(tmp_path / "tiny.png")
    whole = io.BytesIO()
    Image.fromarray(np.random.default_rng(1).integers(0, 255, (300, 300, 3), np.uint8)).save(whole, "PNG")
    (tmp_path / "cut.png").write_bytes(whole.getvalue()[:90_000])
    told = {
        "moving.png": r"is an animation \(2 frames\)",
        "moving.webp": r"is an animation \(2 frames\)",
        "a.gif": "is a GIF",
        "text.png": r"is no picture that can be read \(found something else\)",
        "empty.png": "an empty file",
        "film.png": "is no picture but a video",
        "phone.jpg": "is a HEIC",
        "tiny.png": r"is too small \(40x30 pixels\)",
        "cut.png": "is damaged or cut off",
    }
    for name, words in told.items():
        with pytest.raises(MediaError, match=words) as error:
            images.read(tmp_path / name)
        assert str(error.value).endswith(".")
