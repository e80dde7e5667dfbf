"""Somebody who is a photograph in the frame: the face has its place, the picture its edges."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from talkmill.media import frames
from talkmill.picture.film import SKULL, Film, owners, place
from talkmill.picture.layout import HEADS, lowest_chin

SIZES = [(1080, 1920), (1080, 1080), (1920, 1080)]
SHAPES = {
    "portrait": {"width": 1144, "height": 2034, "box": [360, 420, 790, 900]},
    "landscape": {"width": 1920, "height": 1080, "box": [1200, 300, 1500, 660]},
    "square": {"width": 1000, "height": 1000, "box": [420, 300, 600, 520]},
    "close": {"width": 800, "height": 800, "box": [120, 60, 700, 760]},
}


def scene(framing: str = "bust", show: bool = True) -> dict[str, Any]:
    return {
        "name": "Nina",
        "background": {"colour": None, "gradient": None, "image": None, "accent": "#E8A33D"},
        "framing": framing,
        "headroom": 0.16,
        "name_line": {"show": True, "role": "Guide", "colour": "#FFFFFF", "box": "#14161F"},
        "captions": {"show": show, "size": 68, "position": 0.64},
    }


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("framing", HEADS)
def test_the_face_is_in_the_frame_and_above_the_captions(size, shape, framing):
    """Whatever the picture's shape: the whole face is seen, the chin is above the captions, everything is on even pixels."""
    figure = SHAPES[shape]
    cut = place(size, scene(framing), figure)
    left, top, right, bottom = figure["box"]
    edges = [(x - cut.left) * cut.w / cut.width + cut.x for x in (left, right)]
    heights = [(y - cut.top) * cut.h / cut.height + cut.y for y in (top, bottom)]
    assert edges[0] >= 0
    assert edges[1] <= size[0]
    assert heights[0] >= 0
    assert heights[1] <= lowest_chin(size, scene(framing)) + 0.04 * size[1]
    assert all(part % 2 == 0 for part in (cut.left, cut.top, cut.width, cut.height, cut.x, cut.y, cut.w, cut.h))
    assert cut.w / cut.width == pytest.approx(cut.h / cut.height, rel=0.01)
    assert cut.left + cut.width <= figure["width"]
    assert cut.top + cut.height <= figure["height"]


def test_framing_makes_the_face_larger_and_puts_it_in_the_middle():
    """`close` is larger than `wide` where the picture has room; a face at the side of a wide picture comes to the middle."""
    roomy = {"width": 3000, "height": 3000, "box": [1900, 1000, 2200, 1360]}
    wide, close = (place((1080, 1920), scene(framing), roomy) for framing in ("wide", "close"))
    assert close.scale > 1.3 * wide.scale
    for cut in (wide, close):
        assert (2050 - cut.left) * cut.scale == pytest.approx(540, abs=4)
        head = SKULL * 360 * cut.scale
        assert head == pytest.approx(HEADS["wide" if cut is wide else "close"] * 1920, rel=0.1)


def picture(figure: dict[str, Any]) -> np.ndarray:
    y, x = np.mgrid[0 : figure["height"], 0 : figure["width"]]
    return frames.i420(np.dstack([60 + 120 * x / x.max(), 60 + 120 * y / y.max(), 0 * x + 90]).astype(np.uint8))


@pytest.mark.parametrize("shape", SHAPES)
def test_a_frame_shows_the_cut_with_the_name_over_it(shape):
    """Scaled and cut as `place` says; the name and the shade lie over it; a frame that is already right is not touched."""
    figure = SHAPES[shape]
    size = (1080, 1920)
    film = Film(size, [scene()], [figure])
    made = film.draw(picture(figure))
    assert made.shape == (2880, 1080)
    cut = film.cut
    x, y = 540, round(0.25 * 1920)
    there = frames.rgb(picture(figure))[
        cut.top + (y - cut.y) * cut.height // cut.h, cut.left + (x - cut.x) * cut.width // cut.w
    ]
    assert np.abs(frames.rgb(made)[y, x].astype(int) - there).max() <= 6
    assert frames.rgb(made)[-8:].mean() < frames.rgb(film.draw(picture(figure)))[1000:1010].mean()
    assert film.plates[0] is not None


