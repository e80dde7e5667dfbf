"""Timing, shapes and stillness of pictures whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from talkmill.measure import listen, score, shapes
from talkmill.measure.review import lip_sync
from talkmill.measure.watch import watch
from tests.measure.conftest import FPS, film, frame, swaying

PHONES = [
    ("a", 0.50, 0.70), ("b", 0.70, 0.78), ("a", 0.78, 1.00), ("m", 1.00, 1.10), ("a", 1.10, 1.30), ("p", 1.30, 1.40),
    ("a", 1.40, 1.60), ("b", 1.60, 1.70), ("a", 1.70, 1.90),
]  # fmt: skip


def openings(shift: float = 0.0) -> list[float]:
    """Pixels between the lips in each of 75 frames: open in every a, and shut in the others, `shift` seconds later."""
    middles = (np.arange(75) + 0.5) / FPS - shift
    out = np.zeros(75)
    for symbol, start, end in PHONES:
        if symbol == "a":
            ramp = np.clip(np.minimum(middles - start + 0.03, end + 0.03 - middles) / 0.06, 0, 1)
            out = np.maximum(out, 40 * ramp)
    return out.tolist()


def judged(folder, values, late=0.0):
    """The score of a face whose mouth opens by `values`."""
    frames = [frame(value, shift=shift) for value, shift in zip(values, swaying(len(values)), strict=True)]
    subject = film(folder, frames, PHONES, late)
    heard = listen.listen(subject)
    return score.score(subject, watch(subject), heard)[0], heard


def test_a_right_mouth_is_right(tmp_path):
    """Closures where they are heard: shut, within a third of a frame, still before and after."""
    found, heard = judged(tmp_path, openings())
    assert heard.late == pytest.approx(0, abs=0.002)
    assert [one.shut for one in found.closures] == [True] * 4
    assert np.abs(found.offsets).max() < 0.011
    assert len(found.offsets) == 4
    assert found.still == found.quiet > 20
    assert found.recall() == {shapes.SHUT: 1.0, shapes.OPEN: 1.0}


@pytest.mark.parametrize("shift", [-0.05, 0.02, 0.08])
def test_a_shifted_mouth_is_timed(tmp_path, shift):
    """By how much it is late is said to a third of a frame, either way."""
    found, _ = judged(tmp_path, openings(shift))
    assert np.median(found.offsets) == pytest.approx(shift, abs=0.011)


def test_a_late_sound_shifts_what_is_heard(tmp_path):
    """The picture is held against the sound in the file, not against what it should have been."""
    found, heard = judged(tmp_path, openings(), late=0.12)
    assert heard.late == pytest.approx(0.12, abs=0.002)
    assert np.median(found.offsets) == pytest.approx(-0.12, abs=0.011)


@pytest.mark.parametrize(
    ("start", "end", "told"), [(3.4, 4.2, True), (3.8, 4.2, False), (4.11, 4.19, False), (4.1, 4.7, True), (2.0, 3.0, True)]
)
def test_a_hold_that_began_before_anything_was_said_is_a_rest(start, end, told):
    """Lips that stay shut from the pause to the first m are not 300 ms early for it; within speech every hold is timed."""
    said = [score.Spoken(symbol, at, at + 0.1, 0) for symbol, at in (("f", 4.0), ("m", 4.1), ("a", 4.2))]
    assert score._unspoken(said, start, end) == told


def test_a_mouth_that_never_shuts_misses_every_closure(tmp_path):
    """And that fails the timing too: a missing closure is not left out."""
    values = [max(value, 9.0) if 0.45 < (i + 0.5) / FPS < 1.95 else 0.0 for i, value in enumerate(openings())]
    found, _ = judged(tmp_path, values)
    assert not any(one.shut for one in found.closures)
    verdicts = {one.name: one.verdict for one in lip_sync(found)}
    assert verdicts["closure_95_ms"] == verdicts["shut"] == verdicts["shapes"] == "fail"


def test_a_mouth_that_chews_in_silence_is_not_still(tmp_path):
    """Stillness is a share of the silent frames."""
    values = openings()
    values[2:8] = [0, 10, 20, 10, 0, 10]
    found, _ = judged(tmp_path, values)
    assert found.still < 0.9 * found.quiet
    assert {one.name: one.verdict for one in lip_sync(found)}["still"] == "fail"


def test_a_single_wrong_frame_in_silence_is_a_flicker(tmp_path):
    """It jumps, and jumps back."""
    values = openings()
    values[5] = 30
    found, _ = judged(tmp_path, values)
    assert found.flicker == 1


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ((0.02, 1.0, 0.0, 0.0), shapes.SHUT),
        ((0.2, 0.9, 0.19, 0.0), shapes.TUCKED),
        ((0.25, 0.7, 0.02, 0.2), shapes.ROUND),
        ((0.7, 0.7, 0.02, 0.6), shapes.ROUND),
        ((0.3, 1.15, 0.1, 0.1), shapes.WIDE),
        ((0.8, 1.0, 0.1, 0.4), shapes.OPEN),
        ((0.25, 0.96, 0.02, 0.2), shapes.OTHER),
        ((float("nan"),) * 4, shapes.OTHER),
    ],
)
def test_shapes_have_names(values, name):
    """Opening, width, teeth and darkness say which shape it is."""
    assert shapes.named(*values) == name


def test_runs_are_found():
    """First index, and last index + 1."""
    assert score.runs(np.array([1, 1, 0, 1, 0], bool)) == [(0, 2), (3, 4)]
    assert score.runs(np.zeros(3, bool)) == []
