"""The way of a purchase, and everything a provider can answer on it."""

import time
from dataclasses import replace
from decimal import Decimal

import pytest

from talkmill.errors import (
    AccountError,
    BudgetError,
    Duplicate,
    HeldError,
    NotAccepted,
    OutcomeUnknown,
    ProviderError,
    Refused,
    RequestError,
)
from talkmill.model.calls import Answer, Done, Failed
from talkmill.money import reconcile
from talkmill.store import file_digest
from tests.money.fake import PENDING, Fake, buyer, call, state


def counted(shop):
    """What the ledger counts."""
    return sum((each.counts for each in shop.ledger.attempts().values()), Decimal(0))


def test_a_call_is_bought_once(tmp_path):
    """Law: the second time it comes from the store, in this process and in another buyer, and nothing is asked."""
    fake = Fake(polls=[PENDING, PENDING])
    bought = buyer(tmp_path, fake).buy(call(), {})
    again = buyer(tmp_path, fake).buy(call(), {})
    assert fake.charges == 1
    assert again == bought
    assert bought.files["result"].read_bytes()
    assert bought.files["result"].stat().st_mode & 0o222 == 0


def test_the_key_is_over_what_is_sent_along(tmp_path):
    """Law: another file sent along is another call, and the making's key is that of the call with its inputs."""
    fake = Fake()
    shop = buyer(tmp_path, fake)
    path = tmp_path / "sound"
    path.write_bytes(b"one")
    first = shop.buy(call(), {"sound": path})
    assert first.key == replace(call(), inputs={"sound": file_digest(path)}).key
    path.write_bytes(b"two")
    assert shop.buy(call(), {"sound": path}).key != first.key
    assert fake.charges == 2


def test_an_answer_at_once_is_kept_and_settled_at_what_it_cost(tmp_path):
    """Law: a provider that answers at once needs no task, and its own bill is counted, in the currency of the caps."""

    def at_once(call, files, handle, workdir):
        (workdir / "sound").write_bytes(b"sound")
        return Answer({"sound": workdir / "sound"}, charged=Decimal("0.5"), currency="kling-unit", facts={"words": 3})

    shop = buyer(tmp_path, Fake("none", [at_once]))
    bought = shop.buy(call(), {})
    assert bought.files["sound"].read_bytes() == b"sound"
    assert bought.facts == {"words": 3}
    assert counted(shop) == Decimal("0.070")


def test_over_a_cap_nothing_is_submitted(tmp_path):
    """Law: the error says by how much and names the setting; nothing is sent and nothing stays reserved."""
    fake = Fake()
    with pytest.raises(BudgetError, match=r"budget\.per_call: the cap of 0\.15 USD would be passed by 0\.05 USD"):
        buyer(tmp_path, fake, {"per_call": "0.15"}).buy(call(amount="7"), {})
    shop = buyer(tmp_path, fake, {"per_call": "0.15", "characters": {"mia": {"per_day": "0.25"}}})
    shop.buy(call(1), {})
    shop.buy(call(2), {})
    with pytest.raises(BudgetError, match=r"budget\.characters\.mia\.per_day: .* by 0\.05 USD .* 0\.20 USD spent or reserved"):
        shop.buy(call(3), {})
    assert fake.charges == len(fake.submits) == 2
    shop.buy(call(3, label={"character": "tom"}), {})


def test_what_has_no_price_is_not_bought(tmp_path):
    """Law: an unpriced call is refused before anything is written or sent."""
    fake = Fake()
    with pytest.raises(RequestError, match=r"no price for fake/draw.*prices\.rows"):
        buyer(tmp_path, fake).buy(call(operation="draw"), {})
    assert not fake.submits
    with pytest.raises(RequestError, match="nobody: is not set up"):
        buyer(tmp_path, fake).buy(replace(call(), provider="nobody"), {})


def test_not_taken_is_sent_again_under_the_same_handle(tmp_path):
    """Law: what was certainly not taken is repeated, no more often than set, and costs nothing in the end."""
    fake = Fake(script=[NotAccepted("busy"), NotAccepted("busy", wait=0.01)])
    shop = buyer(tmp_path, fake)
    shop.buy(call(), {})
    assert len(fake.submits) == 3
    assert len(set(fake.submits)) == 1
    fake = Fake(script=[NotAccepted("busy")] * 9)
    shop = buyer(tmp_path, fake, tries=4)
    with pytest.raises(ProviderError, match=r"not taken in 4 tries .*Nothing was charged"):
        shop.buy(call(2), {})
    assert len(fake.submits) == 4
    assert state(shop, call(2)) == "failed_refunded"
    with pytest.raises(ProviderError, match="not taken in 1 tries"):
        buyer(tmp_path, Fake(script=[NotAccepted("come back tomorrow", wait=9999)])).buy(call(3), {})


