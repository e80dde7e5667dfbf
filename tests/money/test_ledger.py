"""Records on disk: whole, in order, old ones readable, damaged ones named; sealing; who holds what."""

import json
import os
import shutil
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path

import pytest

from talkmill.errors import BudgetError, HeldError, NotAccepted
from talkmill.money import files, records, seal, slots
from talkmill.money.budget import Budget, Caps
from talkmill.money.ledger import Ledger, Taken
from talkmill.money.points import POINTS, VARIABLE
from talkmill.money.prices import Cost
from talkmill.money.reconcile import looked
from talkmill.store.objects import Store
from tests.money.fake import Fake, buyer, call

FIXTURES = Path(__file__).parent / "ledgers"
DIME = Cost(Decimal("0.10"), Decimal("0.10"), "fake/make", True)
ROOT = Path(__file__).resolve().parents[2]


def reserve(ledger, number, caps=None, cost=DIME):
    """A reservation."""
    asked = call(number)
    return Budget(ledger, caps or Caps()).reserve(asked, asked.key, 1, cost)


def settled(ledger, number, charged="0.10"):
    """A call that is over."""
    return ledger.append(reserve(ledger, number), "settled", charged=charged)


def counted(ledger):
    """What counts."""
    return sum((entry.amount for entry in Budget(ledger, Caps()).entries()), Decimal(0))


def broken(monkeypatch, owner, name, where):
    """Let a call of the disk fail with an input/output error for the paths that `where` picks."""
    real = getattr(owner, name)

    def refuse(path):
        if where(path):
            raise OSError(5, "Input/output error")
        return real(path)

    monkeypatch.setattr(owner, name, refuse)


@pytest.mark.parametrize(("making", "told"), [("0", " line 1"), ("9", " line 10"), ("clip", " clip"), ("", "")])
def test_people_count_lines_from_1(tmp_path, making, told):
    """Law: a call is named with the line as errors and the script's readers count it."""
    asked = call(1, label={"episode": "bugs", "language": "en", "character": "mia", "making": making})
    attempt = Budget(Ledger(tmp_path), Caps()).reserve(asked, asked.key, 1, DIME)
    assert attempt.title == f"fake/make {asked.key[:12]} for bugs en mia{told}"


def test_records_are_written_once(tmp_path):
    """Law: two writers of the same next record: one gets it, the other is told."""
    attempt = reserve(Ledger(tmp_path), 1)
    Ledger(tmp_path).append(attempt, "intent", handle="a")
    with pytest.raises(Taken):
        Ledger(tmp_path).append(attempt, "held", reason="b")
    assert Ledger(tmp_path).history(attempt.key)[0].state == "intent"


def test_a_record_is_synced_before_it_has_its_name_and_its_folder_after(tmp_path):
    """Law: write, fsync, link, fsync of the folder, in this order, for the intent, before anything is sent."""
    if not shutil.which("strace"):
        assert not os.environ.get("CI"), "CI installs strace"
        pytest.skip("strace is not installed: apt-get install strace")
    probe = tmp_path / "buys.py"
    probe.write_text(
        "import sys\nfrom pathlib import Path\nfrom tests.money.fake import Fake, buyer, call\n"
        "fake = Fake()\n"
        "def send(call, files, handle, workdir):\n"
        "    try: open('SENT')\n    except OSError: pass\n    return fake.take(call, handle)\n"
        "fake.script = [send]\nbuyer(Path(sys.argv[1]), fake).buy(call(), {})\n"
    )
    trace = tmp_path / "trace"
    command = ["strace", "-f", "-y", "-s", "4096", "-o", str(trace)]
    command += ["-e", "trace=openat,write,fsync,link,linkat,rename,renameat,renameat2"]
    command += [sys.executable, str(probe), str(tmp_path / "root")]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)}, cwd=tmp_path)
    lines = trace.read_text(errors="replace").splitlines()
    wrote = next(i for i, line in enumerate(lines) if " write(" in line and '\\"state\\": \\"intent\\"' in line)
    aside = lines[wrote].partition("<")[2].partition(">")[0]
    synced = next(i for i, line in enumerate(lines) if "fsync(" in line and f"<{aside}>" in line)
    linked = next(i for i, line in enumerate(lines) if "link" in line and f'"{aside}"' in line and ".001.01.json" in line)
    folder = next(i for i, line in enumerate(lines) if i > linked and "fsync(" in line and line.rstrip().endswith("open>) = 0"))
    sent = next(i for i, line in enumerate(lines) if '"SENT"' in line)
    assert wrote < synced < linked < folder < sent


