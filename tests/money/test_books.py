"""Spend, reconcile and rate: tables, decisions, and the commands."""

import json
from decimal import Decimal

import pytest

from talkmill.cli import main
from talkmill.errors import HeldError, OutcomeUnknown, RequestError
from talkmill.money import rate, reconcile, seal, spend
from talkmill.money.ledger import Ledger
from tests.money.fake import Fake, buyer, call
from tests.specs.project import ADA


@pytest.fixture
def shop(tmp_path):
    """Three calls bought, one of them sealed, and one held."""
    (tmp_path / "characters").mkdir()
    (tmp_path / "config.yaml").write_text("ledger: ledger\n")
    shop = buyer(tmp_path, Fake("none"))
    for number, amount, who, setting in ((1, 5, "mia", "768"), (2, 10, "mia", "1024"), (3, 5, "tom", "768")):
        label = {"episode": f"e{number}", "character": who, "stage": "lipsync", "setting": setting}
        shop.buy(call(number, amount, label=label), {})
        if number == 1:
            assert seal.seal(shop.ledger, 4e9) == 1
    shop.providers["fake"].script = [OutcomeUnknown("no answer")]
    with pytest.raises(HeldError):
        shop.buy(call(4), {})
    return shop


def test_spend_is_grouped_and_summed(shop):
    """Law: tables hold sealed and open attempts, exact money, and what is held apart from what is spent."""
    found = spend.table(Ledger(shop.ledger.root), ["character", "setting"])
    rows = {tuple(row[:2]): tuple(row[2:5]) for row in found.itertuples(index=False)}
    assert rows[("mia", "768")] == (1, Decimal("0.10"), Decimal("0.00"))
    assert rows[("mia", "1024")] == (1, Decimal("0.20"), Decimal("0.00"))
    assert rows[("mia", "")] == (1, Decimal("0.00"), Decimal("0.10"))
    assert rows[("tom", "768")][1] == Decimal("0.10")
    text = spend.to_text(found)
    assert "in all: 0.40 USD spent, 0.10 USD reserved or held" in text
    assert spend.to_text(spend.table(Ledger(shop.ledger.root / "none"), ["day"])) == "Nothing was spent."
    with pytest.raises(RequestError, match="knows no 'weather'"):
        spend.table(shop.ledger, ["weather"])


def test_held_calls_are_listed_with_what_the_provider_says(shop):
    """Law: a held call is named with its reason; a provider that can be asked is asked."""
    found = reconcile.waiting(shop.ledger, shop.providers)
    assert [each.attempt.state for each in found] == ["held"]
    assert found[0].finding == "it cannot be asked"
    assert "no answer; it cannot be asked" in reconcile.to_text(found)
    shop.providers["fake"].handles = "lookup"
    assert reconcile.waiting(shop.ledger, shop.providers)[0].finding == "it has no such task: not charged"
    shop.providers["fake"].take(call(4), found[0].attempt.handle)
    assert reconcile.waiting(shop.ledger, shop.providers)[0].finding.endswith(": done")


def test_a_decision_is_taken_once_and_on_record(shop):
    """Law: charged counts, not charged does not, and a second decision finds nothing to decide."""
    with pytest.raises(RequestError, match="has no task to ask for"):
        reconcile.resolve(shop.ledger, call(4).key, "again")
    done = reconcile.resolve(shop.ledger, call(4).key[:12], "not-charged", "looked at the account")
    assert done.counts == 0
    assert done.last["note"] == "looked at the account"
    with pytest.raises(RequestError, match=r"names 0 held calls \(held: none\)"):
        reconcile.resolve(shop.ledger, call(4).key[:12], "charged")
    assert reconcile.to_text(reconcile.waiting(shop.ledger)) == "No call waits."


def test_what_a_setting_cost_is_set_against_ratings(shop):
    """Law: rated episodes give cost and stars by setting; the last rating counts."""
    ledger = shop.ledger
    assert "No rated episode" in rate.to_text(rate.worth(ledger))
    for episode, stars in (("e1", 1), ("e2", 5), ("e3", 4), ("e1", 2)):
        rate.rate(ledger, episode, stars)
    found = {row.setting: row for row in rate.worth(ledger).itertuples()}
    assert (found["768"].episodes, found["768"].cost, found["768"].stars) == (2, pytest.approx(0.10), 3.0)
    assert found["1024"].cost_per_star == pytest.approx(0.04)
    with pytest.raises(RequestError, match="cannot be rated 6"):
        rate.rate(ledger, "e1", 6)


def test_the_commands_end_as_they_should(shop, capsys):
    """Law: tables as text, CSV and JSON; held calls end with 3 until they are decided; wrong requests end with 2."""
    root = ["--root", str(shop.ledger.root.parent)]
    (shop.ledger.root.parent / "characters" / "ada.yaml").write_text(ADA)

    def told(*arguments):
        code = main([*arguments, *root])
        return code, capsys.readouterr()

    code, shown = told("spend", "--by", "provider", "--csv")
    assert (code, shown.out) == (0, "provider,calls,spent,open,currency\nfake,4,0.40,0.10,USD\n")
    assert json.loads(told("spend", "--json", "--by", "provider")[1].out)[0]["spent"] == "0.40"
    assert "fake" in told("spend")[1].out
    code, shown = told("reconcile", "--json")
    assert code == 3
    key = json.loads(shown.out)[0]["key"]
    assert told("reconcile", "--charged")[0] == 2
    assert told("reconcile", key[:12], "--charged", "--note", "seen")[0] == 0
    assert told("reconcile")[0] == 0
    assert told("reconcile", "--looked")[0] == 0
    assert told("rate", "e1", "4")[0] == 0
    assert told("rate", "e1")[0] == 2
    assert told("rate", "e1", "9")[0] == 2
    assert "768" in told("rate")[1].out
    assert told("rate", "--csv")[1].out.startswith("stage,operation")
