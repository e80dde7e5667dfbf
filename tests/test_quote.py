"""What a run would buy, said before it does: against the sandbox, with real makings."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from jsonschema import Draft202012Validator

from talkmill import cli
from talkmill.commands_quote import text
from talkmill.errors import PrerequisiteError, SpecError
from talkmill.paid_checks import lacking, pays, require
from talkmill.providers.sandbox import services
from talkmill.providers.sandbox.server import Sandbox
from talkmill.quote import Quoter, sentence
from talkmill.stages.paying import buyer_of
from tests.paying import OTTO, SCHEDULE, Factory, keys

BEFORE_LIPS = ("write", "speak", "portray", "animate", "inspect", "clean")
MONEY = {"type": "string", "pattern": r"^\d+(\.\d+)?$"}
WORDS = ("episode", "language", "character", "stage", "making", "provider", "price")
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["expected", "worst", "exact", "currency", "items", "caps"],
    "properties": {
        "expected": MONEY, "worst": MONEY, "exact": {"type": "boolean"}, "currency": {"type": "string"},
        "items": {"type": "array", "items": {
            "type": "object",
            "additionalProperties": False,
            "required": [*WORDS, "calls", "expected", "worst", "exact"],
            "properties": {
                **{name: {"type": "string"} for name in WORDS},
                "calls": {"type": "integer"}, "expected": MONEY, "worst": MONEY, "exact": {"type": "boolean"},
            },
        }},
        "caps": {"type": "array", "items": {
            "type": "object",
            "additionalProperties": False,
            "required": ["setting", "cap", "counted", "after", "over"],
            "properties": {"setting": {"type": "string"}, "cap": MONEY, "counted": MONEY, "after": MONEY, "over": MONEY},
        }},
    },
}  # fmt: skip
"""Of `talkmill quote --json`: what programs may rely on."""


@pytest.fixture(scope="module")
def box():
    with Sandbox(*services(), scale=0.001) as served:
        yield served


@pytest.fixture
def factory(tmp_path, box, monkeypatch):
    keys(monkeypatch, box)
    return Factory(tmp_path / "project", box)


def spoken(quote):
    """(episode, making, expected) of what would be spoken."""
    return [(one.episode, one.making, one.expected) for one in quote.items if one.stage == "speak"]


def test_the_quote_is_the_bill_from_nothing_to_all(factory, box):
    """At each step: what is left to buy and what was billed make up the first quote; nothing is bought by asking."""
    start = box.bill.total()
    first = factory.quote()
    assert box.bill.total() == start
    assert {one.stage for one in first.items} == {"speak", "portray", "animate", "lipsync"}
    assert not first.exact
    assert [one.exact for one in first.items if one.stage != "lipsync"] == [True] * (len(first.items) - 2)
    factory.make(*BEFORE_LIPS)
    left = factory.quote()
    assert left.exact
    assert [(one.price, one.expected) for one in left.items] == [
        ("kling/identify-face", Decimal("0.007")),
        ("kling/lip-sync", Decimal("0.070")),  # five seconds are billed for two
    ]
    assert box.bill.total() - start + left.expected == first.expected
    factory.make(*BEFORE_LIPS, "lipsync")
    assert box.bill.total() - start == first.expected
    assert factory.quote().items == ()
    assert sentence(factory.quote()) == "Nothing to buy."


def test_a_lost_build_costs_nothing_and_a_lost_making_neither(factory, box):
    """The store decides: tickets were never written here; a making that is gone is made again of what was bought."""
    factory.write("schedules/week.yaml", SCHEDULE.split("  - id: again")[0].replace("      - otto: And to you too.\n", ""))
    assert [making for _, making, _ in spoken(factory.quote())] == ["0", "1"]
    factory.make("write", "speak")
    assert factory.quote().items == ()
    before = box.bill.total()
    for path in (factory.root / "store/makings").rglob("*.json"):
        if json.loads(path.read_bytes())["request"].get("verb") == "speak":
            path.unlink()
    assert factory.quote().items == ()
    factory.make("write", "speak")
    assert box.bill.total() == before


def test_a_line_that_two_episodes_share_is_quoted_once(factory, box):
    """As it is bought."""
    found = spoken(factory.quote())
    assert [(episode, making) for episode, making, _ in found] == [("talk", "0"), ("talk", "2"), ("again", "1")]
    assert spoken(factory.quote("again")) == [("again", "0", found[0][2]), ("again", "1", found[2][2])]
    quoter = Quoter(factory.plan, factory.store, buyer_of(factory.root, factory.store), factory.root)
    assert quoter.quote(quoter.plan.due) == quoter.quote(quoter.plan.due)


def test_what_is_under_way_costs_nothing_more(factory, box, monkeypatch):
    """A task that was submitted and not fetched is served, not bought anew."""
    factory.write("characters/otto.yaml", OTTO.replace("  animate", "animate"))
    buyer = type(buyer_of(factory.root, factory.store))
    pays = buyer.pays
    monkeypatch.setattr(buyer, "pays", lambda self, call: call.operation != "image" and pays(self, call))
    assert "portray" not in {one.stage for one in factory.quote().items}


def test_every_cap_is_told_and_by_how_much_it_would_be_passed(factory):
    """A call, a day, a month; whole, of a provider, of a character."""
    caps = {
        "per_call": "0.1",
        "per_day": "20",
        "providers": {"kling": {"per_day": "0.3"}},
        "characters": {"nora": {"per_month": "0.005"}},
    }
    factory.configure(budget=caps)
    quote = factory.quote()
    found = {cap["setting"]: cap for cap in quote.caps}
    assert list(found) == [
        "budget.per_call",
        "budget.per_day",
        "budget.providers.kling.per_day",
        "budget.characters.nora.per_month",
    ]
    assert (found["budget.per_call"]["after"], found["budget.per_call"]["over"]) == (Decimal("0.210"), Decimal("0.110"))
    assert found["budget.per_day"]["over"] == 0
    assert found["budget.per_day"]["after"] == quote.worst
    kling = sum(one.worst for one in quote.items if one.provider == "kling")
    assert found["budget.providers.kling.per_day"]["over"] == kling - Decimal("0.3")
    nora = sum(one.worst for one in quote.items if one.character == "nora")
    assert (
        found["budget.characters.nora.per_month"] | {"after": nora, "over": nora - Decimal("0.005")}
        == found["budget.characters.nora.per_month"]
    )
    assert "OVER by 0.110" in text(quote)


@pytest.mark.parametrize(("caps", "code"), [({}, 0), ({"per_day": "0.01"}, 1), ({"per_call": "0.3"}, 0)])
def test_the_command_ends_with_1_where_a_cap_would_be_passed(factory, capsys, caps, code):
    """In words and for programs."""
    factory.configure(budget=caps)
    assert cli.main(["quote", "--root", str(factory.root)]) == code
    told = capsys.readouterr()
    assert "~ 0." in told.out
    assert told.err == ""
    assert cli.main(["quote", "--json", "--root", str(factory.root)]) == code
    found = json.loads(capsys.readouterr().out)
    Draft202012Validator(SCHEMA).validate(found)
    assert sum(Decimal(one["expected"]) for one in found["items"]) == Decimal(found["expected"])


def test_a_quote_of_a_project_that_pays_nobody_is_nothing(tmp_path, box, monkeypatch, capsys):
    """And needs no key."""
    factory = Factory(tmp_path, box)
    factory.write("characters/nora.yaml", "name: Nora\nportrait: {style: personas, seed: n}\nvoice: {backend: espeak}\n")
    factory.write("schedules/week.yaml", SCHEDULE.replace("      - otto: And to you too.\n", ""))
    for name in box.environ():
        monkeypatch.delenv(name, raising=False)
    assert not pays(factory.plan)
    require(factory.plan, factory.store, factory.root)
    assert cli.main(["quote", "--root", str(tmp_path)]) == 0
    assert capsys.readouterr().out == "Nothing to buy.\n"


def test_keys_that_are_missing_are_all_told_at_once(factory, box, monkeypatch, capsys):
    """Of every provider that what is due needs, and of no other."""
    for name in box.environ():
        monkeypatch.delenv(name, raising=False)
    found = lacking(factory.plan, factory.store, factory.root)
    assert sorted(line.split(":")[0] for line in found if "key" in line) == ["elevenlabs", "kling"]
    with pytest.raises(PrerequisiteError, match=r"(?s)ELEVENLABS_API_KEY.*KLING_API_KEY.*docs/how-to/routes.md"):
        require(factory.plan, factory.store, factory.root)
    assert cli.main(["doctor", "--root", str(factory.root)]) == 1
    assert "ELEVENLABS_API_KEY" in capsys.readouterr().err
    keys(monkeypatch, box)
    assert cli.main(["doctor", "--root", str(factory.root)]) == 0


def test_a_backend_for_songs_needs_no_key_where_nobody_sings(factory, box, monkeypatch):
    """Only kinds of lines that there are count."""
    factory.write(
        "characters/otto.yaml",
        OTTO.replace("method: lip-sync", "method: avatar") + "routes:\n  - {line: song, lipsync: {backend: fal}}\n",
    )
    monkeypatch.delenv("FAL_KEY")
    assert lacking(factory.plan, factory.store, factory.root) == []


def test_paid_backends_without_a_price_are_refused_all_at_once(factory):
    """Each with the row to add."""
    factory.write(
        "characters/otto.yaml", OTTO.replace("{backend: kling, method: lip-sync}", "{backend: fal, model: fal-ai/musetalk}")
    )
    nora = (factory.root / "characters/nora.yaml").read_text()
    factory.write("characters/nora.yaml", nora.replace("eleven_v3", "eleven_v9"))
    with pytest.raises(SpecError) as refused:
        _ = factory.plan
    assert [problem.cure.split("`")[1] for problem in refused.value.problems] == [
        "elevenlabs/text-to-speech/eleven_v9",
        "fal/lip-sync/fal-ai/musetalk",
    ]
    rows = {
        "elevenlabs/text-to-speech/eleven_v9": {"unit": "character", "price": 0.001},
        "fal/lip-sync/fal-ai/musetalk": {"unit": "second", "price": 0.1},
    }
    factory.configure(prices={"rows": rows})
    assert Decimal("0.020") in [cost for _, _, cost in spoken(factory.quote())]


def test_a_purpose_that_is_none_is_refused(factory, monkeypatch, capsys):
    """A slip of the pen in the environment makes no draft of a final."""
    monkeypatch.setenv("TALKMILL_PURPOSE", "finl")
    assert cli.main(["quote", "--root", str(factory.root)]) == 2
    assert capsys.readouterr().err == "TALKMILL_PURPOSE: is no purpose (found 'finl'). Set it to draft or final, or unset it.\n"
