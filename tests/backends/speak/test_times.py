"""From symbols to phonemes and words."""

from __future__ import annotations

import numpy as np
import pytest

from talkmill.backends.speak import edges, text
from talkmill.backends.speak.times import Phone, assign, letters, phones


def spans(tokens):
    return [(p.symbol, p.start, p.end) for p in phones(tokens)]


def test_a_stress_mark_belongs_to_the_phone_after_it():
    """Law: a stress mark's duration is the start of the following phone."""
    assert spans([("h", 10), ("ˈ", 5), ("a", 20), ("ɪ", 10)]) == [("h", 0, 10), ("a", 10, 35), ("ɪ", 35, 45)]


def test_a_length_mark_and_a_diacritic_belong_to_the_phone_before_them():
    """Law: length is time only; a diacritic stays in the symbol."""
    assert spans([("i", 10), ("ː", 5), ("ɔ", 10), ("\u0303", 4)]) == [("i", 0, 15), ("ɔ̃", 15, 29)]


def test_a_space_is_shared_but_goes_wholly_to_p_b_and_m():
    """Law: a space between phones is no pause: half to each, or all of it to a following p, b or m (its closure)."""
    assert spans([("a", 10), (" ", 6), ("t", 10)]) == [("a", 0, 13), ("t", 13, 26)]
    assert spans([("a", 10), (" ", 6), ("m", 10)]) == [("a", 0, 10), ("m", 10, 26)]


def test_punctuation_and_edges_are_one_pause():
    """Law: ^, $, punctuation and the spaces beside them make one pause."""
    assert spans([("^", 7), ("a", 10), (",", 6), (" ", 4), ("ˈ", 2), ("o", 10), (".", 3), ("$", 1)]) == [
        ("", 0, 7),
        ("a", 7, 17),
        ("", 17, 27),
        ("o", 27, 39),
        ("", 39, 43),
    ]


def test_an_engines_diphthong_is_two_letters():
    """Law: phonemes are single letters."""
    assert letters("ˈoʊ") == ["o", "ʊ"]
    assert letters("ɑ̃ː") == ["ɑ̃"]


@pytest.mark.parametrize(
    ("heard", "words", "expected"),
    [
        ("ʌvðə", ["ʌv", "ðiː"], [0, 0, 1, 1]),  # two written words spoken as one
        ("twɛnti sɪks", ["twɛnti sɪks"], [0] * 10),  # one written word spoken as two
        ("kæt dɒɡ", ["kæt", "dɒɡ"], [0, 0, 0, 1, 1, 1]),
    ],
)
def test_words_are_found_where_an_engine_joins_and_expands_them(heard, words, expected):
    """Law: the cheapest alignment of what was heard with the words spoken alone gives every phone its word."""
    spoken = phones([(c, 10) for c in heard])
    assign(spoken, [(n, list(word)) for n, word in enumerate(words)])
    assert [phone.word for phone in spoken] == expected


def test_a_pause_ends_where_sound_begins_and_late_labels_move():
    """Law: edges to silence are where the energy is; other edges move by the engine's lateness."""
    rate = 1000
    sound = np.concatenate([np.zeros(200), np.full(400, 0.5), np.zeros(400)]).astype(np.float32)
    found = [Phone("", 0, 250), Phone("a", 250, 450), Phone("o", 450, 900), Phone("", 900, 1000)]
    edges.refine(found, sound, rate, 0.05)
    assert found[0].end == pytest.approx(200, abs=10)
    assert found[1].end == found[2].start == 400
    assert found[2].end == pytest.approx(600, abs=10)


def test_sentences_end_at_their_dots_and_not_at_abbreviations():
    """Law: "Dr.", "e.g." and initials end no sentence; "3.5" and a lower-case word after a dot do not begin one."""
    line = "I saw Dr. Lee, e.g. Then J. Smith paid 3.5 % of it. and left! Done?"
    words = line.split()
    assert [" ".join(words[i] for i in group) for group in text.sentences(words)] == [
        "I saw Dr. Lee, e.g. Then J. Smith paid 3.5 % of it. and left!",
        "Done?",
    ]


def test_a_sentence_without_end_is_cut():
    """Law: an engine never sees more than LONGEST words."""
    groups = text.sentences(["word"] * 500)
    assert max(map(len, groups)) <= text.LONGEST
    assert [i for group in groups for i in group] == list(range(500))


def test_control_characters_are_no_words_and_accents_are_composed():
    """Law: words are NFC and hold no control characters."""
    assert text.written("cafe\u0301\x00 \u0007 o\x1bk\n\tnow\u200b") == ("café", "ok", "now\u200b")


@pytest.mark.parametrize(
    ("word", "language", "expected"),
    [
        ("$3.50", "en", "3 dollars 50"),
        ("€1", "en-GB", "1 euro"),
        ("£1,200.00!", "en", "1,200 pounds!"),
        ("$5", "es", "5 dólares"),
        ("$5", "de", "5 $"),
        ("(**now**)", "en", "( now )"),
        ("Dr.", "en", "Dr"),
        ("you’re", "en", "you're"),
        ("👩‍🚀", "en", ""),
        ("5°C", "en", "5°C"),
    ],
)
def test_signs_are_given_to_an_engine_as_they_are_said(word, language, expected):
    """Law: money is said after its amount; mark-up and emoji are not said."""
    assert text.spoken(word, language) == expected
