"""Shots and faces: pure arithmetic on timelines."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from talkmill.errors import RequestError
from talkmill.model import Timeline, Utterance
from talkmill.model.shots import RUN, cut, pieces, speaking
from talkmill.stages.clean import timeline

RULES = ("speaker", "together", "auto")


def line(speaker: str, pause: float = 0.35, overlap: float = 0.0) -> Utterance:
    return Utterance(speaker, "x", "en", pause, overlap=overlap)


def script(seed: int) -> tuple[Timeline, list[str]]:
    """A random timeline of two or three speakers, with overlaps."""
    rng = random.Random(seed)  # noqa: S311 - not for secrets
    cast = ["ada", "milo", "eva"][: rng.choice((2, 3))]
    lines, samples = [line(cast[0])], [rng.randint(48000, 240000)]
    for _ in range(rng.randint(1, 12)):
        who = rng.choice([one for one in cast if one != lines[-1].speaker])
        lines.append(line(who, rng.uniform(0.1, 1.0), rng.choice((0.0, 0.0, 0.4))))
        samples.append(rng.randint(48000, 240000))
    return timeline(30, lines, samples, 0.4, 0.8), list(dict.fromkeys(one.speaker for one in lines))


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("seed", range(30))
def test_shots_fill_the_episode_and_whoever_is_seen_has_one_face(rule: str, seed: int) -> None:
    """No gap, no frame twice; in each frame each character in the shot has exactly one face, or two where it starts a line."""
    plan, everyone = script(seed)
    shots = cut(plan, rule, everyone, [None] * len(plan.segments))
    assert [shot.start for shot in shots] == [0, *(shot.end for shot in shots[:-1])]
    assert shots[-1].end == plan.frames
    faces = pieces(plan, shots)
    for shot in shots:
        for frame in range(shot.start, shot.end):
            found = Counter(face.character for face in faces if face.start <= frame < face.end)
            assert all(found[one] == 1 for one in shot.cast), (frame, shot, found)


@pytest.mark.parametrize("seed", range(30))
def test_by_speaker_the_one_who_began_to_speak_last_is_seen(seed: int) -> None:
    """At the first frame of every segment its speaker is alone in the picture."""
    plan, everyone = script(seed)
    shots = cut(plan, "speaker", everyone, [None] * len(plan.segments))
    for segment in plan.segments:
        assert next(shot.cast for shot in shots if shot.start <= segment.start < shot.end) == (segment.speaker,)


def test_auto_opens_and_ends_together_and_cuts_in_between() -> None:
    """Long lines get a face each, a quick exchange is shared, and everyone is seen again after some single shots."""
    long, short = 48000 * 3, 48000
    plan = timeline(30, [line("ab"[i % 2]) for i in range(12)], [long] * 8 + [short, short] + [long] * 2, 0.4, 0.8)
    shots = cut(plan, "auto", ["a", "b"], [None] * 12)
    assert shots[0].cast == shots[-1].cast == ("a", "b")
    shared = next(shot for shot in shots if shot.start <= plan.segments[8].start < shot.end)
    assert shared.cast == ("a", "b")
    assert shared.end >= plan.segments[9].end
    alone = 0
    for shot in shots:
        alone = alone + 1 if len(shot.cast) == 1 else 0
        assert alone <= RUN


def test_a_cut_by_hand_stands_over_the_rule() -> None:
    """A reaction shot: the listener is seen while the other speaks, and listens."""
    plan = timeline(30, [line("a"), line("b"), line("a")], [96000] * 3, 0.4, 0.8)
    shots = cut(plan, "speaker", ["a", "b"], [None, ["a"], ["a", "b"]])
    assert [shot.cast for shot in shots] == [("a",), ("a", "b")]
    listening = [face for face in pieces(plan, shots) if not face.speaks]
    assert [(face.character, face.utterance, face.towards) for face in listening] == [("a", 1, "b"), ("b", 2, "a")]


def test_a_line_that_grows_changes_its_own_faces_only() -> None:
    """All other faces keep their length."""
    lines = [line("a"), line("b"), line("a", overlap=0.4), line("b"), line("a")]
    before, after = (timeline(30, lines, [96000, 96000, 96000, more, 96000], 0.4, 0.8) for more in (96000, 144000))

    def found(plan: Timeline) -> dict[tuple[str, int, bool], int]:
        shots = cut(plan, "together", ["a", "b"], [None] * 5)
        return {(face.character, face.utterance, face.speaks): face.frames for face in pieces(plan, shots)}

    old, new = found(before), found(after)
    assert {key for key in old if old[key] != new[key]} == {("b", 3, True), ("a", 3, False)}


def test_an_overlap_starts_a_line_before_the_other_has_ended() -> None:
    """By that much, to the frame; the master's length holds both."""
    plan = timeline(30, [line("a"), line("b", overlap=0.5)], [96000, 96000], 0.4, 0.8)
    first, second = plan.segments
    assert plan.take_start(1) == plan.take_start(0) + 96000 - 24000
    assert first.end > second.start
    assert plan.frames == second.end
    assert speaking(plan, second.start) == 1


def test_an_interjection_leaves_the_other_line_its_end() -> None:
    """A short line within the end of a long one: both end, and what follows waits for the later one."""
    lines = [line("a"), line("b", overlap=3.0), line("a")]
    plan = timeline(30, lines, [48000 * 6, 24000, 96000], 0.4, 0.8)
    first, second, third = plan.segments
    assert second.start + second.lead + 15 < first.end
    assert third.start >= first.start + first.lead + 6 * 30
    shots = cut(plan, "speaker", ["a", "b"], [None] * 3)
    assert [shot.cast for shot in shots][:2] == [("a",), ("b",)]


@pytest.mark.parametrize(
    ("lines", "samples", "said"),
    [
        ([line("a"), line("b", overlap=3)], [48000, 96000], r"line 2 .*longer than the line before it .*3 s, .*1\.0 s"),
        ([line("a"), line("b"), line("a", overlap=1.0)], [96000, 24000, 96000], "line 3|line before"),
    ],
)
def test_an_overlap_that_cannot_be_is_told(lines: list[Utterance], samples: list[int], said: str) -> None:
    """With the line, and how long the one before it is."""
    with pytest.raises(RequestError, match=said):
        timeline(30, lines, samples, 0.4, 0.8)