def test_a_picture_that_is_all_face_is_shown_on_itself_out_of_focus():
    """It would reach into the captions where it covers the frame: it does not, and the rest is dark and without edges."""
    film = Film((1080, 1920), [scene()], [SHAPES["close"]])
    assert not film.cut.covers(film.size)
    made = frames.rgb(film.draw(picture(SHAPES["close"])))
    rows = made[:, 540].astype(int).sum(axis=1)
    assert np.abs(np.diff(rows[: film.cut.y + film.cut.h])).max() < 24
    assert made[-200:].mean() < 0.75 * made[film.cut.y + film.cut.h // 2].mean()


PAIRS = {
    "beside": {"width": 1620, "height": 1400, "boxes": [[250, 400, 550, 800], [1000, 420, 1300, 800]]},
    "far": {"width": 1920, "height": 1080, "boxes": [[100, 300, 300, 560], [1600, 280, 1820, 560]]},
    "near": {"width": 1144, "height": 2034, "boxes": [[250, 500, 560, 900], [600, 560, 900, 950]]},
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("pair", PAIRS)
def test_of_several_people_every_face_is_in_the_frame(size, pair):
    """Whatever the shapes: both faces are seen whole, and their chins are above the captions."""
    figure = PAIRS[pair]
    cut = place(size, scene(), figure)
    for left, top, right, bottom in figure["boxes"]:
        assert (left - cut.left) * cut.scale + cut.x >= 0
        assert (right - cut.left) * cut.scale + cut.x <= size[0]
        assert (top - cut.top) * cut.scale + cut.y >= 0
        assert (bottom - cut.top) * cut.scale + cut.y <= lowest_chin(size, scene()) + 0.04 * size[1]


def test_two_faces_of_one_picture_are_put_together_to_the_byte():
    """Each face is as it is in its own frame, and every other pixel as in both; a large face has more room than a small one."""
    figures = [{"width": 1620, "height": 1400, "box": box} for box in PAIRS["beside"]["boxes"]]
    film = Film((1080, 1920), [scene(), scene()], figures)
    clip = picture(PAIRS["beside"])
    one, other = clip.copy(), clip.copy()
    one[650:800, 250:550], other[650:800, 1000:1300] = 30, 200
    one.reshape(-1)[1620 * 1400 + 400 * 810 + 200] = 9  # a pixel of Cb at x=400, y=800
    made = film.together({0: one, 1: other})
    wanted = np.where(one != clip, one, other)
    assert (made == wanted).all()
    assert (film.together({1: other, 0: one}) == wanted).all()
    assert film.together({1: other}) is other
    small = owners((400, 200), [[20, 60, 60, 110], [150, 20, 330, 180]])
    assert (small[0][0] == 255).sum() < 0.5 * (small[1][0] == 255).sum()
    assert (small[0][0].astype(int) + small[1][0] == 255).all()


def test_names_of_several_come_and_go():
    """Each name has its place on its own side, and is seen as far as it is told."""
    figures = [{"width": 1620, "height": 1400, "box": box} for box in PAIRS["beside"]["boxes"]]
    film = Film((1080, 1920), [scene(), scene() | {"name": "Otto"}], figures)
    none, left, both = (film.draw(picture(PAIRS["beside"]), named) for named in ((0, 0), (1, 0), (1, 1)))
    changed = np.flatnonzero((left[:1920] != none[:1920]).any(axis=0))
    assert changed.max() < 540
    assert np.flatnonzero((both[:1920] != left[:1920]).any(axis=0)).min() > 540
