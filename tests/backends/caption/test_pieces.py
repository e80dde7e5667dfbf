"""Words to pieces: scripts without spaces, long words, marks."""

from __future__ import annotations

from itertools import pairwise

from talkmill.backends.caption.cues import joined
from talkmill.backends.caption.pieces import of


def test_japanese_is_cut_between_phrases_and_its_time_is_shared() -> None:
    """Law: text without spaces breaks between phrases; the parts cover the word's time without a hole."""
    text = "今日はコーヒーについて話します。"
    pieces = of([[text, 48_000, 240_000, 0]], "ja")
    assert len(pieces) > 2
    assert joined(pieces) == text
    assert pieces[0].start == 48_000
    assert pieces[-1].end == 240_000
    assert all(left.end == right.start for left, right in pairwise(pieces))


def test_a_script_without_a_phrase_model_is_cut_by_character() -> None:
    """Law: Lao has no spaces and no model; marks stay on their letters."""
    pieces = of([["ສະບາຍດີທຸກຄົນວັນນີ້", 0, 96_000, 0]], "lo")
    assert len(pieces) > 3
    assert joined(pieces) == "ສະບາຍດີທຸກຄົນວັນນີ້"
    import unicodedata

    assert not any(unicodedata.category(piece.text[0]).startswith("M") for piece in pieces)


def test_a_word_longer_than_a_line_is_cut_with_a_hyphen_only_where_the_line_ends() -> None:
    """Law: the hyphen of a cut word is seen at a line's end and nowhere else."""
    word = "Donaudampfschifffahrtsgesellschaftskapitän"
    pieces = of([[word, 0, 96_000, 0]], "de")
    assert len(pieces) == 2
    assert joined(pieces) == word
    assert joined(pieces[:1]).endswith("-")


def test_a_mark_alone_joins_the_word_before_it() -> None:
    """Law: a dash or an ellipsis that stands alone never begins a line."""
    pieces = of([["Well", 0, 100, 0], ["–", 100, 120, 0], ["yes", 120, 300, 0]], "en")
    assert [piece.text for piece in pieces] == ["Well –", "yes"]
    assert pieces[0].end == 120
