"""The ledger and its caps against a model of them, in any order of events, with clocks that jump."""

import shutil
import tempfile
import time
from decimal import Decimal
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from talkmill.errors import BudgetError
from talkmill.money.budget import Budget, Caps
from talkmill.money.ledger import Ledger
from talkmill.money.prices import Cost
from talkmill.money.reconcile import resolve
from talkmill.money.seal import seal
from tests.crash.ordeal import SOAK
from tests.money.fake import call

DAY, MONTH, MIA = Decimal("0.50"), Decimal("1.20"), Decimal("0.40")
CAPS = Caps.of({"per_day": DAY, "per_month": MONTH, "characters": {"mia": {"per_day": MIA}}})
START = 1_790_810_400.0 - 86400  # 23:20 of the last day but one of a month
MOMENTS = st.sampled_from([1, 600, 1800, 3600, 82800])
ERRORS = st.sampled_from([0, 3600, -3600, 1200, -1200])
CENTS = st.integers(5, 40).map(lambda cents: Decimal(cents) / 100)


class Money(RuleBasedStateMachine):
    """True time goes forward; the clock shows up to an hour more or less. The model knows what was spent when, truly."""

    attempts = Bundle("attempts")
    looks = 0  # at the ledger, over all examples

    def __init__(self):
        super().__init__()
        self.root = Path(tempfile.mkdtemp())
        self.now = START
        self.error = 0
        self.model = {}  # (key, number) -> [true time, character, what counts]
        self.count = 0
        self.patches = [
            mock.patch.object(time, "time", self.clock),
            mock.patch("os.fsync"),
        ]
        for patch in self.patches:
            patch.start()
        self.budgets = [Budget(Ledger(self.root), CAPS) for _ in range(2)]

    def clock(self):
        return self.now + self.error

    def teardown(self):
        for patch in self.patches:
            patch.stop()
        shutil.rmtree(self.root)

    @rule(seconds=MOMENTS, error=ERRORS)
    def pass_time(self, seconds, error):
        self.now += seconds
        self.error = error

    @rule(target=attempts, worst=CENTS, who=st.sampled_from(["mia", "tom"]), at=st.integers(0, 1))
    def reserve(self, worst, who, at):
        self.count += 1
        asked = call(self.count, label={"character": who})
        mine = sum(value for when, _, value in self.model.values() if abs(when - self.now) < 31 * 86400)
        try:
            attempt = self.budgets[at].reserve(asked, asked.key, 1, Cost(worst, worst, "fake/make", True))
        except BudgetError:
            assert mine + worst > MIA, "refused although every cap had room"
            return None
        self.model[attempt.key, 1] = [self.now, who, worst]
        return attempt.key

    @rule(key=attempts, part=st.integers(0, 100), state=st.sampled_from(["settled", "failed_charged", "failed_refunded"]))
    def end(self, key, part, state):
        if key is None:
            return
        ledger = self.budgets[0].ledger
        attempt = ledger.history(key)[0]
        if attempt.over or attempt.state == "held":
            return
        charged = attempt.worst * part / 100
        ledger.append(attempt, state, **({} if state == "failed_refunded" else {"charged": str(charged)}))
        self.model[key, 1][2] = Decimal(0) if state == "failed_refunded" else charged

    @rule(key=attempts, decision=st.sampled_from(["charged", "not-charged"]))
    def hold_and_decide(self, key, decision):
        if key is None:
            return
        ledger = self.budgets[1].ledger
        attempt = ledger.history(key)[0]
        if attempt.over or attempt.state == "held":
            return
        ledger.append(attempt, "held", reason="test")
        assert self.budgets[0].ledger.history(key)[0].counts == attempt.worst
        resolve(self.budgets[0].ledger, key, decision)
        self.model[key, 1][2] = attempt.worst if decision == "charged" else Decimal(0)

    @rule(at=st.integers(0, 1))
    def seal(self, at):
        seal(self.budgets[at].ledger)

    @rule(at=st.integers(0, 1))
    def another_process(self, at):
        self.budgets[at] = Budget(Ledger(self.root), CAPS)

    @invariant()
    def the_ledger_counts_what_was_spent(self):
        Money.looks += 1
        expected = sum((value for _, _, value in self.model.values()), Decimal(0))
        for budget in self.budgets:
            assert sum((entry.amount for entry in budget.entries()), Decimal(0)) == expected

    @invariant()
    def no_true_day_and_no_true_month_is_over_its_cap(self):
        for form, cap in (("%Y-%m-%d", DAY), ("%Y-%m", MONTH)):
            sums, of_mia = {}, {}
            for when, who, value in self.model.values():
                name = time.strftime(form, time.gmtime(when))
                sums[name] = sums.get(name, 0) + value
                if who == "mia":
                    of_mia[name] = of_mia.get(name, 0) + value
            assert max(sums.values(), default=0) <= cap
            if cap == DAY:
                assert max(of_mia.values(), default=0) <= MIA


RULES = settings(
    max_examples=500 if SOAK else 40,
    stateful_step_count=50 if SOAK else 25,
    deadline=None,
    derandomize=not SOAK,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def test_the_ledger_and_its_caps_do_as_the_model():
    """Law: whatever happens in whatever order, the ledger counts what was spent, and no true day or month is over its cap."""
    before = Money.looks
    run_state_machine_as_test(Money, settings=RULES)
    assert Money.looks - before > RULES.max_examples, "the invariants were not looked at"


def test_the_model_notices_caps_that_trust_the_clock(monkeypatch):
    """Law: without the hour of slack, the same events pass a cap."""
    monkeypatch.setattr("talkmill.money.budget.SLACK", 0)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(Money, settings=settings(RULES, max_examples=500, phases=[Phase.generate]))
