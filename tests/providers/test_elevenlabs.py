"""ElevenLabs' protocol: each error, each fault, what is sent, and that the key is nowhere."""

import json
import os
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from talkmill.errors import AccountError, NotAccepted, OutcomeUnknown, ProviderError, Refused
from talkmill.model.calls import Call
from talkmill.providers import load
from talkmill.providers.elevenlabs import ElevenLabs, problem
from talkmill.providers.elevenlabs_models import MODELS, refusal
from talkmill.providers.sandbox.elevenlabs import FAULTS, ElevenLabsService
from talkmill.providers.sandbox.server import Sandbox

KEY = "sk-test-canary-51c0ffee"
BODY = {"voice_id": "sandboxvoice00000001", "output_format": "mp3_44100_128", "text": "Good morning to you.", "seed": 5}


@pytest.fixture
def box(monkeypatch):
    monkeypatch.setenv("ELEVENLABS_API_KEY", KEY)
    with Sandbox(ElevenLabsService(latency=0, a_second=0)) as served:
        yield served


@pytest.fixture
def provider(box):
    return load("elevenlabs", {"base_url": box.url("elevenlabs")})


def call(model="eleven_multilingual_v2", **changes):
    body = {name: value for name, value in {**BODY, **changes}.items() if value is not None}
    return Call("elevenlabs", "text-to-speech", model, body, amount=Decimal(len(body["text"])))


def test_speech_comes_with_the_times_of_its_characters_and_its_cost(provider, box, tmp_path):
    """One entry a character of the text, inside the sound; the header's credits are what was charged."""
    answer = provider.submit(call(), {}, "handle", tmp_path)
    told = json.loads(answer.files["times"].read_bytes())["alignment"]
    assert "".join(told["characters"]) == BODY["text"]
    ends = told["character_end_times_seconds"]
    assert ends == sorted(ends)
    assert 0.5 < ends[-1] < 4
    assert answer.files["sound"].stat().st_size > 10_000
    assert (answer.charged, answer.currency) == (Decimal(20), "elevenlabs-credit")
    assert answer.task.id == box.bill.lines()[0].task
    assert box.bill.total() == Decimal("0.002")


def test_the_body_arrives_as_it_was_written(provider, box, tmp_path):
    """Nothing is added to or taken from it on the way through the SDK."""
    more = {
        "voice_settings": {"stability": 0.5, "similarity_boost": 0.8, "speed": 1.1},
        "apply_text_normalization": "off",
        "language_code": "en",
        "previous_text": "Before.",
        "pronunciation_dictionary_locators": [{"pronunciation_dictionary_id": "d1", "version_id": "v1"}],
    }
    provider.submit(call("eleven_v4", **more), {}, "handle", tmp_path)
    sent = box["elevenlabs"].bodies[0]
    wanted = {key: value for key, value in {**BODY, **more}.items() if key not in ("voice_id", "output_format")}
    assert sent == {**wanted, "model_id": "eleven_v4"}
    assert box["elevenlabs"].seen["POST /v1/text-to-speech/sandboxvoice00000001/with-timestamps"] == 1


WANTED = {
    "quota": (AccountError, 0),
    "payment": (AccountError, 0),
    "crowded": (NotAccepted, 0),
    "busy": (NotAccepted, 0),
    "error": (OutcomeUnknown, 0),
    "error-charged": (OutcomeUnknown, 1),
    "forbidden": (Refused, 0),
    "truncated": (OutcomeUnknown, 1),
    "empty": (OutcomeUnknown, 1),
    "page": (OutcomeUnknown, 0),
    "drop": (OutcomeUnknown, 0),
    "drop-charged": (OutcomeUnknown, 1),
}
GOOD = ("null", "shuffled")
"""Faults after which there is speech all the same."""


def test_every_fault_is_tried():
    """The table below has all that the sandbox can do."""
    assert set(WANTED) | set(GOOD) == set(FAULTS)


@pytest.mark.parametrize("fault", sorted(WANTED))
def test_a_fault_is_the_error_it_should_be_and_is_sent_once(provider, box, tmp_path, fault):
    """The right exception, no repeat by anybody, and the bill knows what it cost."""
    wanted, charged = WANTED[fault]
    box["elevenlabs"].faults.add(fault, times=3)
    with pytest.raises(wanted) as caught:
        provider.submit(call(), {}, "handle", tmp_path)
    assert type(caught.value) is wanted
    assert sum(box["elevenlabs"].seen.values()) == 1
    assert len(box.bill.lines()) == charged
    assert KEY not in str(caught.value)


def test_who_waits_for_a_slot_waits_shorter_than_who_waits_for_the_system(provider, box, tmp_path):
    """Too many at once: a slot gets free soon. System busy: longer."""
    waits = []
    for fault in ("crowded", "busy"):
        box["elevenlabs"].faults.add(fault)
        with pytest.raises(NotAccepted) as caught:
            provider.submit(call(), {}, "handle", tmp_path)
        waits.append(caught.value.wait)
    assert 0 < waits[0] < waits[1]


