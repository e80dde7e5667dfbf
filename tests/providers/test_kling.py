"""Kling's protocol, over real HTTP against the sandbox."""

import json
import logging
import time
from decimal import Decimal

import pytest

from talkmill.errors import AccountError, Duplicate, NotAccepted, OutcomeUnknown, Refused
from talkmill.model.calls import Answer, Call, Done, Failed, Pending, Task
from talkmill.providers import load, results
from talkmill.providers.kling import Kling
from talkmill.providers.kling_calls import outcome
from talkmill.providers.sandbox.server import Reply
from tests.providers.conftest import KEY, QUICK, avatar, wait

ACCOUNT = ("1000", "1001", "1002", "1100", "1101", "1102", "1304")
TABLE = {
    **dict.fromkeys(ACCOUNT, AccountError),
    **dict.fromkeys(("1103", "1200", "1201", "1202", "1203", "1300", "1301"), Refused),
    **dict.fromkeys(("1302", "1303"), NotAccepted),
    **dict.fromkeys(("5000", "5001", "5002", "timeout", "drop", "reset", "html-answer"), OutcomeUnknown),
}


def send(provider, call, media, tmp_path, handle="h-1", roles=("image", "sound")):
    return provider.submit(call, {role: media[role] for role in roles}, handle, tmp_path)


@pytest.mark.parametrize(("fault", "error"), TABLE.items())
def test_every_code_and_lost_answer_is_the_right_error(kling, box, media, tmp_path, fault, error):
    """The table of the API's codes, and every way in which an answer gets lost: whether it was taken decides the class."""
    box["kling"].faults.add(fault)
    with pytest.raises(error) as caught:
        send(kling, avatar(), media, tmp_path)
    taken = len(box["kling"].tasks)
    assert taken == (1 if error is OutcomeUnknown else 0)
    assert type(caught.value) is error
    assert KEY not in str(caught.value)
    if error is NotAccepted:
        assert caught.value.wait >= 1
    if fault.startswith("13") and error is Refused:
        assert "the image" in str(caught.value)
        assert "the prompt" in str(caught.value)
    if error is OutcomeUnknown:
        task = kling.find(avatar(), "h-1")
        assert task is not None
        assert isinstance(wait(kling, avatar(), task), Done)


@pytest.mark.parametrize("provider", ["kling", "pair"])
def test_a_task_runs_to_its_end_by_either_key(request, provider, box, media, tmp_path):
    """Submit, find by our handle, poll, fetch; what it cost is what the bill says."""
    made = request.getfixturevalue(provider)
    box["kling"].least = 500
    task = send(made, avatar(), media, tmp_path)
    assert made.find(avatar(), "h-1").id == task.id
    assert isinstance(made.poll(avatar(), task), Pending)
    done = wait(made, avatar(), task)
    assert done.charged == Decimal("1.2000")
    assert done.currency == "kling-unit"
    assert done.expires > time.time()
    files = made.fetch(avatar(), done, tmp_path)
    film = results.film(files["clip"])
    assert (film.width, film.height, film.fps) == (720, 960, 25)
    assert film.seconds == pytest.approx(3, abs=0.05)
    assert box.bill.total() == Decimal("0.168")


def test_a_handle_is_taken_once_and_then_found(kling, media, tmp_path):
    """A second submit under one handle is a `Duplicate`, whatever product; an unknown handle finds nothing."""
    task = send(kling, avatar(), media, tmp_path)
    image = Call("kling", "image", "kling-v3", {"prompt": "a face"})
    for call, roles in ((avatar(), ("image", "sound")), (image, ())):
        with pytest.raises(Duplicate):
            send(kling, call, media, tmp_path, roles=roles)
    assert kling.find(avatar(), "h-1") == task
    assert kling.find(avatar(), "h-2") is None


def test_access_keys_find_a_lip_sync_in_the_list(pair, box, media, tmp_path):
    """Lip sync's own page cannot be asked by our handle: the list of tasks is looked through."""
    call, task = lip_sync(pair, media, tmp_path)
    assert pair.find(call, "h-1") == task
    assert pair.find(call, "h-9") is None


