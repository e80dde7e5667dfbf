"""What was bought is not bought again, whatever happens to everything but the store and the ledger."""

from __future__ import annotations

import json
import shutil
from decimal import Decimal
from pathlib import Path

import pytest

from tests.workflow.paid.rehearsal import TEN, Paid


def test_ten_lines_are_ten_takes_and_ten_segments_as_quoted(first: Paid) -> None:
    """Law: the bill is the ledger's sum; the last lines of the run tell it beside the quote."""
    assert sorted(line.service for line in first.bill) == ["elevenlabs"] * 10 + ["kling"] * 10
    total = sum(line.amount for line in first.bill)
    assert total == first.spent()
    quoted = json.loads(first.quoted)
    takes = [item for item in quoted["items"] if item["provider"] == "elevenlabs"]
    assert all(item["exact"] for item in takes)
    assert sum(Decimal(item["expected"]) for item in takes) == sum(
        line.amount for line in first.bill if line.service == "elevenlabs"
    )
    assert not quoted["exact"]  # segments cannot be measured before the takes are there
    expected = Decimal(quoted["expected"])
    assert f"Bought: 20 calls for {total:.3f} USD (quoted: about {expected:.3f} USD for 20)." in first.done.text
    assert first.ask("quote").startswith("Nothing to buy.")


def test_one_changed_line_buys_its_take_and_its_segment_and_the_quote_says_so(ten: Paid) -> None:
    """Law: one line is one take and one segment; once the takes are there the quote is exact."""
    ten.edit("schedules/week.yaml", TEN[4], "You may touch it.")
    bought = ten.bought()
    heard = ten.run("audio")
    assert heard.code == 0
    assert "Bought: 1 call for 0.002 USD (quoted: 0.002 USD for 1)." in heard.text  # of what was asked for
    assert bought.counts == {"elevenlabs": 1}
    quoted = json.loads(ten.ask("quote", "--json"))
    assert quoted["exact"]
    assert [(item["provider"], item["making"]) for item in quoted["items"]] == [("kling", "4")]
    done = ten.lips()
    assert done.code == 0, done.text
    assert bought.counts == {"elevenlabs": 1, "kling": 1}
    assert bought.lines[0].quantity == len("You may touch it.")
    assert bought.lines[1].amount == Decimal(quoted["expected"])


def test_a_line_that_grows_by_two_seconds_buys_no_other(ten: Paid) -> None:
    """Law: a segment does not depend on where it stands."""
    longer = TEN[2] + " And that is what you can read about in the book today."
    ten.edit("schedules/week.yaml", TEN[2], longer)
    bought = ten.bought()
    done = ten.lips()
    assert done.code == 0, done.text
    assert bought.counts == {"elevenlabs": 1, "kling": 1}
    old = min(Decimal(each.first["amount"]) for each in ten.attempts() if each.label["making"] == "2" and "kling" in each.title)
    assert bought.lines[1].quantity - old > Decimal("1.9")


def test_nothing_but_the_store_and_the_ledger_is_needed_to_buy_nothing(ten: Paid, tmp_path: Path) -> None:
    """Law: a new adapter, another price, --forceall, a new clone without .snakemake and build/: no call is made."""
    bought = ten.bought()
    seen = sum(sum(ten.box[name].seen.values()) for name in ("kling", "elevenlabs"))
    shutil.rmtree(ten.root / ".snakemake")
    shutil.rmtree(ten.root / "build")
    clone = ten.copy(tmp_path / "clone")
    for name in ("store", "ledger"):
        shutil.rmtree(clone.root / name)
    clone.env |= {"TALKMILL_STORE": str(ten.root / "store"), "TALKMILL_LEDGER": str(ten.root / "ledger")}
    row = {"unit": "second", "price": 0.5, "source": "a test"}
    clone.set(prices={"rows": {"kling/avatar/std": row, "elevenlabs/text-to-speech": {**row, "unit": "character"}}})
    assert clone.ask("quote").startswith("Nothing to buy.")
    clone.env["TEST_ADAPTERS"] = "7"
    before = len(clone.targets("lipsync"))
    done = clone.lips("--forceall")
    assert done.code == 0, done.text
    assert done.jobs["speak"] == done.jobs["lipsync"] == before
    assert "made lipsync kling" in (clone.root / done_log(clone)).read_text()
    assert "Bought: 0 calls for 0.000 USD" in done.text
    assert bought.lines == []
    assert sum(sum(ten.box[name].seen.values()) for name in ("kling", "elevenlabs")) == seen


def done_log(project: Paid) -> str:
    """The log of the only lipsync job."""
    (path,) = (project.root / "build").rglob("lipsync-*.log")
    return str(path.relative_to(project.root))


def test_a_take_is_bought_anew_when_the_user_says_so_and_once(ten: Paid) -> None:
    """Law: TALKMILL_REBUY=KEY buys that call, remakes what hangs on it, and buys it once in a run."""
    keys = {each.label["making"]: each.key[:12] for each in ten.attempts() if each.first["provider"] == "kling"}
    ten.env["TALKMILL_REBUY"] = keys["3"]
    assert [item["making"] for item in json.loads(ten.ask("quote", "--json"))["items"]] == ["3"]
    bought = ten.bought()
    done = ten.lips()
    assert done.code == 0, done.text
    assert done.jobs == {"lipsync": 1}
    assert bought.counts == {"kling": 1}
    del ten.env["TALKMILL_REBUY"]
    assert ten.lips().jobs == {}


def test_a_whole_episode_is_finished_of_what_was_bought_and_no_key_is_in_any_file(ten: Paid) -> None:
    """Law: keys are in the environment only: not in tickets, logs, the store, the ledger, the manifest, or the mp4's bytes."""
    ten.script({"whole": [TEN[0], TEN[9]]})  # the first and the last: their segments are as long as they were
    bought = ten.bought()
    done = ten.run()
    assert done.code == 0, done.text
    assert bought.lines == []
    assert "CANARY" not in done.text
    out = ten.root / "out"
    assert {"square.mp4", "manifest.json"} <= {path.name for path in (out / "whole/en").iterdir()}
    assert (out / "report.html").exists()
    told = ten.manifest("whole")
    cost = sum(float(each.counts) for each in ten.attempts() if each.label["making"] in ("0", "9"))
    assert told["cost"] == {"amount": pytest.approx(cost), "currency": "USD", "calls": 4}
    assert "lips of Grace (kling)" in [credit["what"] for credit in told["credits"]]
    assert holding(ten.root, b"CANARY") == []
    assert any(name.startswith("ledger/") for name in holding(ten.root, b"elevenlabs"))


def holding(root: Path, text: bytes) -> list[str]:
    """Files that hold a text."""
    return [str(path.relative_to(root)) for path in root.rglob("*") if path.is_file() and text in path.read_bytes()]
