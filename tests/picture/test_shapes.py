"""Which drawn mouth is shown when."""

from __future__ import annotations

import itertools
import math
from random import Random
from typing import Any

import pytest

from talkmill.backends.portray import mouths
from talkmill.picture import shapes

NAMES = {
    "rhubarb": list("ABCDEFGHX"),
    "preston-blair": ["AI", "E", "O", "U", "etc", "L", "WQ", "MBP", "FV", "rest"],
    "oculus": ["sil", "PP", "FF", "TH", "DD", "kk", "CH", "SS", "nn", "RR", "aa", "E", "I", "O", "U"],
}


def style(names: list[str], scheme: str, twos: bool = False) -> dict[str, Any]:
    found = mouths.mouth_set({name: name for name in names}, scheme)
    return {"shapes": found.shapes, "points": mouths.POINTS, "twos": twos}


def runs(sequence: list[str]) -> list[tuple[str, int]]:
    return [(name, len(list(group))) for name, group in itertools.groupby(sequence)]


def speech(frames: int, seed: int, closures: list[int]) -> dict[str, list[float]]:
    """Restless curves, with a closure of one full frame at each of `closures`."""
    chance = Random(seed)  # noqa: S311 - not for secrets
    rates = {name: (chance.uniform(3, 9), chance.uniform(0, 6)) for name in ("open", "width", "round", "teeth", "tongue")}
    curves = {
        name: [0.5 + 0.5 * math.sin(frame / rate * 2 + phase) + chance.uniform(-0.25, 0.25) for frame in range(frames)]
        for name, (rate, phase) in rates.items()
    }
    curves["press"] = [
        max(max(0.0, 1 - 0.45 * abs(frame - at)) for at in closures) if closures else 0.0 for frame in range(frames)
    ]
    curves["open"] = [value * (1 - press) for value, press in zip(curves["open"], curves["press"], strict=True)]
    return curves


@pytest.mark.parametrize("scheme", sorted(NAMES))
@pytest.mark.parametrize("viseme", mouths.VISEMES)
def test_the_curves_of_a_viseme_show_its_drawing(scheme: str, viseme: str) -> None:
    """Held at the viseme's point, the mouth is the one that the set draws for it."""
    made = style(NAMES[scheme], scheme)
    curves = {name: [value] * 8 for name, value in mouths.POINTS[viseme].items()}
    assert set(shapes.choose(curves, 8, 30, made)) == {made["shapes"][viseme]}


@pytest.mark.parametrize("scheme", sorted(NAMES))
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("fps", [24, 30, 60])
def test_a_mouth_lasts_two_frames_unless_it_is_the_closure(scheme: str, seed: int, fps: int) -> None:
    """However restless the curves: no drawing but the closure is shown for less than `hold`, shot ends aside."""
    made = style(NAMES[scheme], scheme)
    found = runs(shapes.choose(speech(300, seed, [40, 41, 90, 150, 153, 220]), 300, fps, made))
    assert len(found) > 10
    closed = made["shapes"]["PP"]
    assert min(length for name, length in found[1:-1] if name != closed) >= shapes.hold(fps) >= 2


@pytest.mark.parametrize("scheme", sorted(NAMES))
@pytest.mark.parametrize("twos", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_every_closure_is_shown(scheme: str, twos: bool, seed: int) -> None:
    """In the one frame in which the lips are full shut the closed mouth is there, on twos too."""
    chance = Random(100 + seed)  # noqa: S311 - not for secrets
    closures = sorted(chance.sample(range(2, 298), 40))
    made = style(NAMES[scheme], scheme, twos)
    found = shapes.choose(speech(300, seed, closures), 300, 30, made)
    assert [found[at] for at in closures] == [made["shapes"]["PP"]] * 40


def test_a_lip_under_the_teeth_is_shown() -> None:
    """f and v of two frames are seen between open vowels."""
    tuck = [1.0 if frame % 20 in (9, 10) else 0.0 for frame in range(100)]
    found = shapes.choose({"tuck": tuck, "open": [0.8 - 0.6 * t for t in tuck]}, 100, 30, style(NAMES["rhubarb"], "rhubarb"))
    assert all(found[frame] == "G" for frame in range(100) if tuck[frame])
    assert {found[frame] for frame in range(100) if frame % 20 < 8} == {"D"}


def test_curves_that_tremble_between_two_mouths_do_not_flicker() -> None:
    """Half way between two drawings, with noise, one is kept."""
    chance = Random(3)  # noqa: S311 - not for secrets
    level = (mouths.POINTS["E"]["open"] + mouths.POINTS["aa"]["open"]) / 2
    curves = {"open": [level + chance.uniform(-0.03, 0.03) for _ in range(200)], "teeth": [0.5] * 200}
    assert len(runs(shapes.choose(curves, 200, 30, style(NAMES["rhubarb"], "rhubarb")))) <= 2


def test_silence_is_the_mouth_at_rest() -> None:
    """Nothing moves: one drawing, that of rest."""
    assert runs(shapes.choose({}, 90, 30, style(NAMES["rhubarb"], "rhubarb"))) == [("X", 90)]


@pytest.mark.parametrize(("fps", "step"), [(24, 2), (25, 2), (30, 2), (50, 4), (60, 5)])
def test_on_twos_the_mouth_changes_on_its_own_grid(fps: int, step: int) -> None:
    """Changes lie on multiples of the step, counted from the shot's start."""
    found = shapes.choose(speech(301, 5, [60]), 301, fps, style(NAMES["rhubarb"], "rhubarb", twos=True))
    assert len(found) == 301
    assert all(frame % step == 0 for frame in range(1, 301) if found[frame] != found[frame - 1])


def test_an_empty_shot_and_a_single_frame_are_fine() -> None:
    """No frames, no mouths; one frame, the nearest."""
    made = style(NAMES["rhubarb"], "rhubarb")
    assert shapes.choose({}, 0, 30, made) == []
    assert shapes.choose({"open": [0.9], "teeth": [0.5]}, 1, 30, made) == ["D"]
