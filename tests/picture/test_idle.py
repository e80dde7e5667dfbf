"""Idle motion."""

from __future__ import annotations

import itertools

from talkmill.picture.idle import Idle, idle


def values(seed: str, frame: int, fps: int = 30) -> tuple[float, ...]:
    made = idle(seed, frame, fps)
    return tuple(getattr(made, name) for name in Idle.__dataclass_fields__)


def test_idle_motion_depends_on_seed_and_time_alone() -> None:
    """The same frame is the same however it is reached; half the rate at half the frame is the same moment."""
    assert values("1 ada", 77) == values("1 ada", 77)
    assert values("1 ada", 60, 60) == values("1 ada", 30, 30)
    assert values("1 ada", 77) != values("1 milo", 77)


def test_idle_motion_is_slow_and_never_stops() -> None:
    """No frame jumps, and within ten seconds everything has moved."""
    frames = [values("1 ada", frame) for frame in range(300)]
    for track in zip(*frames, strict=True):
        steps = [abs(b - a) for a, b in itertools.pairwise(track)]
        reach = max(track) - min(track)
        assert 0 < max(steps) < 0.06 * reach