def test_a_torn_file_aside_is_passed_over(tmp_path):
    """Law: what a killed writer left half written under a name of its own harms nobody."""
    ledger = Ledger(tmp_path)
    attempt = settled(ledger, 1)
    (ledger.open / ".host.1.abc").write_bytes(b'{"schema": 2, "ke')
    (tmp_path / "turns" / "1" / ".host.1.abc").write_bytes(b"")
    assert Ledger(tmp_path).history(attempt.key)[0].state == "settled"
    assert counted(Ledger(tmp_path)) == Decimal("0.10")
    reserve(Ledger(tmp_path), 2)


@pytest.mark.parametrize(
    "data", [b"", b"{}", b'{"schema": 2', b"\x00" * 40, b'{"schema": 2, "key": "x"}', b"[]", b'{"schema": 0}']
)
def test_a_damaged_record_stops_spending_until_somebody_has_looked(tmp_path, data):
    """Law: it is named and set aside, nothing is bought, and a person lets spending go on."""
    fake = Fake()
    shop = buyer(tmp_path, fake)
    attempt = settled(shop.ledger, 1)
    path = shop.ledger.open / records.name(attempt.key, 1, 1)
    path.write_bytes(data)
    for _ in range(2):
        with pytest.raises(HeldError, match=r"aside.*talkmill reconcile --looked"):
            buyer(tmp_path, fake).buy(call(2), {})
    assert not fake.submits
    assert [name.name for name in (tmp_path / "ledger" / "aside").iterdir()] == [f"open.{path.name}"]
    looked(shop.ledger)
    buyer(tmp_path, fake).buy(call(2), {})
    assert (tmp_path / "ledger" / "aside" / "looked" / f"open.{path.name}").read_bytes() == data


def test_a_call_whose_record_was_damaged_is_held(tmp_path):
    """Law: with its intent unreadable, a call that may have been billed is not sent again, also after somebody has looked."""
    fake = Fake("none", [KeyboardInterrupt()])
    shop = buyer(tmp_path, fake)
    with pytest.raises(KeyboardInterrupt):
        shop.buy(call(), {})
    path = shop.ledger.open / records.name(call().key, 1, 1)
    whole = path.read_bytes()
    path.write_bytes(whole[:50])
    with pytest.raises(HeldError):
        buyer(tmp_path, fake).buy(call(), {})
    looked(shop.ledger)
    with pytest.raises(HeldError, match="a record of it was damaged"):
        buyer(tmp_path, fake).buy(call(), {})
    assert len(fake.submits) == 1


def test_a_record_under_another_name_is_damaged(tmp_path):
    """Law: a record that was renamed or copied is not counted as what its name says."""
    ledger = Ledger(tmp_path)
    attempt = reserve(ledger, 1)
    (ledger.open / records.name(attempt.key, 1, 0)).rename(ledger.open / records.name(attempt.key, 2, 0))
    with pytest.raises(HeldError, match="not what its name says"):
        Ledger(tmp_path).attempts()


def test_a_missing_record_stops_spending(tmp_path):
    """Law: a gap in an attempt's records is not read over."""
    ledger = Ledger(tmp_path)
    attempt = ledger.append(ledger.append(reserve(ledger, 1), "intent"), "held")
    (ledger.open / records.name(attempt.key, 1, 1)).unlink()
    with pytest.raises(HeldError, match=r"is missing \(there are \[0, 2\]\)"):
        reserve(Ledger(tmp_path), 2)