def test_after_a_failure_inside_the_same_call_goes_through(provider, box, tmp_path):
    """500 once, then speech: by whoever decides to send it again, not by itself."""
    box["elevenlabs"].faults.add("error")
    with pytest.raises(OutcomeUnknown):
        provider.submit(call(), {}, "handle", tmp_path)
    assert provider.submit(call(), {}, "handle", tmp_path).files["sound"].exists()
    assert len(box.bill.lines()) == 1


@pytest.mark.parametrize(
    ("status", "body", "wanted", "said"),
    [
        (401, {"detail": {"type": "auth", "code": "unauthorized", "status": "invalid_api_key"}}, AccountError, "key"),
        (401, {"detail": {"status": "quota_exceeded", "message": "over"}}, AccountError, "credits"),
        (401, {"detail": {"status": "detected_unusual_activity", "message": "free tier"}}, AccountError, "free tier"),
        (402, {"detail": {"code": "insufficient_credits", "message": "none left"}}, AccountError, "none left"),
        (429, {"detail": {"status": "too_many_concurrent_requests"}}, NotAccepted, "no more"),
        (429, {"detail": {"status": "concurrent_limit_exceeded"}}, NotAccepted, "no more"),
        (429, {"detail": {"code": "rate_limit_exceeded"}}, NotAccepted, "no more"),
        (429, {"detail": {"status": "quota_exceeded"}}, AccountError, "credits"),
        (422, {"detail": [{"loc": ["body", "voice_settings", "stability"], "msg": "!", "type": "x"}]}, Refused, "`stability`"),
        (422, {"detail": [{"loc": ["body", "similarity_boost"], "msg": "?", "type": "x"}]}, Refused, "`similarity`"),
        (400, {"detail": {"status": "max_character_limit_exceeded", "message": "long"}}, Refused, "the line's text"),
        (400, {"detail": {"status": "unsupported_language", "message": "no language_code here"}}, Refused, "language"),
        (404, {"detail": {"status": "voice_not_found", "message": "gone"}}, Refused, "`voice`"),
        (403, {"detail": {"status": "missing_permissions", "message": "tts"}}, Refused, "permissions"),
        (403, {"detail": {"code": "output_format_not_allowed", "message": "pro only"}}, Refused, "`format`"),
        (307, "", Refused, "base_url"),
        (408, "", OutcomeUnknown, "billed"),
        (500, "<html>oops</html>", OutcomeUnknown, "500"),
        (503, {"detail": "maintenance"}, OutcomeUnknown, "maintenance"),
        (200, "<html>", OutcomeUnknown, "billed"),
    ],
)
def test_an_error_answer_in_any_of_its_shapes_is_the_right_error(status, body, wanted, said):
    """New, older and validation shape; the message names what to look at, and never the key."""
    error = problem(status, body, {"Retry-After": "7"} if status == 429 else {}, KEY)
    assert type(error) is wanted
    assert said in str(error)
    if wanted is NotAccepted:
        assert error.wait == 7.0


def test_words_of_theirs_that_hold_the_key_are_shown_without_it():
    """A server that echoes the header."""
    assert KEY not in str(problem(400, {"detail": {"status": "x", "message": f"bad key {KEY}"}}, {}, KEY))


def test_the_wrong_body_is_refused_before_the_key_is_looked_at(box, monkeypatch, tmp_path):
    """422 with a wrong key: the provider does so, and its stand-in too."""
    monkeypatch.setenv("ELEVENLABS_API_KEY", "sk-wrong")
    provider = ElevenLabs({"base_url": box.url("elevenlabs")})
    with pytest.raises(Refused, match="`seed`"):
        provider.submit(call(seed=2**40), {}, "handle", tmp_path)
    with pytest.raises(AccountError, match="ELEVENLABS_API_KEY"):
        provider.submit(call(), {}, "handle", tmp_path)
    assert not box.bill.lines()


def test_without_a_key_nothing_is_sent(provider, box, monkeypatch, tmp_path):
    """It is read at the call, from the environment."""
    monkeypatch.delenv("ELEVENLABS_API_KEY")
    with pytest.raises(AccountError, match="not set"):
        provider.submit(call(), {}, "handle", tmp_path)
    monkeypatch.setenv("ELEVENLABS_API_KEY", "two\nlines")
    with pytest.raises(AccountError, match="cannot be sent") as caught:
        provider.submit(call(), {}, "handle", tmp_path)
    assert "two" not in str(caught.value)
    assert not box["elevenlabs"].seen


