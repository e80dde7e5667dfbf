"""Cues: when they start and end, what they hold, where they are cut."""

from __future__ import annotations

import itertools
import random

import pytest

from talkmill.backends.caption.cues import CHARACTERS, EXTEND_FRAMES, Piece, build, joined
from talkmill.backends.caption.lines import fits, lay, length

RATE = 48_000


def spoken(*utterances: str, pause: float = 0.4, pace: float = 0.06, lead: float = 0.1) -> tuple[list[Piece], float]:
    """Pieces of utterances with plausible times; (pieces, seconds)."""
    pieces, at = [], lead
    for number, text in enumerate(utterances):
        for word in text.split():
            end = at + 0.07 + pace * len(word)
            pieces.append(Piece(word, round(at * RATE), round(end * RATE), number))
            at = end + (0.25 if word[-1] in ".,!?" else 0)
        at += pause
    return pieces, at


def cues(pieces: list[Piece], seconds: float, fps: int = 30) -> list:
    return build(pieces, fps, round(seconds * fps), lambda group: fits(group, length, 20, 20))


def test_every_word_is_in_exactly_one_cue_in_order() -> None:
    """Law: cues neither lose, double nor reorder a word."""
    pieces, seconds = spoken(
        "One two three, four five six seven eight nine ten eleven. Twelve!", "And again from the start, please."
    )
    found = cues(pieces, seconds)
    assert [piece for cue in found for piece in cue.pieces] == pieces


def test_a_cue_never_spans_two_utterances() -> None:
    """Law: all words of a cue are of one utterance, even where two short ones would fit in a line."""
    pieces, seconds = spoken("Hi.", "Yes?", "No.", pause=0.1)
    assert [cue.text for cue in cues(pieces, seconds)] == ["Hi.", "Yes?", "No."]


@pytest.mark.parametrize("fps", [24, 25, 30, 50, 60])
@pytest.mark.parametrize("seed", range(6))
def test_times_hold_the_limits_whatever_the_words_are(fps: int, seed: int) -> None:
    """Law: in-time within 3 frames of the word, 7 s at most, no overlap, gaps of 0 or at least 2 frames, inside the episode."""
    dice = random.Random(seed)  # noqa: S311 - made-up words, no secret
    texts = [
        " ".join("x" * dice.randint(1, 12) + dice.choice(["", "", "", ",", "."]) for _ in range(dice.randint(1, 25)))
        for _ in range(5)
    ]
    pieces, seconds = spoken(*texts, pause=dice.choice([0.1, 0.35, 2.0]), pace=dice.choice([0.03, 0.06, 0.1]))
    found = cues(pieces, seconds, fps)
    frames = round(seconds * fps)
    for cue in found:
        assert abs(cue.start - cue.pieces[0].start * fps / RATE) <= 3
        assert 0 <= cue.start < cue.end <= frames
        assert cue.end - cue.start <= 7 * fps
        room = cue.pieces[-1].end * fps / RATE + EXTEND_FRAMES + 12
        assert cue.end <= max(room, cue.start + fps * 5 / 6 + 1)
        assert len(cue.text) <= CHARACTERS or len(cue.pieces) == 1
    for left, right in itertools.pairwise(found):
        gap = right.start - left.end
        assert gap == 0 or gap >= 2


def test_a_short_cue_is_held_for_five_sixths_of_a_second_where_there_is_room() -> None:
    """Law: nobody can read a caption of a third of a second; silence after it is used."""
    pieces, _ = spoken("Go!")
    cue = cues(pieces, 5.0)[0]
    assert cue.end - cue.start == 25


def test_cuts_fall_on_the_ends_of_phrases() -> None:
    """Law: a sentence or clause end is a better cut than the middle of a phrase, and an article stays with its noun."""
    pieces, seconds = spoken("Nobody tells you this about coffee: the grinder matters more than the machine.")
    texts = [cue.text for cue in cues(pieces, seconds)]
    assert texts[0] == "Nobody tells you this about coffee:"
    assert not any(text.endswith((" the", " a", " of")) for text in texts)


def test_two_lines_are_balanced_and_within_the_limit() -> None:
    """Law: two lines, both inside the width, neither a single orphan where a better cut exists."""
    pieces, _ = spoken("I thought the beans decide everything!")
    layout = lay(pieces, length, 21, 20)
    rows = [joined(line) for line in layout.lines]
    assert rows == ["I thought the beans", "decide everything!"]
    assert layout.scale == 1


def test_a_line_that_is_too_wide_is_scaled_down_and_not_cut_off() -> None:
    """Law: whatever the word is, the layout fits the room."""
    layout = lay([Piece("Rechtsschutzversicherung", 0, RATE, 0)], length, 12, 20)
    assert layout.scale == pytest.approx(0.5)


def test_what_an_interrupted_speaker_says_can_still_be_read() -> None:
    """Law: where lines overlap, the interrupted line's last cue stands for 5/6 s if the other's has as much left."""
    first, end = spoken("I said that we should bake the bread tonight.")
    second, seconds = spoken("And I said no, Milo, not tonight, please.", lead=end - 1.4)
    second = [Piece(piece.text, piece.start, piece.end, 1) for piece in second]
    found = cues([*first, *second], seconds)
    interrupted = [cue for cue in found if cue.pieces[0].utterance == 0][-1]
    following = next(cue for cue in found if cue.pieces[0].utterance == 1)
    assert first[-1].end > second[0].start, "the lines do not overlap: the test tests nothing"
    assert interrupted.end - interrupted.start >= 25
    assert following.end - following.start >= 25
