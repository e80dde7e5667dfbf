"""Names of mouths: three schemes, what is missing and what stands in."""

from __future__ import annotations

import pytest

from talkmill.backends.portray import mouths

RHUBARB = list("ABCDEFGHX")
BLAIR = ["A I", "E", "O", "U", "C D G K N R S Th Y Z", "L", "W Q", "M B P", "F V", "rest"]
SHORT = ["AI", "E", "O", "U", "etc", "L", "WQ", "MBP", "FV", "rest"]
OCULUS = ["sil", "PP", "FF", "TH", "DD", "kk", "CH", "SS", "nn", "RR", "aa", "E", "I", "O", "U"]


def made(names: list[str], scheme: str) -> mouths.MouthSet:
    return mouths.mouth_set({name: f"mouths/{name}.png" for name in names}, scheme)


@pytest.mark.parametrize(
    ("names", "scheme"),
    [(RHUBARB, "rhubarb"), (BLAIR, "preston-blair"), (SHORT, "preston-blair"), (OCULUS, "oculus"),
     (["a", "b", "c", "d", "e", "f"], "rhubarb"), ([f"mouth-{n.lower()}" for n in RHUBARB], "rhubarb"),
     ([f"viseme_{n}" for n in OCULUS], "oculus"), (["Mouth_M-B-P", "Mouth_A.I", "mouth f v"], "preston-blair"),
     (["rest", "AI", "O"], "preston-blair"), (["A", "C", "D"], "rhubarb"), (["closed", "open"], "preston-blair"),
     (["sil", "aa"], "oculus"), (["A", "E", "I", "O", "U", "rest"], "preston-blair")],
)  # fmt: skip
def test_the_scheme_is_found_from_the_names(names, scheme):
    """Each scheme, in any case, with signs or a prefix, whole or in part."""
    assert mouths.scheme_of(names) == scheme
    found = made(names, scheme)
    assert not found.unknown
    assert not found.lacking()


@pytest.mark.parametrize("names", [[], ["smile", "frown"], ["E", "O"], ["A"]])
def test_names_that_say_too_little_are_no_scheme(names):
    """Nobody's names, and names that several schemes have, are not guessed at."""
    assert mouths.scheme_of(names) is None


@pytest.mark.parametrize(("names", "scheme"), [(RHUBARB, "rhubarb"), (SHORT, "preston-blair"), (OCULUS, "oculus")])
def test_a_whole_set_has_no_stand_in_and_uses_every_drawing(names, scheme):
    """All visemes are drawn, nothing is missing, no drawing is left out."""
    found = made(names, scheme)
    assert set(found.shapes) == set(mouths.VISEMES)
    assert not found.standing_in
    assert not found.missing()
    assert set(found.shapes.values()) == set(found.drawn)


def test_rhubarb_and_preston_blair_are_read_as_openfacefx_reads_them():
    """Closed, lip under teeth, open, tongue: by its tables."""
    rhubarb, blair = made(RHUBARB, "rhubarb").shapes, made(SHORT, "preston-blair").shapes
    assert [rhubarb[v] for v in ("sil", "PP", "FF", "nn", "aa", "E", "U", "DD")] == list("XAGHDCFB")
    assert [blair[v] for v in ("sil", "PP", "FF", "nn", "aa", "E", "U", "DD")] == [
        "rest",
        "MBP",
        "FV",
        "L",
        "AI",
        "E",
        "U",
        "etc",
    ]


def test_rhubarbs_optional_shapes_are_stood_in_for_by_its_own_rule():
    """Without G, H and X: A, C and A, and the report says so."""
    found = made(list("ABCDEF"), "rhubarb")
    assert [found.shapes[v] for v in ("FF", "nn", "sil")] == ["A", "C", "A"]
    assert {v: found.standing_in[v] for v in ("FF", "nn", "sil")} == {"FF": "A", "nn": "C", "sil": "A"}
    assert found.missing() == ["X", "G", "H"]


@pytest.mark.parametrize("viseme", [v for v in mouths.VISEMES if v not in ("sil", "PP", "aa", "W")])
def test_a_missing_mouth_is_stood_in_for_by_the_first_in_the_documented_order(viseme):
    """Of an Oculus set without that mouth, the first of `STAND_INS` that has a drawing of its own."""
    found = made([name for name in OCULUS if name != viseme], "oculus")
    first = next(v for v in mouths.STAND_INS[viseme] if v in OCULUS)
    assert found.shapes[viseme] == first
    assert found.standing_in[viseme] == first


@pytest.mark.parametrize("names", [["sil", "aa"], ["PP", "O"], ["sil", "E"]])
def test_two_mouths_are_enough_for_every_sound(names):
    """Closed and open: each viseme gets one of the two, and p, b, m the closed one."""
    found = made(names, "oculus")
    assert set(found.shapes) == set(mouths.VISEMES)
    assert found.shapes["PP"] == names[0]
    assert found.shapes["aa"] == names[1]


@pytest.mark.parametrize(
    ("names", "lacks"), [(["A", "B", "X"], ["open"]), (["B", "C", "D"], ["closed"]), (["B", "F"], ["closed", "open"])]
)
def test_a_set_without_a_closed_or_an_open_mouth_says_which(names, lacks):
    """No stand-in counts as closed or open."""
    assert made(names, "rhubarb").lacking() == lacks


def test_two_files_for_one_mouth_and_unknown_names_are_told():
    """`MBP` and `m` are the same drawing; `smile` is none."""
    found = made(["MBP", "m", "AI", "smile"], "preston-blair")
    assert found.twice == [("mouths/MBP.png", "mouths/m.png")]
    assert found.unknown == ["mouths/smile.png"]


def test_every_stand_in_order_ends_in_a_mouth_that_must_be_there():
    """Closed for the closed ones, else all three open ones are in the order."""
    for viseme, order in mouths.STAND_INS.items():
        assert viseme not in order
        reached = {viseme, *order}
        assert reached >= set(mouths.CLOSED) or reached >= {"aa", "E"} or viseme in mouths.CLOSED
