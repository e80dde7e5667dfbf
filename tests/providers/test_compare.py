"""The ledger against Kling's own list, and what is asked of held calls."""

from __future__ import annotations

import json
import time

import pytest
import yaml

from talkmill.cli import main
from talkmill.errors import OutcomeUnknown
from talkmill.model.calls import Call
from talkmill.money import Buyer, Caps, Ledger, Prices, Settings, reconcile
from talkmill.money.compare import KEPT, compare
from talkmill.store import Store
from tests.providers.conftest import KEY, avatar


@pytest.fixture
def shop(tmp_path, kling):
    settings = Settings(first_wait=0.01, last_wait=0.02, deadline=20, run="test")
    return Buyer(Store(tmp_path / "store"), Ledger(tmp_path / "ledger"), Prices.of(), Caps(), {"kling": kling}, settings)


@pytest.fixture
def bought(shop, media):
    """An avatar that was bought."""
    files = {"image": media["image"], "sound": media["sound"]}
    shop.buy(avatar(label={"episode": "talk"}), files)
    return files


def told(shop, **more):
    return [(each.kind, each.what) for each in compare(shop.ledger, shop.providers, **more)]


def task_of(shop):
    (attempt,) = shop.ledger.attempts().values()
    return attempt.task.id


def test_a_ledger_and_a_list_that_agree_have_no_difference(shop, bought, kling, media):
    """Tasks of other programs in the same account are nobody's business."""
    kling.submit(avatar(), bought, "made-by-hand", media["image"].parent)
    assert told(shop) == []


def test_a_task_that_the_provider_does_not_list_is_missing(shop, bought, box):
    """It may be another account's key; named with its task. A list may be a minute behind."""
    number = task_of(shop)
    del box["kling"].tasks[number]
    assert told(shop) == []
    ((kind, what),) = told(shop, now=time.time() + 61)
    assert kind == "missing"
    assert f"for talk: task {number} is in the ledger (settled) and not in kling's list." in what


def test_a_task_of_ours_that_the_ledger_does_not_have_is_extra(shop, bought, kling, media):
    """By the handle that we gave it."""
    handle = f"tm-{'a' * 48}-1"
    number = kling.submit(avatar(), bought, handle, media["image"].parent).id
    ((kind, what),) = told(shop)
    assert kind == "extra"
    assert what.startswith(f"kling: task {number} (avatar, {handle}) is in no record of this ledger.")


def test_a_task_that_arrived_after_all_is_extra(shop, bought, kling, media):
    """The ledger took it for lost and refunded; the provider has it."""
    call = avatar(inputs={"x": "y"})
    attempt = shop.budget.reserve(call, call.key, 1, shop.cost(call))
    attempt = shop.ledger.append(attempt, "intent", handle=attempt.handle)
    kling.submit(avatar(), bought, attempt.handle, media["image"].parent)
    assert told(shop) == []
    shop.ledger.append(attempt, "failed_refunded", reason="never arrived")
    ((kind, what),) = told(shop)
    assert kind == "extra"
    assert "the ledger says that it never came about (failed, refunded)" in what


def test_what_is_older_than_the_list_goes_is_not_compared(shop, bought, box):
    """Kling forgets after thirty days; that is no difference."""
    box["kling"].tasks.clear()
    assert told(shop, now=time.time() + KEPT + 5) == []


def test_a_provider_that_does_not_answer_is_told(shop, bought, box, monkeypatch):
    """No answer is no agreement."""
    monkeypatch.setattr(shop.providers["kling"], "listed", lambda since: (_ for _ in ()).throw(OutcomeUnknown("kling: x.")))
    assert told(shop) == [("unasked", "kling: could not be asked for its tasks: kling: x.")]


def test_more_tasks_than_a_page_holds_are_all_listed(shop, bought, monkeypatch, kling, media):
    """Page by page."""
    from talkmill.providers import kling as module

    monkeypatch.setattr(module, "PAGE", 2)
    for number in range(4):
        kling.submit(avatar(), bought, f"tm-{number}", media["image"].parent)
    assert len(list(kling.listed(0))) == 5
    assert [kind for kind, _ in told(shop)] == ["extra"] * 4
    assert list(kling.listed(time.time() + 1e6)) == []


def test_what_has_no_list_or_no_handle_is_not_asked_for(kling, shop):
    """The new standard's tasks are not listed; a single lip sync, a face, cannot be found by our name for it."""
    asked = {"image-to-video-720p": "kling-3.0", "identify-face": "", "lip-sync": "", "avatar": "std"}
    assert [kling.lists(Call("kling", name, model, {})) for name, model in asked.items()] == [False, False, True, True]
    for operation, finding in (
        ("identify-face", "it cannot be asked"),
        ("lip-sync-single", "it cannot be asked"),
        ("avatar", "it has no such task: not charged"),
    ):
        call = Call("kling", operation, "std" if operation == "avatar" else "", {"operation": operation})
        attempt = shop.budget.reserve(call, call.key, 1, shop.cost(call))
        shop.ledger.append(shop.ledger.append(attempt, "intent", handle=attempt.handle), "held", reason="no answer")
        found = {each.attempt.key: each.finding for each in reconcile.waiting(shop.ledger, shop.providers)}
        assert found[call.key] == finding


def test_the_command_names_one_that_is_missing_and_one_that_is_extra(
    shop, bought, box, kling, media, upload, monkeypatch, capsys
):
    """And ends with 1; with 0 where they agree, and with 3 where a call is held."""
    root = shop.ledger.root.parent
    (root / "config.yaml").write_text(
        yaml.safe_dump({"providers": {"kling": {"base_url": box.url("kling"), "upload": upload}}})
    )
    (root / "characters").mkdir()
    (root / "characters/a.yaml").write_text("name: A\nportrait: {style: personas, seed: a}\nvoice: {backend: espeak}\n")
    monkeypatch.setenv("KLING_API_KEY", KEY)
    ask = ["reconcile", "--ask", "--root", str(root)]
    assert main(ask) == 0
    assert capsys.readouterr().out == "No call waits.\n"
    number = task_of(shop)
    extra = kling.submit(avatar(), bought, "tm-other-1", media["image"].parent).id
    del box["kling"].tasks[number]
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 61)
    assert main(ask) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [number in lines[1], extra in lines[2], len(lines)] == [True, True, 3]
    assert main([*ask, "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert [each["kind"] for each in found["differences"]] == ["missing", "extra"]
    assert found["calls"] == []