def lip_sync(provider, media, tmp_path):
    face = Call("kling", "identify-face", "", {}, lasts=86400)
    answer = provider.submit(face, {"clip": media["clip"]}, "f-1", tmp_path)
    assert isinstance(answer, Answer)
    assert answer.charged == Decimal("0.05")
    assert json.loads(answer.files["faces"].read_text()) == answer.facts
    times = {"sound_start_time": 0, "sound_end_time": 3000, "sound_insert_time": 0}
    context = {"session_id": answer.facts["session_id"], "face_id": answer.facts["faces"][0]["face_id"]}
    call = Call("kling", "lip-sync", "", {"face": times}, context=context)
    return call, provider.submit(call, {"sound": media["sound"], "clip": media["clip"]}, "h-1", tmp_path)


def test_lip_sync_in_two_calls_and_in_one(kling, box, media, tmp_path):
    """Faces first, then the lips; or the older single call. Steps of 5 s are billed; the result has the clip's length."""
    call, task = lip_sync(kling, media, tmp_path)
    done = wait(kling, call, task)
    assert done.charged == Decimal("0.5")
    film = results.film(kling.fetch(call, done, tmp_path)["clip"])
    assert film.seconds == pytest.approx(4, abs=0.05)
    single = Call("kling", "lip-sync-single", "", {"input": {"mode": "audio2video"}})
    task = kling.submit(single, {"sound": media["sound"], "clip": media["clip"]}, "h-1", tmp_path)
    assert isinstance(wait(kling, single, task), Done)
    assert box.bill.total() == Decimal("0.147")
    assert kling.handles_of["lip-sync-single"] == kling.handles_of["identify-face"] == "none"


def test_a_lip_sync_without_a_session_is_not_sent(kling, box, media, tmp_path):
    """The session must have been bought before: a call without it goes nowhere."""
    with pytest.raises(Refused, match="session"):
        kling.submit(Call("kling", "lip-sync", "", {"face": {}}), {"sound": media["sound"]}, "h-1", tmp_path)
    assert not box["kling"].seen


@pytest.mark.parametrize(
    ("operation", "model", "body", "usd"),
    [
        ("image-to-video-720p", "kling-v2-5-turbo", {"duration": "5", "mode": "std"}, "0.21"),
        ("image-to-video-1080p", "kling-v3", {"duration": "3", "mode": "pro", "negative_prompt": "blur"}, "0.336"),
        ("image-to-video-720p", "kling-3.0", {"settings": {"duration": 3, "resolution": "720p", "audio": "off"}}, "0.252"),
        ("image-to-video-720p-audio", "kling-3.0-turbo", {"settings": {"duration": 3, "resolution": "720p"}}, "0.336"),
    ],
)
def test_motion_by_either_standard(kling, box, media, tmp_path, operation, model, body, usd):
    """Older and new standard: a clip of the length asked for, `succeed` and `succeeded` alike."""
    call = Call("kling", operation, model, body)
    done = wait(kling, call, send(kling, call, media, tmp_path, roles=("image",)))
    assert isinstance(done, Done)
    film = results.film(kling.fetch(call, done, tmp_path)["clip"])
    asked = body.get("settings", body)["duration"]
    assert film.seconds == pytest.approx(float(asked), abs=0.05)
    assert box.bill.total() == Decimal(usd)


def test_the_new_standard_needs_an_api_key(pair, box, media, tmp_path):
    """Access keys are told so before anything is sent."""
    call = Call("kling", "image-to-video-720p", "kling-3.0", {"settings": {"duration": 3}})
    with pytest.raises(AccountError, match="KLING_API_KEY"):
        send(pair, call, media, tmp_path, roles=("image",))
    assert not box["kling"].seen


def test_a_picture_from_words(kling, box, media, tmp_path):
    """An image of the size asked for; units of images are another currency than those of clips."""
    call = Call("kling", "image", "kling-v3", {"prompt": "a portrait", "aspect_ratio": "9:16", "resolution": "1k"})
    done = wait(kling, call, kling.submit(call, {}, "h-1", tmp_path))
    assert (done.charged, done.currency) == (Decimal(8), "kling-image-unit")
    assert results.image_size(kling.fetch(call, done, tmp_path)["image"]) == (576, 1024)


