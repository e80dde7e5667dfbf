"""fal's protocol: the queue, the storage, each fault, declared models, and that the key is nowhere."""

import logging
from decimal import Decimal

import pytest

from talkmill.errors import AccountError, NotAccepted, OutcomeUnknown, Refused, RequestError
from talkmill.media import ffmpeg
from talkmill.model.calls import Call, Done, Failed, Pending, Task
from talkmill.providers import fal_models, load
from talkmill.providers.fal import Fal, _found
from talkmill.providers.http import Limits
from talkmill.providers.results import film, image_size
from talkmill.providers.sandbox.fal import FAULTS, FalService
from talkmill.providers.sandbox.server import Reply, Sandbox, Service, route
from tests.providers.buying import wait

KEY = "sk-test-canary-51c0ffee"
LIPS = "fal-ai/kling-video/lipsync/audio-to-video"
QUICK = Limits(asking=1.5, first_wait=0.02, longest_wait=0.05)


@pytest.fixture
def box():
    with Sandbox(FalService(latency=1, a_second=0), scale=0.01) as served:
        yield served


@pytest.fixture
def provider(box):
    found = Fal({"base_url": box.url("fal")}, environ={"FAL_KEY": KEY}, limits=QUICK)
    yield found
    found.close()


@pytest.fixture(scope="session")
def media(tmp_path_factory):
    """clip (720 by 720, 2.5 s), sound (2.5 s), image."""
    folder = tmp_path_factory.mktemp("media")
    files = {"clip": folder / "clip.mp4", "sound": folder / "sound.wav", "image": folder / "image.png"}
    made = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-y", ffmpeg.url(files["clip"])]
    ffmpeg.run(["-f", "lavfi", "-i", "testsrc2=size=720x720:rate=30:duration=2.5", *made])
    ffmpeg.run(["-f", "lavfi", "-i", "sine=duration=2.5:sample_rate=48000", "-y", ffmpeg.url(files["sound"])])
    ffmpeg.run(["-f", "lavfi", "-i", "testsrc2=size=360x640", "-frames:v", "1", "-y", ffmpeg.url(files["image"])])
    return files


def image(prompt="a face", **values):
    model = fal_models.model("fal-ai/flux/schnell")
    return model.call({"prompt": prompt, "image_size": {"width": 256, "height": 320}, **values}, {}, True, (256, 320))


def made(provider, call, files, folder):
    task = provider.submit(call, files, "handle", folder)
    state = wait(provider, call, task)
    assert isinstance(state, Done), state
    return provider.fetch(call, state, folder)


@pytest.mark.parametrize("name", sorted(fal_models.ready()))
def test_every_ready_made_model_makes_what_it_should(provider, box, media, tmp_path, name):
    """Real media of the right length and size; on the bill by the name under which its price is found."""
    model = fal_models.model(name)
    values = {field: "5" for field in [model.duration] if field}
    values |= {model.prompt: "a face"} if model.prompt else {}
    values |= {model.size: {"width": 256, "height": 320}} if model.size else {}
    seconds = {"clip": 2.5, "sound": 2.5, "duration": 5}
    call = model.call(values, seconds, True, (256, 320))
    found = made(provider, call, {role: media[role] for role in model.files}, tmp_path)
    if model.kind == "image":
        assert image_size(found["image"]) == (256, 320)
    else:
        clip = film(found["clip"])
        assert clip.seconds == pytest.approx(seconds[model.of], abs=0.05)
        assert clip.sound == (model.operation != "image-to-video")
        assert (clip.width, clip.height) == ((720, 720) if model.operation == "lip-sync" else (360, 640))
    (line,) = box.bill.lines()
    assert f"{line.service}/{line.product}" == call.price
    assert line.quantity >= call.amount


def test_lip_sync_is_billed_in_steps_of_five_seconds(provider, box, media, tmp_path):
    """2.5 s cost what 5 s cost: 7 cents."""
    model = fal_models.model(LIPS)
    made(provider, model.call({}, {"clip": 2.5, "sound": 2.5}, True), media, tmp_path)
    assert box.bill.total() == Decimal("0.07")