def test_refused_is_final_and_costs_nothing(tmp_path):
    """Law: a refusal is told as it is, nothing is repeated, and the reservation is let go."""
    fake = Fake(script=[Refused("the text is not allowed")])
    shop = buyer(tmp_path, fake)
    with pytest.raises(Refused, match="not allowed"):
        shop.buy(call(), {})
    assert len(fake.submits) == 1
    assert counted(shop) == 0


def test_a_shut_account_stops_submissions_but_not_polling(tmp_path):
    """Law: after one AccountError no process of this run submits to that provider; a task under way is still fetched."""
    fake = Fake(polls=[NotAccepted("later")] * 1000)
    with pytest.raises(ProviderError, match="goes on from here"):
        buyer(tmp_path, fake, deadline=0.05).buy(call(1), {})
    fake.polls = []
    fake.script = [AccountError("the balance is used up")]
    with pytest.raises(AccountError, match="used up"):
        buyer(tmp_path, fake).buy(call(2), {})
    with pytest.raises(AccountError, match=r"in this run .*used up"):
        buyer(tmp_path, fake).buy(call(3), {})
    assert len(fake.submits) == 2
    buyer(tmp_path, fake).buy(call(1), {})
    buyer(tmp_path, fake, run="the next one").buy(call(3), {})
    assert fake.charges == 2


@pytest.mark.parametrize("taken", [True, False])
def test_an_unanswered_submit_is_asked_for(tmp_path, taken):
    """Law: found, it is adopted; not found, it is sent again under the same handle. Either way it is charged once."""
    fake = Fake()

    def lost(call, files, handle, workdir):
        if taken:
            fake.take(call, handle)
        raise OutcomeUnknown("no answer")

    fake.script = [lost]
    shop = buyer(tmp_path, fake)
    shop.buy(call(), {})
    assert fake.charges == 1
    assert len(fake.submits) == (1 if taken else 2)
    assert len(set(fake.submits)) == 1
    assert counted(shop) == Decimal("0.10")


def test_a_handle_in_use_is_adopted(tmp_path):
    """Law: where the handle exists already (another ledger bought it), its task is taken, and nothing is charged."""
    fake = Fake("unique")
    asked = call()
    shop = buyer(tmp_path, fake)
    handle = f"tm-{asked.key[:48]}-1"
    fake.take(asked, handle)
    fake.script = [Duplicate("exists")]
    shop.buy(asked, {})
    assert fake.charges == 1
    fake.script = [Duplicate("exists")]
    with pytest.raises(HeldError, match="does not find it"):
        shop.buy(call(2), {})


def test_what_nobody_can_be_asked_about_is_held(tmp_path):
    """Law: without a way to ask, an unanswered call is held, run after run, until a person decides."""
    fake = Fake("none", [OutcomeUnknown("no answer")])
    shop = buyer(tmp_path, fake)
    for _ in range(2):
        with pytest.raises(HeldError, match=r"is held.*no answer.*0\.10 USD stay reserved.*talkmill reconcile [0-9a-f]{12}"):
            shop.buy(call(), {})
    assert len(fake.submits) == 1
    assert counted(shop) == Decimal("0.10")
    reconcile.resolve(shop.ledger, call().key[:12], "charged")
    shop.buy(call(), {})
    assert len(set(fake.submits)) == 2
    assert counted(shop) == Decimal("0.20")


def test_cheap_calls_may_be_repeated_once(tmp_path):
    """Law: under `repeat_under` an unanswered call is sent once more, both count, and a second silence is held."""
    fake = Fake("none", [OutcomeUnknown("no answer")])
    shop = buyer(tmp_path, fake, repeat_under=Decimal("0.10"))
    shop.buy(call(1), {})
    assert counted(shop) == Decimal("0.20")
    assert shop.ledger.history(call(1).key)[0].last["double"] is True
    fake.script = [OutcomeUnknown("no answer"), OutcomeUnknown("no answer")]
    with pytest.raises(HeldError):
        shop.buy(call(2), {})
    assert len(fake.submits) == 4
    fake.script = [OutcomeUnknown("no answer")]
    with pytest.raises(HeldError):
        shop.buy(call(3, amount="6"), {})


def test_a_failure_that_may_go_well_is_tried_again(tmp_path):
    """Law: another try has another handle and its own reservation, and there are at most so many in a run."""
    fake = Fake(polls=[Failed("overloaded", charged=False, again=True)])
    shop = buyer(tmp_path, fake)
    shop.buy(call(), {})
    assert len(set(fake.submits)) == 2
    assert [each.state for each in shop.ledger.history(call().key)] == ["failed_refunded", "settled"]
    fake.polls = [Failed("overloaded", charged=True, again=True)] * 9
    with pytest.raises(ProviderError, match=r"gave up on it \(overloaded\)\. 0\.10 counts as charged"):
        shop.buy(call(2), {})
    assert len(fake.submits) == 2 + 3
    with pytest.raises(HeldError, match=r"charged for it and gave nothing.*TALKMILL_REBUY="):
        shop.buy(call(2), {})
    fake.polls = []
    buyer(tmp_path, fake, rebuy=[call(2).key[:12]]).buy(call(2), {})