def test_nobody_there_is_not_accepted_and_silence_is_unknown(monkeypatch, tmp_path):
    """A refused connection was never sent; an answer that does not come may have been billed."""
    monkeypatch.setenv("ELEVENLABS_API_KEY", KEY)
    with socket.socket() as port:
        port.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{port.getsockname()[1]}"
        with pytest.raises(NotAccepted):
            ElevenLabs({"base_url": address}).submit(call(), {}, "handle", tmp_path)
        port.listen()
        with pytest.raises(OutcomeUnknown, match="ReadTimeout"):
            ElevenLabs({"base_url": address, "timeout": 0.3}).submit(call(), {}, "handle", tmp_path)


def test_more_than_the_plan_allows_at_once_is_not_accepted(monkeypatch, tmp_path):
    """Six at once where two may: some go through, the others may be sent again; the bill has those that did."""
    monkeypatch.setenv("ELEVENLABS_API_KEY", KEY)
    with Sandbox(ElevenLabsService(concurrent=2, latency=40, a_second=0)) as box:
        provider = ElevenLabs({"base_url": box.url("elevenlabs")})

        def one(number):
            folder = tmp_path / str(number)
            folder.mkdir()
            try:
                return provider.submit(call(text="Hello."), {}, "handle", folder)
            except NotAccepted as error:
                return error

        with ThreadPoolExecutor(6) as pool:
            results = list(pool.map(one, range(6)))
        done = [result for result in results if not isinstance(result, ProviderError)]
        assert 2 <= len(done) < 6
        assert len(box.bill.lines()) == len(done)


def test_a_balance_that_is_used_up_ends_it(monkeypatch, tmp_path):
    """30 credits: one line of 20 characters, then 401 quota_exceeded."""
    monkeypatch.setenv("ELEVENLABS_API_KEY", KEY)
    with Sandbox(ElevenLabsService(credits=30, latency=0, a_second=0)) as box:
        provider = ElevenLabs({"base_url": box.url("elevenlabs")})
        provider.submit(call(), {}, "handle", tmp_path)
        with pytest.raises(AccountError, match="10 credits remaining"):
            provider.submit(call(), {}, "handle", tmp_path)


@pytest.mark.parametrize(
    ("model", "options", "said"),
    [
        ("eleven_v3", {"stability": 0.4}, "0, 0.5, 1"),
        ("eleven_v4", {"speed": 1.1}, "changes nothing"),
        ("eleven_v4", {"style": 0.2}, "changes nothing"),
        ("eleven_multilingual_v2", {"stability": 1.2}, "0 to 1"),
        ("eleven_multilingual_v2", {"speed": 0.5}, "0.7 to 1.2"),
        ("eleven_multilingual_v2", {"pronunciation": {"Ada": "/ˈeɪdə/"}}, "phonetic"),
        ("eleven_flash_v2_5", {"dictionaries": [{"id": "a", "version": "b"}] * 4}, "3 at most"),
    ],
)
def test_what_a_model_does_not_take_is_refused_before_it_is_sent(model, options, said):
    """The setting is named, and what to do."""
    why = refusal(model, options, "en")
    assert why is not None
    assert said in why


def test_the_models_limits_are_those_of_the_sandbox_too(provider, box, tmp_path):
    """At the limit it is taken by the table, one character over it is refused; the sandbox refuses the same."""
    for name, row in MODELS.items():
        assert refusal(name, {}, "en", "a" * row.characters) is None
        assert f"{row.characters:,} at most" in refusal(name, {}, "en", "a" * (row.characters + 1))
        assert (refusal(name, {}, "en", context=True) is None) == row.context
        wrong = {"text": "a" * (row.characters + 1)}
        if not row.language_code:
            with pytest.raises(Refused):
                provider.submit(call(name, language_code="en"), {}, "handle", tmp_path)
        with pytest.raises(Refused):
            provider.submit(call(name, **wrong), {}, "handle", tmp_path)
    assert "vi" not in MODELS["eleven_multilingual_v2"].languages
    assert "Choose" in refusal("eleven_multilingual_v2", {}, "vi")
    assert not box.bill.lines()


def test_equal_requests_cost_twice_and_have_equal_times_and_other_bytes(provider, box, tmp_path):
    """As the provider does: whoever loses a result cannot get the same one again."""
    found = []
    for number in range(2):
        folder = tmp_path / str(number)
        folder.mkdir()
        found.append(provider.submit(call(output_format="pcm_44100"), {}, "handle", folder).files)
    assert found[0]["times"].read_bytes() == found[1]["times"].read_bytes()
    assert found[0]["sound"].read_bytes() != found[1]["sound"].read_bytes()
    assert len(box.bill.lines()) == 2


def test_the_sdk_is_imported_only_when_something_is_sent():
    """Half a second that planning does not pay."""
    code = "import sys, talkmill.providers.elevenlabs, talkmill.backends.speak.elevenlabs as b; b.ElevenLabs.cannot({}, 'en')\n"
    code += "print([name for name in ('elevenlabs', 'httpx', 'numpy', 'pocketsphinx') if name in sys.modules])"
    started = time.monotonic()
    environment = {**os.environ, "PYTHONPATH": "."}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip() == "[]"
    assert time.monotonic() - started < 5