def test_what_is_sent_is_asked_not_to_be_run_twice_and_to_be_kept(provider, box, tmp_path):
    """fal's own repeats are off; results stay long enough to be fetched again; the body is the model's input itself."""
    task = provider.submit(image(seed=3), {}, "handle", tmp_path)
    assert box["fal"].jobs[task.id].input == {"prompt": "a face", "image_size": {"width": 256, "height": 320}, "seed": 3}
    headers = box["fal"].headers[0]
    assert headers["x-fal-no-retry"] == "1"
    assert "604800" in headers["x-fal-object-lifecycle-preference"]


def test_the_addresses_that_fal_names_are_asked(provider, box, media, tmp_path):
    """They leave out what follows owner and alias; a task without them is asked for at the documented ones."""
    call = fal_models.model(LIPS).call({}, {"clip": 2.5, "sound": 2.5}, True)
    task = provider.submit(call, media, "handle", tmp_path)
    assert task.refs["status"] == f"{box.url('fal')}/fal-ai/kling-video/requests/{task.id}/status"
    assert isinstance(wait(provider, call, task), Done)
    assert isinstance(provider.poll(call, Task(task.id)), Done)


def test_an_address_at_another_host_is_not_asked_with_the_key(provider):
    """The key goes to fal only, also when an answer names another place."""
    task = Task("request-1", {"status": "https://example.com/status"})
    with pytest.raises(Refused, match="another host"):
        provider.poll(image(), task)


WANTED = {"locked": AccountError, "payment": AccountError, "throttled": NotAccepted, "error": OutcomeUnknown}
WANTED |= {"drop": OutcomeUnknown, "drop-charged": OutcomeUnknown}
ENDED = {"invalid": (None, False), "failed": (False, True)}
"""What a job that ended badly was charged (None: nobody says), and whether it may go well another time."""
FETCHED = ("expired", "unready", "page", "truncated", "empty")
"""Faults after which the result is there all the same."""


def test_every_fault_is_tried():
    """The tables have all that the sandbox can do."""
    assert {*WANTED, *ENDED, *FETCHED} == set(FAULTS)


@pytest.mark.parametrize("fault", sorted(WANTED))
def test_a_submit_that_goes_wrong_is_the_error_it_should_be_and_is_sent_once(provider, box, tmp_path, fault):
    """No repeat by anybody: the bill has what was taken, once."""
    box["fal"].faults.add(fault, times=3)
    with pytest.raises(WANTED[fault]) as caught:
        provider.submit(image(), {}, "handle", tmp_path)
    assert type(caught.value) is WANTED[fault]
    assert box["fal"].seen["POST /fal-ai/flux/schnell"] == 1
    assert len(box["fal"].jobs) == (fault == "drop-charged")
    assert KEY not in str(caught.value)
    if fault == "throttled":
        assert caught.value.wait == 1


@pytest.mark.parametrize("fault", sorted(ENDED))
def test_completed_may_be_a_failure(provider, box, tmp_path, fault):
    """Its result tells; what may have been billed is not said to be free."""
    box["fal"].faults.add(fault)
    call = image()
    state = wait(provider, call, provider.submit(call, {}, "handle", tmp_path))
    assert isinstance(state, Failed)
    assert (state.charged, state.again) == ENDED[fault]
    assert state.reason
    assert not box.bill.lines()


@pytest.mark.parametrize("fault", FETCHED)
def test_a_result_is_fetched_whole_whatever_comes_in_between(provider, box, tmp_path, fault):
    """An expired address is asked for anew; a page, half a file, nothing: fetched again. Bought once."""
    box["fal"].faults.add(fault)
    found = made(provider, image(), {}, tmp_path)
    assert image_size(found["image"]) == (256, 320)
    assert len(box.bill.lines()) == 1


def test_more_jobs_than_slots_wait_in_the_queue(tmp_path):
    """Two at work, the third waits, and all are done in the end."""
    with Sandbox(FalService(concurrent=2, latency=40, a_second=0), scale=0.01) as box:
        provider = Fal({"base_url": box.url("fal")}, environ={"FAL_KEY": KEY}, limits=QUICK)
        call = image()
        tasks = [provider.submit(call, {}, "handle", tmp_path) for _ in range(3)]
        states = [provider.poll(call, task) for task in tasks]
        assert all(isinstance(state, Pending) for state in states)
        assert "queue" in states[2].note
        assert all(isinstance(wait(provider, call, task), Done) for task in tasks)
        provider.close()
    assert len(box.bill.lines()) == 3


