"""The painted mouth, measured on what it paints."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from talkmill.picture.colour import ycc
from talkmill.picture.mouth import Mouth
from talkmill.picture.rig import Rig

STYLES = ("avataaars", "critters", "personas", "toon-head")
SCALE = 0.45


def painted(rig: Rig, **curves: float) -> np.ndarray:
    """The mouth on plain skin: a layer."""
    mouth = Mouth(rig.mouth, SCALE)
    _, up, width, height = mouth.box
    skin = np.empty((height + 8, width + 8, 4), np.uint8)
    skin[...] = (*np.rint(ycc(rig.mouth["skin"])), 255)
    mouth.paint(skin, (width + 8) / 2, 4 - up, curves)
    return skin


def column(rig: Rig, **curves: float) -> int:
    """Height in pixels of what differs from skin in the middle columns: lips' line and opening together."""
    image = painted(rig, **curves)[..., :3].astype(int)
    skin = np.array(ycc(rig.mouth["skin"]))
    middle = image[:, image.shape[1] // 2 - 1 : image.shape[1] // 2 + 1]
    rows = (np.abs(middle - skin).max(axis=(1, 2)) > 24).nonzero()[0]
    return int(rows[-1] - rows[0] + 1) if len(rows) else 0


def extent(rig: Rig, **curves: float) -> int:
    """Width in pixels of the whole mouth."""
    image = painted(rig, **curves)[..., :3].astype(int)
    columns = (np.abs(image - np.array(ycc(rig.mouth["skin"]))).max(axis=(0, 2)) > 24).nonzero()[0]
    return int(columns[-1] - columns[0] + 1)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(
    "others", [{}, {"round": 1.0, "width": -0.5}, {"width": 1.0, "smile": 1.0}, {"tuck": 0.5, "press": 0.3}]
)
def test_a_mouth_opens_as_far_as_it_is_told(rigs: dict[str, Rig], style: str, others: dict[str, float]) -> None:
    """The opening never shrinks as `open` grows, and grows clearly over the whole of it."""
    heights = [column(rigs[style], open=step / 20, **others) for step in range(21)]
    assert all(b >= a for a, b in itertools.pairwise(heights)), heights
    assert heights[-1] > heights[0] + 0.4 * rigs[style].mouth["gap"] * SCALE * (1 - others.get("press", 0))


@pytest.mark.parametrize("style", STYLES)
def test_pressed_lips_are_shut_whatever_open_says(rigs: dict[str, Rig], style: str) -> None:
    """At press 1 the picture is the same for every `open`, and no pixel shows cavity, teeth or tongue."""
    shut = painted(rigs[style], press=1.0)
    assert Mouth(rigs[style].mouth, SCALE).shape({"press": 1.0, "open": 1.0, "tuck": 1.0}).gap == 0
    for opening in (0.3, 1.0):
        assert np.array_equal(painted(rigs[style], press=1.0, open=opening, teeth=1.0, tongue=1.0), shut)
    for part in ("teeth", "tongue"):
        away = np.abs(shut[..., :3].astype(int) - np.array(ycc(rigs[style].mouth[part]))).max(axis=2)
        assert away.min() > 12, part


@pytest.mark.parametrize("style", STYLES)
def test_width_and_rounding_are_two_things(rigs: dict[str, Rig], style: str) -> None:
    """`width` spreads and draws in the mouth; `round` makes an ellipse of it: more of its box is filled."""
    rig = rigs[style]
    drawn, plain, spread = (extent(rig, open=0.5, width=width) for width in (-1.0, 0.0, 1.0))
    assert drawn < 0.85 * plain
    assert spread > 1.1 * plain

    def corner_height(**curves: float) -> float:
        shape = Mouth(rig.mouth, SCALE).shape(curves)
        low, high = shape.lower[:, 1].max(), shape.upper[:, 1].min()
        return float((shape.upper[0, 1] - high) / (low - high))

    assert corner_height(open=0.6, round=0.0) < 0.25
    assert 0.4 < corner_height(open=0.6, round=1.0) < 0.6


@pytest.mark.parametrize("style", STYLES)
def test_a_tucked_lip_shows_the_upper_teeth(rigs: dict[str, Rig], style: str) -> None:
    """f and v: there are pixels of the teeth's colour, and hardly any of the cavity in the middle."""
    image = painted(rigs[style], tuck=1.0, teeth=1.0, open=0.05)[..., :3].astype(int)
    teeth = np.abs(image - np.array(ycc(rigs[style].mouth["teeth"]))).max(axis=2) < 10
    assert teeth.sum() > 0.05 * (rigs[style].mouth["half_width"] * SCALE) ** 2


@pytest.mark.parametrize("style", STYLES)
def test_the_tongue_comes_with_its_curve(rigs: dict[str, Rig], style: str) -> None:
    """l and th show more of the tongue than the same opening without."""

    def tongue(amount: float) -> int:
        image = painted(rigs[style], open=0.35, teeth=0.7, tongue=amount)[..., :3].astype(int)
        return int((np.abs(image - np.array(ycc(rigs[style].mouth["tongue"]))).max(axis=2) < 14).sum())

    assert tongue(0.0) < tongue(0.5)
    assert tongue(0.0) < tongue(1.0)


@pytest.mark.parametrize("style", STYLES)
def test_nothing_is_painted_outside_the_box(rigs: dict[str, Rig], style: str) -> None:
    """In the widest, most open and most raised poses the box's outermost rows and columns stay skin."""
    skin = np.array([*np.rint(ycc(rigs[style].mouth["skin"])), 255])
    for curves in ({"open": 1.0, "width": 1.0, "smile": 1.0}, {"open": 1.0, "round": 1.0}, {"smile": 1.0, "width": 1.0}):
        image = painted(rigs[style], teeth=1.0, tongue=1.0, **curves)
        for edge in (image[:3], image[-3:], image[:, :3], image[:, -3:]):
            assert np.array_equal(edge, np.broadcast_to(skin, edge.shape)), curves


def test_painted_lips_close_too(rigs: dict[str, Rig]) -> None:
    """With a lip colour, pressed lips show no cavity and the lips are of that colour."""
    rig = rigs["toon-head"]
    lips = Rig(rig.style, rig.size, rig.layers, rig.face, {**rig.mouth, "lips": "#c04050"})
    shut = painted(lips, press=1.0, open=1.0)[..., :3].astype(int)
    assert (np.abs(shut - np.array(ycc("#c04050"))).max(axis=2) < 6).sum() > 100
    assert np.abs(shut - np.array(ycc(rig.mouth["inside"]))).max(axis=2).min() > 8
