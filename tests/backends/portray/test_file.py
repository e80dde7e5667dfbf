"""A photograph of the user's, as everything after it takes it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from talkmill.backends import load
from talkmill.errors import RequestError


def test_a_photograph_is_made_ready_the_same_every_time(tmp_path: Path):
    """RGB PNG of the picture, with what was changed; the same bytes twice."""
    picture = np.random.default_rng(1).integers(0, 255, (300, 260, 4), np.uint8)
    Image.fromarray(picture, "RGBA").save(tmp_path / "a.webp", lossless=True)
    made = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        made.append(load("portray", "file").run({"backdrop": "#FF0000"}, {"image": tmp_path / "a.webp"}, tmp_path / name))
    assert made[0].files["image"].read_bytes() == made[1].files["image"].read_bytes()
    with Image.open(made[0].files["image"]) as image:
        assert (image.mode, image.size) == ("RGB", (260, 300))
    assert made[0].facts["source"] == {"format": "WEBP", "width": 260, "height": 300}
    assert made[0].facts["notes"] == ["see-through parts filled with #FF0000"]


def test_what_is_no_photograph_is_an_error_of_the_request(tmp_path: Path):
    """In one line, with what to do."""
    (tmp_path / "a.png").write_text("no picture")
    with pytest.raises(RequestError, match=r"is no picture that can be read .*\. Give a PNG or JPEG\."):
        load("portray", "file").run({"backdrop": "#FFFFFF"}, {"image": tmp_path / "a.png"}, tmp_path)