@pytest.mark.parametrize(
    ("seconds", "side", "said"), [(11, 720, "2 to 10 s"), (2.5, 360, "sides of 720"), (1, 720, "2 to 10 s")]
)
def test_the_sandbox_and_the_table_refuse_the_same_clips(provider, media, tmp_path, seconds, side, said):
    """Too long, too short, too small: in planning by the table, and by the service as a validation error of the job."""
    model = fal_models.model(LIPS)
    assert said in model.refusal({"clip": seconds}, (side, side))
    clip = tmp_path / "clip.mp4"
    shown = f"testsrc2=size={side}x{side}:rate=5:duration={seconds}"
    ffmpeg.run(["-f", "lavfi", "-i", shown, "-c:v", "libx264", "-preset", "ultrafast", "-y", ffmpeg.url(clip)])
    call = model.call({}, {"clip": seconds, "sound": seconds}, True)
    state = wait(provider, call, provider.submit(call, {**media, "clip": clip}, "handle", tmp_path))
    assert isinstance(state, Failed)
    assert said in state.reason
    assert not state.again


def test_a_file_is_stored_and_can_be_fetched(provider, box, media, tmp_path):
    """The address is public: it needs no key. A file of the store has no ending, and still its type."""
    bare = tmp_path / "0123abcd"
    bare.write_bytes(media["clip"].read_bytes())
    url = provider.store_file(bare)
    assert url.endswith(".mp4")
    assert box["fal"].files[url.partition("/files/")[2]][1] == "video/mp4"
    fetched = provider._rest.download(url, tmp_path / "again.mp4", kind="video")
    assert fetched.read_bytes() == media["clip"].read_bytes()


def test_small_pictures_go_within_the_request_and_clips_into_the_storage(provider, box, media, tmp_path):
    """Nothing is uploaded that need not be."""
    model = fal_models.model("fal-ai/kling-video/ai-avatar/v2/standard")
    task = provider.submit(model.call({}, {"sound": 2.5}, True), media, "handle", tmp_path)
    sent = box["fal"].jobs[task.id].input
    assert sent["image_url"].startswith("data:image/png;base64,")
    assert sent["audio_url"].startswith(box.url("fal"))


def test_a_wrong_key_and_no_key(box, tmp_path):
    """Wrong: the provider says so. None: nothing is sent; key and secret apart make one."""
    wrong = Fal({"base_url": box.url("fal")}, environ={"FAL_KEY": "nonsense"})
    with pytest.raises(AccountError, match="FAL_KEY"):
        wrong.submit(image(), {}, "handle", tmp_path)
    none = Fal({"base_url": box.url("fal")}, environ={})
    seen = sum(box["fal"].seen.values())
    with pytest.raises(AccountError, match="not set"):
        none.submit(image(), {}, "handle", tmp_path)
    assert none.missing()
    assert sum(box["fal"].seen.values()) == seen
    both = Fal({"base_url": box.url("fal")}, environ={"FAL_KEY_ID": "sk-test-id", "FAL_KEY_SECRET": "secret"})
    assert not both.missing()
    assert both.submit(image(), {}, "handle", tmp_path).id


def test_the_key_is_in_no_log_and_no_repr(provider, box, media, tmp_path, caplog):
    """All of a lip sync with its uploads, logged at the most talkative level."""
    caplog.set_level(logging.DEBUG)
    made(provider, fal_models.model(LIPS).call({}, {"clip": 2.5, "sound": 2.5}, True), media, tmp_path)
    assert caplog.text
    assert KEY not in caplog.text
    assert KEY not in f"{provider!r} {provider._queue!r}"