def test_a_failure_of_unknown_cost_counts_as_charged(tmp_path):
    """Law: where the provider does not say what a failure cost, it counts at its worst."""
    shop = buyer(tmp_path, Fake(polls=[Failed("broken", charged=None)]))
    with pytest.raises(ProviderError, match="counts as charged"):
        shop.buy(call(), {})
    assert counted(shop) == Decimal("0.10")
    assert shop.ledger.history(call().key)[0].last["assumed"] is True


def test_what_is_not_done_in_time_stays_submitted(tmp_path):
    """Law: the deadline says that running again goes on, and it does, without another submit."""
    fake = Fake(polls=[PENDING] * 1000)
    shop = buyer(tmp_path, fake, deadline=0.1)
    with pytest.raises(ProviderError, match=r"not done after 0 s \(task t1\).*run again, and it goes on"):
        shop.buy(call(), {})
    assert state(shop, call()) == "submitted"
    fake.polls = []
    shop.buy(call(), {})
    assert len(fake.submits) == 1


def test_a_lost_object_is_fetched_again(tmp_path):
    """Law: what the store lost comes from the provider once more, unpaid; where it is gone there too, it is held."""
    fake = Fake()
    shop = buyer(tmp_path, fake)
    bought = shop.buy(call(), {})
    bought.files["result"].unlink()
    assert shop.buy(call(), {}).digests == bought.digests
    shop.store.record(call().key).unlink()
    shop.buy(call(), {})
    assert fake.charges == 1
    bought.files["result"].unlink()
    fake.polls = [Refused("no such task")]
    with pytest.raises(HeldError, match=r"was paid for.*gone from the store.*TALKMILL_REBUY="):
        shop.buy(call(), {})
    assert fake.charges == 1
    buyer(tmp_path, fake, rebuy=["all"]).buy(call(), {})
    assert fake.charges == 2


def test_another_store_on_the_same_ledger_pays_nothing(tmp_path):
    """Law: a new clone with the old ledger fetches what was bought."""
    fake = Fake()
    buyer(tmp_path, fake).buy(call(), {})
    buyer(tmp_path, fake, store="elsewhere").buy(call(), {})
    assert fake.charges == 1


def test_rebuying_buys_once_in_a_run(tmp_path):
    """Law: `rebuy` pays again, once in a run, also where the run has many processes and says since when it runs."""
    fake = Fake()
    buyer(tmp_path, fake).buy(call(), {})
    shop = buyer(tmp_path, fake, rebuy=[call().key])
    shop.buy(call(), {})
    shop.buy(call(), {})
    assert fake.charges == 2
    since = time.time()
    for _ in range(2):
        buyer(tmp_path, fake, rebuy=["all"], since=since).buy(call(), {})
    assert fake.charges == 3
    assert len(set(fake.submits)) == 3


def test_a_session_is_bought_again_when_it_has_run_out(tmp_path, monkeypatch):
    """Law: a result older than it lasts is bought again when it is needed; a clock an hour wrong does not lose it."""
    fake = Fake()
    asked = call(operation="session", lasts=86400)
    buyer(tmp_path, fake).buy(asked, {})
    real = time.time
    for hours, charges in ((-1, 1), (1, 1), (23, 1), (25, 2), (26, 2)):
        monkeypatch.setattr(time, "time", lambda hours=hours: real() + hours * 3600 + 5)
        buyer(tmp_path, fake).buy(asked, {})
        assert fake.charges == charges


def test_what_must_be_bought_first_is_bought_only_when_it_is_needed(tmp_path):
    """Law: `before` is called once, only for a call that is submitted, and never where a cap forbids that call."""
    fake = Fake()
    shop = buyer(tmp_path, fake, {"per_day": "1.15"}, concurrency={"fake": 1})

    def before():
        return {"session": shop.buy(call(operation="session"), {}).key}

    shop.buy(call(1, before=before), {})
    assert fake.contexts[1]["session"]
    shop.buy(call(1, before=lambda: pytest.fail("it is in the store")), {})
    with pytest.raises(BudgetError):
        shop.buy(call(2, before=lambda: pytest.fail("a cap forbids it")), {})
    assert fake.charges == 2