def test_a_ledger_that_cannot_be_read_spends_nothing(tmp_path, monkeypatch):
    """Law: fail closed: where reading fails, nothing is submitted."""
    fake = Fake()
    shop = buyer(tmp_path, fake)
    settled(shop.ledger, 1)
    broken(monkeypatch, Path, "read_bytes", lambda path: path.parent.name == "open")
    with pytest.raises(HeldError, match=r"cannot be read \(Input/output error\), so nothing is bought"):
        buyer(tmp_path, fake).buy(call(2), {})
    assert not fake.submits


def test_older_schemas_are_read_and_unknown_fields_kept(tmp_path):
    """Law: a ledger of every past schema loads, counts and goes on; what a record says besides stays in it."""
    for fixture in sorted(FIXTURES.iterdir()):
        root = tmp_path / fixture.name / "ledger"
        root.mkdir(parents=True)
        (root / "open").mkdir()
        for path in fixture.iterdir():
            (root / "open" / path.name).write_bytes(path.read_bytes())
        ledger = Ledger(root)
        attempts = sorted(ledger.attempts().values(), key=lambda each: each.state)
        assert [each.state for each in attempts] == ["held", "settled"]
        assert counted(ledger) == Decimal("0.35")
        assert attempts[1].first["mood"] == "sunny"
        assert seal.seal(ledger) == 1
        assert counted(Ledger(root)) == Decimal("0.35")
        again = Ledger(root).history(attempts[1].key)[0]
        assert again.first["mood"] == "sunny"
        reserve(Ledger(root), 1)
    assert {fixture.name for fixture in FIXTURES.iterdir()} == {"schema-1"}
    assert records.SCHEMA == 2, "add a fixture of the schema that is past now"


def test_a_newer_schema_stops_spending_and_stays_where_it_is(tmp_path):
    """Law: what only a newer Talkmill understands is neither guessed at nor set aside."""
    ledger = Ledger(tmp_path)
    attempt = reserve(ledger, 1)
    path = ledger.open / records.name(attempt.key, 1, 0)
    path.write_bytes(records.encode(dict(attempt.first) | {"schema": 99}))
    with pytest.raises(HeldError, match="newer Talkmill"):
        reserve(Ledger(tmp_path), 2)
    assert path.exists()


def test_days_gone_by_are_sealed_and_count_as_before(tmp_path):
    """Law: sealing changes no sum, is idempotent, keeps every record, and leaves what is not over."""
    ledger = Ledger(tmp_path)
    for number in range(5):
        settled(ledger, number, f"0.0{number}")
    held = ledger.append(ledger.append(reserve(ledger, 9), "intent"), "held", reason="x")
    before = counted(ledger), {each.key: each.records for each in ledger.attempts().values()}
    assert seal.seal(ledger) == 0, "today's stay open while they are few"
    assert seal.seal(ledger, time.time() + 86400) == 5
    assert seal.seal(ledger, time.time() + 86400) == 0
    fresh = Ledger(tmp_path)
    assert len(list((tmp_path / "sealed").iterdir())) == 1
    assert {each.key for each in fresh.attempts().values()} == {held.key}
    assert len(fresh.names("open")) == 3
    assert counted(fresh) == before[0]
    assert all(fresh.history(key)[0].records == found for key, found in before[1].items())
    # One process's view is from before another's sealing.
    assert counted(ledger) == before[0]


def test_a_run_of_many_calls_holds_no_more_than_a_short_one(tmp_path, monkeypatch):
    """Law: what is over is sealed as the run goes on, what has left the folder is forgotten, and every sum and call stays."""
    monkeypatch.setattr(os, "fsync", lambda handle: None)
    monkeypatch.setattr("talkmill.money.seal.MANY", 8)
    monkeypatch.setattr("talkmill.money.buy.TIDY", 4)
    monkeypatch.setattr("talkmill.money.ledger.EPOCH", 8)
    fake = Fake()
    shop = buyer(tmp_path, fake, {"per_day": "6.10"})
    reserve(shop.ledger, 99)  # stays open all the time
    held, seen, real = [], [], Path.read_bytes

    def read(path):
        seen.extend([path.name] if path.parent.name == "open" else [])
        return real(path)

    monkeypatch.setattr(Path, "read_bytes", read)
    for number in range(60):
        shop.buy(call(number), {})
        held.append(sum(map(len, shop.ledger._known.values())))
    assert max(held[30:]) <= max(held[:30]) <= 12 * 7 + 3 * 8
    assert len(shop.ledger.names("open")) <= 12 * 7
    assert fake.charges == 60
    assert len(seen) == len(set(seen)) <= 60 * 7, "what is still there is not read again"
    assert counted(shop.ledger) == counted(Ledger(tmp_path / "ledger")) == Decimal("6.10")
    with pytest.raises(BudgetError, match=r"budget\.per_day"):
        shop.buy(call(60), {})
    for number in (0, 59):
        buyer(tmp_path, fake, store="another").buy(call(number), {})
    assert fake.charges == 60