def test_any_model_can_be_declared():
    """Roles, fields and what is priced; the price is found under its id; what makes no sense is named."""
    declared = {
        "operation": "lip-sync",
        "files": {"clip": "v", "sound": "a"},
        "unit": "second",
        "of": "sound",
        "input": {"q": 1},
    }
    model = fal_models.model("someone/new-lips", declared)
    call = model.call({"p": 2}, {"clip": 3, "sound": 4.25}, True)
    assert call.price == "fal/lip-sync/someone/new-lips"
    assert call.amount == Decimal("4.25")
    assert call.body == {"input": {"q": 1, "p": 2}, "files": {"clip": "v", "sound": "a"}}
    for wrong, said in (
        (None, "not one of the ready-made"),
        ({"operation": "dance"}, "operation"),
        ({**declared, "files": {"film": "v"}}, "unknown roles"),
        ({**declared, "of": "weight"}, "whose seconds"),
        ({**declared, "colour": 1}, "unknown words"),
        ({**declared, "result": "video.url"}, "unknown words"),
        ({**declared, "seconds": {"clip": 5}}, "not of their form"),
    ):
        with pytest.raises(RequestError, match=said):
            fal_models.model("someone/new-lips", wrong)
    assert fal_models.model(LIPS, {"sides": [480, 1920]}).sides == (480, 1920)


@pytest.mark.parametrize(
    ("told", "url"),
    [
        ({"video": {"url": "https://v3.fal.media/a.mp4"}}, "https://v3.fal.media/a.mp4"),
        ({"thumbnail": {"url": "https://x/t", "content_type": "image/png"}, "output": {"url": "https://x/v"}}, "https://x/v"),
        ({"data": [{"mask": "https://x/m", "video_url": "https://x/v"}]}, "https://x/v"),
        (
            {
                "a": {"url": "https://x/a", "content_type": "audio/wav"},
                "b": {"url": "https://x/b", "content_type": "video/mp4"},
            },
            "https://x/b",
        ),
        ({"seed": 3, "note": "none"}, ""),
    ],
)
def test_the_result_is_found_in_an_answer_that_nobody_described(told, url):
    """By its type, by its name, or because it is the only one; a picture is no clip."""
    assert _found(told, "video") == url


class Odd(Service):
    """Answers every question with what `reply` holds."""

    name = "fal"
    reply = Reply({})

    any = route("POST", "/{*}")(lambda self, asked: self.reply)
    one = route("GET", "/{*}")(lambda self, asked: self.reply)


@pytest.mark.parametrize(
    ("status", "body", "sent", "asked"),
    [
        (401, {"detail": "no"}, AccountError, AccountError),
        (402, {"detail": "no"}, AccountError, AccountError),
        (403, {"detail": "User is locked"}, AccountError, AccountError),
        (404, {"detail": "Application not found"}, Refused, Refused),
        (409, {}, OutcomeUnknown, NotAccepted),
        (422, {"detail": [{"loc": ["body", "prompt"], "msg": "Field required", "type": "missing"}]}, Refused, Refused),
        (429, {"detail": "slow down"}, NotAccepted, NotAccepted),
        (500, {"detail": "oops"}, OutcomeUnknown, NotAccepted),
        (503, b"<html>", OutcomeUnknown, NotAccepted),
        (302, b"", Refused, Refused),
        (200, b"<html>", OutcomeUnknown, NotAccepted),
        (200, {"status": "IN_QUEUE"}, OutcomeUnknown, None),
        (200, {"status": "NEW"}, OutcomeUnknown, NotAccepted),
    ],
)
def test_an_answer_of_any_status_is_the_right_error(tmp_path, status, body, sent, asked):
    """At a submit and at a question; what may have been taken is unknown, and what may be asked again is not accepted."""
    service = Odd()
    service.reply = Reply(body, status)
    with Sandbox(service) as box:
        provider = Fal({"base_url": box.url("fal")}, environ={"FAL_KEY": KEY}, limits=Limits(asking=0.05))
        with pytest.raises(sent) as caught:
            provider.submit(image(), {}, "handle", tmp_path)
        assert type(caught.value) is sent
        if status == 422:
            assert "`prompt`" in str(caught.value)
        if asked is None:
            assert isinstance(provider.poll(image(), Task("a")), Pending)
        else:
            with pytest.raises(asked) as caught:
                provider.poll(image(), Task("a"))
            assert type(caught.value) is asked


def test_the_provider_is_found_by_its_name():
    """`handles` says that it cannot be asked for a lost submit."""
    provider = load("fal")
    assert provider.handles == "none"
    with pytest.raises(Refused):
        provider.find(Call("fal", "image", "x", {}), "handle")