@pytest.mark.parametrize(("fault", "again"), [("failed", True), ("unsafe", False)])
def test_a_failed_task_says_why_and_whether_again(kling, box, media, tmp_path, fault, again):
    """A failure costs nothing, in the provider's own words; one by moderation is never worth another try."""
    box["kling"].faults.add(fault)
    found = wait(kling, avatar(), send(kling, avatar(), media, tmp_path))
    assert isinstance(found, Failed)
    assert found.reason
    assert (found.charged, found.again) == (False, again)
    assert box.bill.total() == 0


def test_a_failure_that_says_nothing_of_money_is_not_called_free():
    """Where no deduction is named, neither yes nor no is said."""
    found = outcome(avatar(), {"task_id": "1", "task_status": "failed", "task_status_msg": "oh"})
    assert (found.charged, found.again) == (None, False)


@pytest.mark.parametrize("fault", ["expired", "redirect"])
def test_an_expired_address_is_asked_for_anew_and_a_redirect_at_home_followed(kling, box, media, tmp_path, fault):
    """403 leads to the task's fresh address; a redirect within the API's own host is followed."""
    box["kling"].faults.add(fault)
    done = wait(kling, avatar(), send(kling, avatar(), media, tmp_path))
    assert kling.fetch(avatar(), done, tmp_path)["clip"].stat().st_size > 1000


@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        ("html", NotAccepted, "a page came"), ("truncated", NotAccepted, "cannot be decoded"), ("cut", NotAccepted, "reached"),
        ("empty", NotAccepted, "empty"), ("garbage", NotAccepted, "be decoded"), ("sound", NotAccepted, "cannot be decoded"),
        ("redirect-private", Refused, "169.254"), ("redirect-loop", Refused, "redirects more than"),
        ("expired-for-good", Refused, "403"),
    ],
)  # fmt: skip
def test_a_result_that_is_none_is_never_kept(kling, box, media, tmp_path, fault, error, words):
    """Pages, broken, empty or foreign files, addresses that lead inside: an error, and no file, not even a part of one."""
    box["kling"].faults.add(fault)
    done = wait(kling, avatar(), send(kling, avatar(), media, tmp_path))
    target = tmp_path / "fetched"
    with pytest.raises(error, match=words):
        kling.fetch(avatar(), done, target)
    assert not list(target.iterdir())


def test_a_result_that_is_not_everywhere_yet_is_asked_for_again(kling, box, media, tmp_path, monkeypatch):
    """A 404 right after the end is no verdict: it may come up; where it does not, it is for later."""
    done = wait(kling, avatar(), send(kling, avatar(), media, tmp_path))
    answer, missing = type(box["kling"]).answer, [2]

    def late(service, asked):
        if asked.path.startswith("/files/") and missing[0]:
            missing[0] -= 1
            return Reply(b"", 404)
        return answer(service, asked)

    monkeypatch.setattr(type(box["kling"]), "answer", late)
    assert kling.fetch(avatar(), done, tmp_path / "a")["clip"].exists()
    missing[0] = 1000
    with pytest.raises(NotAccepted, match="404"):
        kling.fetch(avatar(), done, tmp_path / "b")


def test_a_result_over_the_cap_is_not_taken(kling, box, media, tmp_path):
    """A declared or counted size over the cap ends the transfer."""
    done = wait(kling, avatar(), send(kling, avatar(), media, tmp_path))
    with pytest.raises(Refused, match="too large"):
        kling._client.download(done.results["clip"], tmp_path / "x.mp4", kind="video", largest=1000)
    assert not (tmp_path / "x.mp4").exists()


@pytest.mark.parametrize("fault", ["poll-500", "poll-html"])
def test_a_poll_survives_errors(kling, box, media, tmp_path, fault):
    """Errors of a poll are asked over; they say nothing of the task."""
    task = send(kling, avatar(), media, tmp_path)
    box["kling"].faults.add(fault, times=3)
    assert isinstance(wait(kling, avatar(), task), Done)


def test_a_permanent_429_of_a_poll_is_not_asked_over(kling, box, media, tmp_path):
    """A used-up balance stays so: one question, one error."""
    task = send(kling, avatar(), media, tmp_path)
    box["kling"].faults.add("1002")
    before = box["kling"].seen.total()
    with pytest.raises(AccountError):
        kling.poll(avatar(), task)
    assert box["kling"].seen.total() == before + 1