@pytest.mark.parametrize("place", ["sealed", "cleared", "cleared#3", "record aside"])
def test_sealing_that_is_killed_counts_nothing_twice(tmp_path, place):
    """Law: killed anywhere in sealing, sums are what they were, and the next sealing ends it."""
    ledger = Ledger(tmp_path)
    for number in range(3):
        settled(ledger, number)
    code = (
        "import sys, time; from pathlib import Path; from talkmill.money.ledger import Ledger;"
        "from talkmill.money.seal import seal;"
        "seal(Ledger(Path(sys.argv[1])), time.time() + 86400)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT), VARIABLE: place}
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path)], env=environment, check=False).returncode == -9
    assert counted(Ledger(tmp_path)) == Decimal("0.30")
    seal.seal(Ledger(tmp_path), time.time() + 86400)
    assert counted(Ledger(tmp_path)) == Decimal("0.30")
    assert not Ledger(tmp_path).names("open")
    assert len(Ledger(tmp_path).names("sealed")) == 1


def test_a_damaged_sealed_file_stops_spending(tmp_path):
    """Law: a sealed file whose totals cannot be read is set aside, and nothing is bought."""
    ledger = Ledger(tmp_path)
    settled(ledger, 1)
    seal.seal(ledger, time.time() + 86400)
    path = next((tmp_path / "sealed").iterdir())
    path.write_bytes(path.read_bytes()[5:])
    with pytest.raises(HeldError, match=r"sealed\.000001\.jsonl"):
        reserve(Ledger(tmp_path), 2)
    with pytest.raises(HeldError):
        reserve(Ledger(tmp_path), 2)


def test_turns_go_on_into_the_next_epoch(tmp_path, monkeypatch):
    """Law: turns have no end, and what an older epoch reserved still counts; a late writer gets no turn."""
    monkeypatch.setattr(os, "fsync", lambda handle: None)
    monkeypatch.setattr("talkmill.money.ledger.EPOCH", 16)
    ledger = Ledger(tmp_path)
    caps = Caps.of({"per_day": "60"})
    first, last = ledger.turn()
    late = records.record("0" * 64, 1, 0, "reserved")
    for number in range(42):
        reserve(ledger, number, caps)
    assert [int(name) for name in sorted(ledger.names("turns"), key=int)] == [2, 3]
    assert (tmp_path / "turns/2/17.json").read_bytes() == b"{}\n"  # the turn after the last is taken: nobody gets it
    assert counted(Ledger(tmp_path)) == Decimal("0.10") * (42)
    assert not ledger.take(first, last + 1, late)
    first.mkdir()  # as by a writer who slept between looking and making the folder
    assert not ledger.take(first, last + 1, late)
    assert counted(Ledger(tmp_path)) == Decimal("0.10") * (42)


def test_whoever_comes_next_finishes_a_turn(tmp_path, monkeypatch):
    """Law: a reservation whose writer died right after its turn counts, and its own call is bought under it."""
    ledger = Ledger(tmp_path / "ledger")
    monkeypatch.setattr(Ledger, "_show", lambda self, folder, serial: True)
    with pytest.raises(HeldError, match="are gone"):
        reserve(ledger, 1)
    monkeypatch.undo()
    assert counted(Ledger(tmp_path / "ledger")) == Decimal("0.10")
    reserve(Ledger(tmp_path / "ledger"), 2)
    assert len(Ledger(tmp_path / "ledger").names("open")) == 2
    fake = Fake()
    buyer(tmp_path, fake).buy(call(1), {})
    assert fake.charges == 1


