"""What a release cost, as its manifest says."""

from decimal import Decimal

from talkmill.stages.paying import cost_of
from talkmill.store import Making
from tests.money.fake import Fake, buyer, call


def test_what_cost_nothing_cost_nothing_in_the_currency_of_the_caps(tmp_path):
    """Law: an amount has the currency that the project counts in, also where nothing was bought."""
    assert cost_of(tmp_path, []) == {"amount": 0, "currency": "USD"}
    (tmp_path / "config.yaml").write_text("budget: {currency: EUR}\n")
    assert cost_of(tmp_path, [Making("k", {}, {})]) == {"amount": 0, "currency": "EUR"}


def test_a_release_costs_every_try_at_what_is_in_it(tmp_path):
    """Law: a call counts once, however many makings have it; what the ledger does not know is told."""
    shop = buyer(tmp_path, Fake())
    key = shop.buy(call(1), {}).key
    (tmp_path / "config.yaml").write_text("ledger: ledger\n")
    made = [Making(name, {}, {"bought": [key]}) for name in ("a", "b")]
    assert cost_of(tmp_path, made) == {"amount": float(Decimal("0.10")), "currency": "USD", "calls": 1}
    lost = Making("c", {}, {"bought": ["0" * 64]})
    assert cost_of(tmp_path, [*made, lost]) == {"amount": 0.1, "currency": "USD", "calls": 2, "unknown": 1}
