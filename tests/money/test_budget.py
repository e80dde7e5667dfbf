"""Caps: which money counts for which day, and what the settings say."""

import time
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from talkmill.errors import BudgetError, RequestError
from talkmill.money import seal
from talkmill.money.budget import Budget, Caps, period
from talkmill.money.ledger import Ledger
from talkmill.money.prices import Cost
from tests.money.fake import call


def stamp(text):
    """Unix time of a UTC time such as 2026-11-25 23:30."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.fixture
def clock(monkeypatch):
    """Sets the clock."""
    return lambda text: monkeypatch.setattr(time, "time", lambda: stamp(text))


def spend(root, caps, cost="0.10", number=None, **fields):
    """A reservation by a new process."""
    spend.count = getattr(spend, "count", 0) + 1
    asked = call(number or spend.count, **fields)
    cost = Cost(Decimal(cost), Decimal(cost), "fake/make", True)
    return Budget(Ledger(root), Caps.of(caps)).reserve(asked, asked.key, 1, cost)


def test_a_clock_an_hour_off_does_not_pass_a_cap(tmp_path, clock):
    """Law: with the day's cap used up at 23:30, a clock that jumps into the next day buys nothing, nor when it jumps back."""
    caps = {"per_day": "0.20"}
    clock("2026-11-25 23:30")
    spend(tmp_path, caps)
    spend(tmp_path, caps)
    for wrong in ("2026-11-26 00:30", "2026-11-25 22:30", "2026-11-26 00:10"):
        clock(wrong)
        with pytest.raises(BudgetError, match=r"budget\.per_day"):
            spend(tmp_path, caps)
    clock("2026-11-27 02:00")
    spend(tmp_path, caps)


def test_a_day_is_that_of_the_time_zone(tmp_path, clock):
    """Law: days begin at midnight of the configured zone, also in sealed totals, and days of 23 and 25 hours are whole."""
    caps = {"per_day": "0.10", "timezone": "Asia/Kathmandu"}  # UTC+5:45
    clock("2026-11-25 12:00")
    ledger = Ledger(tmp_path)
    ledger.append(spend(tmp_path, caps), "settled", charged="0.10")
    seal.seal(ledger, stamp("2026-11-26 00:01"))
    clock("2026-11-25 16:00")
    with pytest.raises(BudgetError):
        spend(tmp_path, caps)
    clock("2026-11-25 20:00")  # the next day there, more than an hour after its midnight
    spend(tmp_path, caps)
    start, end = period("per_day", stamp("2026-10-25 12:00"), "Europe/Berlin")
    assert end - start == 25 * 3600
    start, end = period("per_day", stamp("2026-03-29 12:00"), "Europe/Berlin")
    assert end - start == 23 * 3600
    assert period("per_month", stamp("2026-12-31 23:30"), "Europe/Berlin")[0] == stamp("2026-12-31 23:00")


def test_a_month_holds_all_its_days(tmp_path, clock):
    """Law: the cap of a month counts sealed days and open ones, and begins anew with the next month."""
    caps = {"per_month": "0.30"}
    ledger = Ledger(tmp_path)
    for day in ("02", "15"):
        clock(f"2026-11-{day} 12:00")
        ledger.append(spend(tmp_path, caps), "settled", charged="0.10")
    assert seal.seal(ledger, stamp("2026-11-16 12:00")) == 2
    clock("2026-11-20 12:00")
    spend(tmp_path, caps)
    with pytest.raises(BudgetError, match=r"budget\.per_month: the cap of 0\.30 USD would be passed by 0\.10 USD"):
        spend(tmp_path, caps)
    clock("2026-12-02 12:00")
    spend(tmp_path, caps)


def test_each_cap_counts_its_own(tmp_path, clock):
    """Law: a provider's and a character's cap count theirs alone; the whole counts all; settled money counts as it was."""
    caps = {"per_day": "1", "providers": {"fake": {"per_day": "0.30"}}, "characters": {"mia": {"per_day": "0.20"}}}
    clock("2026-11-25 12:00")
    ledger = Ledger(tmp_path)
    first = spend(tmp_path, caps, "0.20")
    with pytest.raises(BudgetError, match=r"characters\.mia"):
        spend(tmp_path, caps)
    spend(tmp_path, caps, label={"character": "tom"})
    with pytest.raises(BudgetError, match=r"providers\.fake"):
        spend(tmp_path, caps, label={"character": "tom"})
    ledger.append(first, "settled", charged="0.05")
    spend(tmp_path, caps)
    standing = {each.setting: each for each in Budget(Ledger(tmp_path), Caps.of(caps)).standing()}
    assert standing["budget.per_day"].counted == Decimal("0.25")
    assert standing["budget.characters.mia.per_day"].left == Decimal("0.05")
    assert set(standing) == {"budget.per_day", "budget.providers.fake.per_day", "budget.characters.mia.per_day"}


def test_a_ledger_in_another_currency_is_refused(tmp_path):
    """Law: caps and ledger are in one currency, or nothing is bought."""
    spend(tmp_path, {})
    with pytest.raises(RequestError, match=r"the ledger counts in USD \(found EUR\)"):
        spend(tmp_path, {"currency": "EUR"})


@pytest.mark.parametrize(
    ("caps", "message"),
    [
        ({"per_day": "ten"}, r"budget\.per_day: is no amount of money \(found 'ten'\)"),
        ({"per_call": -1}, r"budget\.per_call"),
        ({"providers": {"kling": {"per_month": "NaN"}}}, r"budget\.providers\.kling\.per_month"),
        ({"timezone": "Mars/Olympus"}, r"budget\.timezone: is no time zone"),
    ],
)
def test_wrong_caps_are_named(caps, message):
    """Law: a setting that is no amount or no zone is named, with what was found."""
    with pytest.raises(RequestError, match=message):
        Caps.of(caps)


def test_a_cap_of_nothing_buys_nothing(tmp_path):
    """Law: 0 is a cap; None is none."""
    with pytest.raises(BudgetError):
        spend(tmp_path, {"per_month": 0})
    spend(tmp_path, {"per_month": None})