def test_an_unknown_task_is_named(kling, pair):
    """A task of another account or of long ago."""
    for provider in (kling, pair):
        with pytest.raises(Refused, match="no task 7"):
            provider.poll(avatar(), Task("7"))


def test_slots_are_counted_by_the_sandbox(kling, box, media, tmp_path):
    """A fourth task of three at once is 1303: not taken."""
    box["kling"].least = 60_000
    image = Call("kling", "image", "kling-v3", {"prompt": "x"})
    for number in range(3):
        kling.submit(image, {}, f"h-{number}", tmp_path)
    with pytest.raises(NotAccepted, match="parallel"):
        kling.submit(image, {}, "h-9", tmp_path)


@pytest.mark.parametrize(
    ("code", "skew", "words"), [("1003", -3600, "60 minutes ahead of"), ("1004", 3600, "60 minutes behind")]
)
def test_a_clock_an_hour_off_is_named(pair, box, media, tmp_path, code, skew, words):
    """The token is made anew once; then the error says by how much the clock is wrong, and in which direction."""
    box.clock.skew = skew
    with pytest.raises(AccountError, match=words):
        send(pair, avatar(), media, tmp_path)
    assert box["kling"].seen["POST /v1/videos/avatar/image2video"] == 2
    assert not box["kling"].tasks


@pytest.mark.parametrize("code", ["1003", "1004"])
def test_one_stale_token_is_made_anew(pair, box, media, tmp_path, code):
    """A single 1003 or 1004 is mended silently, once: nothing was taken."""
    box["kling"].faults.add(code)
    assert isinstance(send(pair, avatar(), media, tmp_path), Task)
    assert len(box["kling"].tasks) == 1


def test_missing_keys_are_said_in_planning():
    """No key, half a pair, no upload: sentences that name the variable."""
    assert "KLING_API_KEY" in Kling({}, environ={}).missing()[0]
    assert "KLING_SECRET_KEY" in Kling({}, environ={"KLING_ACCESS_KEY": "a"}).missing()[0]
    keyed = Kling({}, environ={"KLING_API_KEY": "k"})
    assert not keyed.missing(frozenset(("avatar",)))
    assert "upload" in keyed.missing(frozenset(("identify-face",)))[0]
    with pytest.raises(AccountError, match="KLING_API_KEY"):
        Kling({}, environ={}).submit(avatar(), {}, "h", None)


def test_no_key_shows_anywhere(kling, pair, box, media, tmp_path, caplog):
    """Errors, logs and reprs of calls that fail in many ways hold no key, token or signature."""
    caplog.set_level(logging.DEBUG)
    said = [repr(kling), repr(kling._client), repr(kling._keys), repr(pair._keys)]
    for provider in (kling, pair):
        for number, fault in enumerate(("1002", "1201", "1301", "drop", "5000", "html-answer", "timeout")):
            box["kling"].faults.add(fault)
            with pytest.raises(Exception, match="kling") as caught:
                send(provider, avatar(), media, tmp_path, handle=f"x-{number}-{provider is kling}")
            said += [str(caught.value), repr(caught.value)]
            box["kling"].tasks.clear()
    lip_sync(kling, media, tmp_path)
    said.append(caplog.text)
    assert "PUT 127.0.0.1 /shelf/clips/talkmill/" in caplog.text
    canaries = (KEY, "sk-test-secret-of-thirty-two-bytes", "aws-canary-secret", "eyJ", "X-Amz-Signature", "Signature=")
    assert not [(canary, text) for text in said for canary in canaries if canary in text]


def test_the_sandbox_tells_the_settings_that_lead_to_it(box, media, tmp_path):
    """A rehearsal needs nothing else: no key, no bucket of one's own."""
    made = Kling(box.settings()["kling"], environ=box.environ(), limits=QUICK)
    assert not made.missing(frozenset(("identify-face", "avatar")))
    call, task = lip_sync(made, media, tmp_path)
    assert isinstance(wait(made, call, task), Done)
    assert "shelf" not in box.settings()


def test_it_is_found_by_its_name(box):
    """`load` builds it from settings."""
    assert isinstance(load("kling", {"base_url": box.url("kling")}), Kling)
    assert QUICK.total < 10