def test_an_empty_result_is_held(tmp_path):
    """Law: a file of no bytes does not come into the store; the task can be asked for once more."""
    fake = Fake()

    def empty(call, done, workdir):
        (workdir / "result.bin").touch()
        return {"result": workdir / "result.bin"}

    fake.fetch, right = empty, fake.fetch
    shop = buyer(tmp_path, fake)
    with pytest.raises(HeldError, match="what it gave is empty: result"):
        shop.buy(call(), {})
    fake.fetch = right
    reconcile.resolve(shop.ledger, call().key[:12], "again")
    shop.buy(call(), {})
    assert fake.charges == 1


def test_addresses_that_do_not_work_are_asked_for_anew(tmp_path):
    """Law: a fetch that fails is repeated from fresh addresses; what is refused is held with its task."""
    fake = Fake()
    fake.fetches = [NotAccepted("expired"), NotAccepted("expired")]
    fake.polls = [Done({"result": "old"}, expires=0.0), Done({"result": "t1"}), Done({"result": "t1"})]
    shop = buyer(tmp_path, fake)
    shop.buy(call(1), {})
    assert not fake.polls
    fake.fetches = [Refused("it is a web page")]
    with pytest.raises(HeldError, match="cannot be used: it is a web page"):
        shop.buy(call(2), {})
    assert state(shop, call(2)) == "held"


def test_a_reservation_of_another_day_is_made_anew(tmp_path, monkeypatch):
    """Law: what was reserved yesterday and not sent is not sent on yesterday's account."""
    fake = Fake()
    shop = buyer(tmp_path, fake, {"per_day": "0.10"})
    asked = call()
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() - 86400)
    shop.budget.reserve(asked, asked.key, 1, shop.cost(asked))
    monkeypatch.undo()
    shop.buy(asked, {})
    history = shop.ledger.history(asked.key)
    assert [each.state for each in history] == ["failed_refunded", "settled"]
    with pytest.raises(BudgetError):
        shop.buy(call(2), {})


def test_whether_a_call_pays_is_known_before(tmp_path):
    """Law: a quote asks the store and the ledger: what is there or under way costs nothing more."""
    fake = Fake(polls=[PENDING] * 1000)
    shop = buyer(tmp_path, fake, deadline=0.05)
    assert shop.pays(call())
    with pytest.raises(ProviderError):
        shop.buy(call(), {})
    assert not shop.pays(call())
    fake.polls = []
    shop.buy(call(), {})
    assert not shop.pays(call())
    assert buyer(tmp_path, fake, rebuy=["all"]).pays(call())


def test_no_secret_and_no_address_is_kept(tmp_path):
    """Law: addresses of results are in no file of the ledger or of the store, nor is what signs one in a reason."""
    fake = Fake(polls=[Done({"result": "https://example.com/x?Signature=SEKRET123"})])
    buyer(tmp_path, fake).buy(call(), {})
    fake.fetches = [Refused("https://example.com/x?Signature=SEKRET123 is a web page")]
    with pytest.raises(HeldError, match=r"https://example\.com/x\?\.\.\. is a web page"):
        buyer(tmp_path, fake).buy(call(2), {})
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) > 5
    assert not [path for path in written if b"SEKRET123" in path.read_bytes()]


def test_after_some_calls_that_nobody_took_no_more_are_sent_in_the_run(tmp_path):
    """Law: k calls given up in a row, whoever asked for them, stop the run's submissions; one that is taken begins anew."""
    fake = Fake(script=[NotAccepted("503")] * 4 + [None] + [NotAccepted("503")] * 20)
    shop = buyer(tmp_path, fake, tries=2, misses=3)
    for number in (1, 2):
        with pytest.raises(ProviderError, match="was not taken in 2 tries"):
            shop.buy(call(number), {})
    shop.buy(call(3), {})
    for number in (4, 5, 6):
        with pytest.raises(ProviderError, match="was not taken in 2 tries"):
            buyer(tmp_path, fake, tries=2, misses=3).buy(call(number), {})
    sent = len(fake.submits)
    with pytest.raises(AccountError, match=r"3 calls one after another were not taken.*503.*Run again when it answers again"):
        shop.buy(call(7), {})
    assert len(fake.submits) == sent
    assert buyer(tmp_path, Fake(), run="another").buy(call(7), {})


def test_an_account_that_is_shut_stops_no_other_accounts_calls(tmp_path):
    """Law: slots and stops are per provider and account."""
    fake = Fake(script=[AccountError("401")])
    with pytest.raises(AccountError):
        buyer(tmp_path, fake, accounts={"fake": "one"}).buy(call(1), {})
    with pytest.raises(AccountError, match="takes no requests of this account"):
        buyer(tmp_path, fake, accounts={"fake": "one"}).buy(call(1), {})
    assert buyer(tmp_path, fake, accounts={"fake": "two"}).buy(call(1), {})
    assert (tmp_path / "ledger/slots/fake.two").is_dir()
