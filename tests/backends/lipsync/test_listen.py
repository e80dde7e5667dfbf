"""Those who listen: alive, and silent."""

import numpy as np
import pytest

from talkmill.backends import load
from talkmill.backends.lipsync.listen import listening

HEARD = [[0.4, 2.0], [2.5, 5.5], [6.0, 8.6]]


def listened(seed="1 ada", emotion="neutral", frames=300, heard=HEARD):
    return listening(frames, 30, heard, emotion, 1.0, seed)


def test_a_listener_never_moves_the_mouth():
    """No curve that opens, rounds or presses the lips is there."""
    assert not set(listened()) & {"open", "width", "round", "tuck", "press", "teeth", "tongue"}


@pytest.mark.parametrize("emotion", ["neutral", "happy", "sad", "angry", "surprised", "tender"])
@pytest.mark.parametrize("frames", [1, 2, 10, 300])
def test_a_listener_is_at_rest_at_both_ends(emotion, frames):
    """So that pieces join."""
    for name, values in listened(emotion=emotion, frames=frames).items():
        assert abs(values[0]) < 1e-9, name
        assert abs(values[-1]) < 1e-9, name


def test_a_listener_is_alive_and_calm():
    """Over many seeds: blinks, looks at the speaker most of the time, nods now and then, and no movement is a jump."""
    nods = 0
    for seed in range(20):
        curves = listened(f"{seed} ada")
        assert curves["blink"].max() == 1.0
        assert curves["viewer"].mean() < 0.3
        assert np.abs(np.diff(curves["nod"])).max() < 0.12
        assert np.abs(np.diff(curves["tilt"])).max() < 0.08
        nods += int(curves["nod"].max() > 0.15)
    assert 5 <= nods < 20


def test_two_listeners_differ_and_one_is_always_the_same(tmp_path):
    """The seed names who listens."""
    assert not np.array_equal(listened("1 ada")["blink"], listened("1 milo")["blink"])
    request = {"fps": 30, "frames": 200, "heard": HEARD, "emotion": "happy", "strength": 0.5, "seed": "1 ada"}
    texts = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        texts.append(load("lipsync", "listen").run(request, {}, tmp_path / name).files["curves"].read_bytes())
    assert texts[0] == texts[1]


def test_feelings_are_echoed_and_anger_startles():
    """A happy line makes the listener smile, an angry one raises the brows."""
    assert listened(emotion="happy")["smile"][150] > 0.2
    assert listened(emotion="sad")["inner"][150] > 0.2
    assert listened(emotion="angry")["brow"][150] > 0.2