def test_a_dead_process_gives_its_slot_back(tmp_path):
    """Law: as many calls are in flight as set, across processes; a slot of a dead holder is free."""
    code = (
        "import sys, os; from pathlib import Path; from talkmill.money.slots import Slots; s = Slots(Path(sys.argv[1]));"
        "c = s.hold('p', 'a', 1, 1); c.__enter__(); print('in', flush=True); sys.stdin.read()"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    pipe = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], env=environment, **pipe) as holder:
        assert holder.stdout.readline() == b"in\n"
        mine = slots.Slots(tmp_path)
        with pytest.raises(NotAccepted, match=r"no slot came free in 0 s \(all 1 are in use\)"), mine.hold("p", "a", 1, 0.1):
            pass
        with mine.hold("p", "another account", 1, 0.1):
            pass
        holder.kill()
        holder.wait()
        for _ in range(3):
            with mine.hold("p", "a", 1, 1.0), pytest.raises(NotAccepted), mine.hold("p", "a", 1, 0.05):
                pass
        assert len(list((tmp_path / "p.a").iterdir())) <= 4


def test_who_is_younger_gives_way_to_who_is_older_and_waits(tmp_path, monkeypatch):
    """Law: beside an older process that holds a slot and waits one looks less often; else as often as it can."""
    looks = []
    monkeypatch.setattr("random.uniform", lambda *span: looks.append(span) or 0.01)
    mine = slots.Slots(tmp_path)

    def wait(limit):
        looks.clear()
        with pytest.raises(NotAccepted), mine.hold("p", "a", limit, 0.03):
            pass
        return set(looks)

    with mine.hold("p", "a", 1, 1):
        assert wait(1) == {slots.LOOK}
        for slot, number in ((1, 1), (2, 1), (3, 2)):
            holder = {"host": "elsewhere", "machine": "other", "pid": number, "born": ""}
            (tmp_path / f"p.a/{slot}.1").write_text(json.dumps(holder))
        assert wait(4) == {slots.LOOK}, "who is older has all that it wants"
        (tmp_path / f"p.a/{slots.WAITS}other-1-").touch()
        assert wait(4) == {slots.GIVING_WAY}
        assert [path.name for path in (tmp_path / "p.a").glob(f"{slots.WAITS}*")] == [f"{slots.WAITS}other-1-"]
        os.utime(tmp_path / "p.a/2.1", (time.time() - slots.STALE - 5,) * 2)  # it is gone, and its slot is free
        with mine.hold("p", "a", 4, 1):
            assert wait(4) == {slots.GIVING_WAY}
            (tmp_path / "p.a/1.1").write_text(json.dumps({**holder, "pid": 1, "born": str(2**62)}))
            assert wait(4) == {slots.LOOK}, "the other one is younger"


def test_a_silent_holder_on_another_machine_loses_its_slot(tmp_path):
    """Law: another machine's holder is believed while it gives signs of life, by the clock of the file server."""
    folder = tmp_path / "p.a"
    folder.mkdir()
    path = folder / "0.1"
    path.write_text(json.dumps({"host": "elsewhere", "machine": "other", "pid": 1, "born": ""}))
    mine = slots.Slots(tmp_path)
    with pytest.raises(NotAccepted), mine.hold("p", "a", 1, 0.1):
        pass
    os.utime(path, (time.time() - slots.STALE - 5,) * 2)
    with mine.hold("p", "a", 1, 0.1):
        pass


def test_a_process_is_known_by_more_than_its_number():
    """Law: a number that another process has now does not make a dead writer alive."""
    me = files.owner()
    assert files.mine(me)
    assert files.dead(me) is False
    assert files.dead(me | {"born": "1"}) is True
    assert not files.mine(me | {"born": "1"})
    assert files.dead(me | {"machine": "other"}) is None


