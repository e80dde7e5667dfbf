"""SIGKILL at every named point, for every kind of provider, in runs that go on after others."""

import pytest

from talkmill.money.points import POINTS
from tests.crash.ordeal import AGAIN, SOAK, many, matrix, ordeal

CASES = matrix() if SOAK else [case for index, case in enumerate(matrix()) if index % 7 == 3]


def test_a_killed_run_pays_once_and_loses_nothing(tmp_path):
    """Law: killed anywhere, a call is charged at most once, and what was billed is in the store or held."""
    results = many(range(len(CASES)), lambda index: ordeal(tmp_path / str(index), *CASES[index]))
    assert not [(case, faults) for case, (faults, _, _) in zip(CASES, results, strict=True) if faults]
    assert sum(killed for _, _, killed in results) >= len(CASES)
    codes = [code for _, code, _ in results]
    assert codes.count(0) > len(codes) / 2, "only what nobody can be asked about is held"
    print(f"{len(CASES)} cases, {sum(killed for _, _, killed in results)} kills, {codes.count(3)} held")
    print(f"{len(AGAIN)} run again: {AGAIN}")
    assert len(AGAIN) <= len(CASES) // 20 + 1  # more is no busy machine, but a fault


def test_the_sample_meets_every_point_and_mode():
    """Law: what is run without being asked for leaves out no point and no mode."""
    assert {case[0] for case in CASES} == set(POINTS)
    assert len({case[1] for case in CASES}) == 5
    assert {case[2] for case in CASES} == {0, 1, 2}
    assert len(matrix()) >= 210


@pytest.mark.parametrize("mode", ["charges", "blind", "lags"])
def test_an_intent_that_is_written_late_is_noticed(tmp_path, mode):
    """Law: with the intent written after the submit, these tests fail."""
    assert not ordeal(tmp_path / "right", "sent", mode, 0)[0]
    assert any("charged 2 times" in fault for fault in ordeal(tmp_path / "wrong", "sent", mode, 0, "late_intent")[0])
