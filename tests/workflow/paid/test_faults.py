"""What providers do wrong: told at the end of the run by its line, in words, and never paid for twice."""

from __future__ import annotations

import re
from decimal import Decimal

from tests.workflow.paid.rehearsal import Paid
from tests.workflow.paid.test_once import holding


def last_words(text: str) -> str:
    """What a run says at its very end."""
    return text.partition("\nWhat went wrong:\n")[2].partition("\nComplete log")[0]


def test_a_missing_key_or_price_is_told_before_anything_runs_and_all_at_once(ten: Paid) -> None:
    """Law: every sentence at once, the end is not 0, no job has begun."""
    ten.script({"new": ["This one is new."]})
    del ten.env["KLING_API_KEY"], ten.env["ELEVENLABS_API_KEY"]
    bought = ten.bought()
    done = ten.run()
    assert (done.code, done.jobs, bought.lines) == (1, {}, [])
    assert "kling: no key" in done.text
    assert "elevenlabs: no key" in done.text
    assert "docs/how-to/routes.md" in done.text
    assert "Traceback" not in done.text
    assert ten.run("validate").code == 0  # which buys nothing
    told = ten.ask("doctor", code=1)
    assert "kling: no key" in told
    assert "elevenlabs: no key" in told


def test_a_cap_stops_what_would_pass_it_and_says_by_how_much(ten: Paid) -> None:
    """Law: nothing is submitted over a cap, what fits under it is bought, and the setting is named."""
    ten.script({"one": ["Short."], "two": ["This line is a good deal longer than the other one is."]})
    spent = ten.spent()
    cap = f"{spent_of(ten, 'elevenlabs') + Decimal('0.001')}"
    ten.set(budget={"per_call": 2, "providers": {"elevenlabs": {"per_day": cap}}})
    told = ten.ask("quote", code=1)
    assert re.search(r"budget\.providers\.elevenlabs\.per_day: .* OVER by 0\.005", told)
    bought = ten.bought()
    done = ten.run("audio")
    assert done.code == 1
    assert bought.counts == {"elevenlabs": 1}
    assert ten.spent() - spent == bought.total
    words = last_words(done.text)
    assert "two/en/speak" in words
    assert re.search(r"budget\.providers\.elevenlabs\.per_day: the cap of \S+ USD would be passed by 0\.00[45]\d* USD", words)
    assert "Nothing was submitted" in words


def spent_of(project: Paid, provider: str) -> Decimal:
    """What the ledger counts for a provider."""
    return sum((each.counts for each in project.attempts() if each.first["provider"] == provider), Decimal(0))


def test_a_used_up_balance_stops_the_account_and_free_work_goes_on(ten: Paid) -> None:
    """Law: after the first such answer nobody asks again in this run; the next run tries anew."""
    ten.config["providers"]["elevenlabs"]["concurrency"] = 2
    ten.set()
    lines = {f"p{number}": [f"Paid line of number {number}."] for number in range(4)}
    ten.script({**lines, "free": [{"ada": "Nobody pays for me."}]})
    ten.box["elevenlabs"].faults.add("payment", 100)
    bought, asked = ten.bought(), sum(ten.box["elevenlabs"].seen.values())
    done = ten.run("audio")
    assert done.code == 1
    assert bought.lines == []
    assert sum(ten.box["elevenlabs"].seen.values()) - asked <= 2  # as many as were in flight
    words = last_words(done.text)
    assert words.count("the balance or the plan does not allow it") == 4
    assert "so no more are sent in this run" in words
    assert "Traceback" not in done.text
    assert any("free/en/clean" in name for name in ten.tickets("clean"))
    ten.box["elevenlabs"].faults.clear()
    assert ten.run("audio").code == 0
    assert bought.counts == {"elevenlabs": 4}


def test_a_lost_answer_is_held_until_a_person_has_looked(ten: Paid) -> None:
    """Law: it may have been billed, so nobody sends it again; `reconcile` shows it, ends with 3, and lets it go on."""
    ten.script({"lost": ["This answer gets lost."], "fine": ["This one does not."]})
    ten.box["elevenlabs"].faults.add("drop-charged", 1, "gets lost")
    bought = ten.bought()
    done = ten.run("audio")
    assert done.code == 1
    assert bought.counts == {"elevenlabs": 2}
    words = last_words(done.text)
    (key,) = re.findall(r"talkmill reconcile ([0-9a-f]{12}) --charged", words)
    assert re.search(r"^build/lost/en/speak-\w+: grace, line 1: .* is held", words, re.M)
    again = ten.run("audio")
    assert again.code == 1
    assert key in last_words(again.text)
    assert bought.counts == {"elevenlabs": 2}
    assert key in ten.ask("reconcile", code=3)
    ten.ask("reconcile", key, "--not-charged", "--note", "not on the account's page")
    assert ten.ask("reconcile") == "No call waits.\n"
    assert ten.run("audio").code == 0
    assert bought.counts == {"elevenlabs": 3}


def test_bad_results_are_told_by_their_line_and_the_next_run_pays_for_none_of_them_again(ten: Paid) -> None:
    """Law: moderation is final and costs nothing; what came broken, short or slow was paid for and is not bought again."""
    faults = ("1301", "html", "short", "slow")
    ten.script({"bad": [f"We see what comes of number {number}." for number in range(len(faults))]})
    for fault in faults:
        ten.box["kling"].faults.add(fault)
    bought = ten.bought()
    done = ten.lips()
    assert done.code == 1
    words = last_words(done.text).splitlines()
    assert len(words) == 4
    assert all(re.match(r"build/bad/en/lipsync-\w+: grace, line [1-4]: ", line) for line in words)
    told = "\n".join(words)
    assert "the content safety check refuses the image or the sound" in told
    assert "a page came in place of the video" in told
    assert re.search(r"\d\.\d+ s long, \d\.\d+ s were asked for", told)
    assert "12.0 frames a second, at least 20 are expected" in told
    assert told.count("TALKMILL_REBUY") == 2
    assert "Traceback" not in done.text
    assert "bug:" not in done.text
    assert bought.counts == {"elevenlabs": 4, "kling": 3}  # nothing is billed for what is refused
    ten.box["kling"].faults.add("1301")
    again = ten.lips()
    assert again.code == 1
    assert "To buy: 1 call for" in again.text
    assert bought.counts == {"elevenlabs": 4, "kling": 3}
    keys = re.findall(r"It was bought as ([0-9a-f]{12})", last_words(again.text))
    assert len(keys) == 2
    ten.env["TALKMILL_REBUY"] = ",".join(keys)
    renewed = ten.lips()
    assert renewed.code == 1  # the page is there still
    assert bought.counts == {"elevenlabs": 4, "kling": 6}  # two anew, and the one that was refused, which is now taken
    (line,) = last_words(renewed.text).splitlines()
    assert "a page came" in line


def test_no_key_is_in_any_file_whatever_went_wrong(ten: Paid) -> None:
    """Law: keys are in the environment only; files of all kinds are searched, the bytes of videos too."""
    ten.script({"odd": ["This is odd.", "It gets lost."], "page": ["A page comes."]})
    ten.box["elevenlabs"].faults.add("drop-charged", 1, "gets lost")
    ten.box["elevenlabs"].faults.add("page", 1, "A page")
    assert ten.run("audio").code == 1
    ten.env["ELEVENLABS_API_KEY"] = "wrong-CANARY-key"
    ten.script({"no": ["This key is wrong."]})
    done = ten.run("audio")
    assert done.code == 1
    assert "the key is not accepted" in last_words(done.text)
    assert "CANARY" not in done.text
    assert holding(ten.root, b"CANARY") == []