def test_a_year_of_sealed_days_is_summed_quickly(tmp_path, monkeypatch):
    """Law: reserving after a year of 30 episodes a day takes well under a second in a fresh process."""
    monkeypatch.setattr(os, "fsync", lambda handle: None)
    ledger = Ledger(tmp_path)
    attempt = settled(ledger, 1)
    seal.seal(ledger, time.time() + 86400)
    head = json.loads(next((tmp_path / "sealed").iterdir()).read_text().splitlines()[0])
    for day in range(365):
        start = attempt.at - 86400 * (day + 2)
        totals = [[int(start // 900 * 900) + 900 * quarter, "fake", "mia", "0.10"] for quarter in range(40)]
        calls = " ".join(f"{day:04}{number:060}.001" for number in range(500))
        data = json.dumps(head | {"totals": totals, "calls": 500}) + f"\n{calls}\n"
        (tmp_path / "sealed" / f"{day + 2:06}.jsonl").write_text(data)
    begun = time.process_time()
    reserve(Ledger(tmp_path), 2, Caps.of({"per_month": "5000"}))
    assert time.process_time() - begun < 2.0
    assert Store(tmp_path)  # nothing of the store is needed for it


def test_a_file_of_a_strange_name_among_the_records_stops_spending(tmp_path):
    """Law: it may be a record that was renamed; it is set aside under its name, and a person has to look."""
    shop = buyer(tmp_path, Fake())
    settled(shop.ledger, 1)
    (shop.ledger.open / "copy of a record.json").write_bytes(b"{}")
    for _ in range(2):
        with pytest.raises(HeldError, match="aside"):
            buyer(tmp_path, Fake()).buy(call(2), {})
    assert [path.name for path in (tmp_path / "ledger/aside").iterdir()] == ["open.copy of a record.json"]
    looked(shop.ledger)
    assert buyer(tmp_path, Fake()).buy(call(2), {})


def test_a_desktops_own_files_among_the_turns_are_no_turns(tmp_path):
    """Law: nothing but a serial is a turn."""
    shop = buyer(tmp_path, Fake())
    shop.buy(call(1), {})
    for name in ("Thumbs.db", "desktop.ini", "copy of 1.json", "\u0662.json"):
        (tmp_path / "ledger/turns/1" / name).write_bytes(b"x")
    assert buyer(tmp_path, Fake()).buy(call(2), {})
    assert len(shop.ledger.turns()) == 2


def test_a_purchase_passes_every_named_point_in_its_order(tmp_path, monkeypatch):
    """Law: the places at which the crash tests kill are all on the way of one purchase."""
    passed = []
    for module in ("buy", "files", "ledger", "purchase", "results"):
        monkeypatch.setattr(f"talkmill.money.{module}.point", passed.append)
    buyer(tmp_path, Fake()).buy(call(), {})
    assert list(dict.fromkeys(passed)) == list(POINTS)


def test_a_turn_is_taken_once(tmp_path):
    """Law: of two that take the same turn one gets it; whose folder is gone gets none."""
    one, two = Ledger(tmp_path), Ledger(tmp_path)
    folder, last = one.turn()
    assert (folder.name, last) == ("1", 0)
    first = reserve(one, 1).first  # takes turn 1
    assert not two.take(folder, 1, records.record("1" * 64, 1, 0, "reserved"))
    assert two.turn() == (folder, 1)
    assert two.turns() == [dict(first)]
    assert not two.take(tmp_path / "turns" / "7", 1, records.record("1" * 64, 1, 0, "reserved"))
    assert len(two.names("open")) == 1


def test_the_damaged_record_of_a_call_stops_that_call_and_others_are_read(tmp_path):
    """Law: the history of a call with a record aside is not told without it; another call's is."""
    ledger = Ledger(tmp_path)
    broken, whole = ledger.append(reserve(ledger, 1), "intent"), settled(ledger, 2)
    path = ledger.open / records.name(broken.key, 1, 1)
    path.write_bytes(b"{")
    for _ in range(2):
        with pytest.raises(HeldError, match="talkmill reconcile --looked"):
            Ledger(tmp_path).history(broken.key)
    assert [each.state for each in Ledger(tmp_path).history(whole.key)] == ["settled"]


def test_a_record_that_goes_away_while_it_is_read_is_sealed_or_missed(tmp_path, monkeypatch):
    """Law: an attempt with a record gone between listing and reading does not count if it was sealed meanwhile, else spending
    stops."""
    ledger = Ledger(tmp_path)
    settled(ledger, 1)
    names = ledger.names("open")
    seal.seal(Ledger(tmp_path), time.time() + 86400)
    real = Ledger.names
    monkeypatch.setattr(Ledger, "names", lambda self, folder: names if folder == "open" else real(self, folder))
    assert Ledger(tmp_path).attempts() == {}
    assert counted(Ledger(tmp_path)) == Decimal("0.10")
    (tmp_path / "sealed/000001.jsonl").unlink()
    with pytest.raises(HeldError, match="is missing"):
        reserve(Ledger(tmp_path), 2)


@pytest.mark.parametrize("folder", ["open", "sealed", "turns", "aside"])
def test_a_folder_that_cannot_be_listed_spends_nothing(tmp_path, monkeypatch, folder):
    """Law: fail closed, and the folder is named."""
    fake = Fake()
    shop = buyer(tmp_path, fake)
    settled(shop.ledger, 1)
    broken(monkeypatch, os, "listdir", lambda path: str(path).endswith(folder))
    with pytest.raises(HeldError, match=rf"{folder}: the ledger cannot be read \(Input/output error\), so nothing is bought"):
        buyer(tmp_path, fake).buy(call(2), {})
    assert not fake.submits


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"totals": {}}, "aside"),
        ({"day": 5}, "aside"),
        ({"calls": 2}, "aside"),
        ({"schema": "two"}, "aside"),
        ({"schema": 99}, "newer Talkmill"),
    ],
)
def test_the_head_of_a_sealed_file_is_whole_or_stops_spending(tmp_path, change, message):
    """Law: each thing that sums rely on is looked at by itself; a newer file stays where it is."""
    ledger = Ledger(tmp_path)
    settled(ledger, 1)
    seal.seal(ledger, time.time() + 86400)
    path = tmp_path / "sealed/000001.jsonl"
    head, *rest = path.read_text().splitlines()
    path.write_text("\n".join([json.dumps(json.loads(head) | change), *rest]) + "\n")
    with pytest.raises(HeldError, match=message):
        reserve(Ledger(tmp_path), 2)
    assert path.exists() == (message != "aside")


