"""Prices: steps, rates, whose row counts, and that the shipped table is whole."""

from datetime import date
from decimal import Decimal
from importlib import resources

import pytest
import yaml

from talkmill.errors import RequestError
from talkmill.model.calls import Call
from talkmill.money.prices import Prices

SHIPPED = yaml.safe_load(resources.files("talkmill.money").joinpath("prices.yaml").read_text(encoding="utf-8"))


def cost(provider, operation, model, amount, own=None, currency="USD", exact=True):
    """Expected cost of an amount."""
    return Prices.of(own, currency).cost(Call(provider, operation, model, {}, amount=Decimal(amount), exact=exact))


@pytest.mark.parametrize(
    ("call", "price"),
    [
        (("kling", "lip-sync", "", "3"), "0.07"),
        (("kling", "lip-sync", "", "5"), "0.07"),
        (("kling", "lip-sync", "", "5.001"), "0.14"),
        (("kling", "identify-face", "", "1"), "0.007"),
        (("kling", "avatar", "std", "9.2"), "0.56"),
        (("kling", "image", "kling-v3", "2"), "0.056"),
        (("elevenlabs", "text-to-speech", "eleven_v3", "120"), "0.012"),
        (("elevenlabs", "text-to-speech", "eleven_flash_v2_5", "120"), "0.006"),
        (("fal", "lip-sync", "fal-ai/kling-video/lipsync/audio-to-video", "7"), "0.14"),
        (("fal", "lip-sync", "fal-ai/latentsync", "12"), "0.20"),
        (("fal", "lip-sync", "fal-ai/latentsync", "50"), "0.25"),
        (("fal", "image", "fal-ai/flux/dev", "1.05"), "0.05"),
    ],
)
def test_amounts_are_rounded_up_to_the_billing_step(call, price):
    """Law: what is begun is billed, to the exact decimal."""
    assert cost(*call).expected == Decimal(price)
    assert cost(*call).worst == Decimal(price)


def test_a_guess_is_reserved_with_something_over():
    """Law: an amount that is not known exactly is reserved at more than expected, in whole steps."""
    found = cost("kling", "lip-sync", "", "5", exact=False)
    assert (found.expected, found.worst, found.exact) == (Decimal("0.07"), Decimal("0.14"), False)


def test_the_users_row_and_rate_stand_over_ours():
    """Law: the row of the model, then that of the operation; the user's own in place of ours."""
    own = {"rows": {"kling/lip-sync": {"unit": "second", "price": 1, "step": 2}, "new/thing": {"price": "0.5"}}}
    assert cost("kling", "lip-sync", "", "3", own).expected == 4
    assert cost("new", "thing", "any", "1", own).row == "new/thing"
    own["rates"] = {"EUR": {"per": "USD", "rate": "1.25"}, "token": {"per": "EUR", "rate": "2"}}
    own["rows"]["new/thing"] = {"price": 3, "currency": "token"}
    assert cost("new", "thing", "", "1", own).expected == Decimal("7.5")
    assert cost("new", "thing", "", "1", own, "EUR").expected == 6
    assert cost("kling", "identify-face", "", "1", own, "EUR").expected == Decimal("0.0056")


@pytest.mark.parametrize(
    ("own", "message"),
    [
        ({}, r"no price for new/thing, so it is not bought"),
        ({"rows": {"new/thing": {"price": "much"}}}, r"prices\.rows\.new/thing\.price: .*found 'much'"),
        ({"rows": {"new/thing": {"unit": "call"}}}, r"prices\.rows\.new/thing\.price"),
        ({"rows": {"new/thing": 5}}, r"prices\.rows\.new/thing: is no price"),
        ({"rows": {"new/thing": {"price": 1, "step": 0}}}, r"\.step"),
        ({"rows": {"new/thing": {"price": -1}}}, r"\.price"),
        ({"rows": {"new/thing": {"price": 1, "currency": "YEN"}}}, r"no rate from YEN to USD"),
        ({"rows": {"new/thing": {"price": 1}}, "rates": {"EUR": {"rate": 0}}}, r"prices\.rates\.EUR\.rate"),
    ],
)
def test_what_has_no_usable_price_is_refused(own, message):
    """Law: nothing is bought at a price that is not known."""
    with pytest.raises(RequestError, match=message):
        cost("new", "thing", "", "1", own)


def test_a_circle_of_rates_ends():
    """Law: rates that lead nowhere are an error, not a hang."""
    own = {
        "rows": {"a/b": {"price": 1, "currency": "x"}},
        "rates": {"x": {"per": "y", "rate": 1}, "y": {"per": "x", "rate": 1}},
    }
    with pytest.raises(RequestError, match="no rate"):
        cost("a", "b", "", "1", own)


def test_the_shipped_table_says_where_and_when():
    """Law: every row and rate has a source and a date that is no later than now, and a unit that is known."""
    for name, row in {**SHIPPED["rows"], **SHIPPED["rates"]}.items():
        assert row["source"], name
        assert isinstance(row["as_of"], date), name
        assert row["as_of"].year >= 2026, name
    assert {row["unit"] for row in SHIPPED["rows"].values()} <= {"second", "character", "image", "call", "megapixel"}
    assert all(name.split("/")[0] in ("kling", "elevenlabs", "fal") for name in SHIPPED["rows"])