def test_a_sealed_call_whose_lines_are_damaged_stops_that_call(tmp_path):
    """Law: sums go on by the head, the call itself is not told of without its records, and the file is set aside."""
    ledger = Ledger(tmp_path)
    attempt = settled(ledger, 1)
    seal.seal(ledger, time.time() + 86400)
    path = tmp_path / "sealed/000001.jsonl"
    path.write_bytes(path.read_bytes()[:-30])
    assert counted(Ledger(tmp_path)) == Decimal("0.10")
    with pytest.raises(HeldError, match=r"sealed\.000001\.jsonl"):
        Ledger(tmp_path).history(attempt.key)
    assert not path.exists()


def test_every_attempt_of_a_call_is_told_in_its_order_sealed_or_open(tmp_path):
    """Law: tries at one call that are sealed, by one file or by two, come before those that are open."""
    ledger = Ledger(tmp_path)
    asked = call(1)
    states = []
    for number, state in enumerate(("failed_refunded", "failed_charged", "settled", "intent"), 1):
        attempt = Budget(ledger, Caps()).reserve(asked, asked.key, number, DIME)
        ledger.append(attempt, state, charged="0.10", reason="x")
        states.append((number, state))
        if number < 3:
            assert seal.seal(Ledger(tmp_path), time.time() + 86400) == 1
    found = Ledger(tmp_path).history(asked.key)
    assert [(each.number, each.state) for each in found] == states
    assert Ledger(tmp_path).attempt(asked.key, 2).state == "failed_charged"
    with pytest.raises(HeldError, match="are gone"):
        Ledger(tmp_path).attempt(asked.key, 5)
