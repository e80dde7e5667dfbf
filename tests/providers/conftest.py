"""A sandbox of Kling's, a client of it, and small media to send."""

import base64
import itertools

import pytest

from talkmill.media import ffmpeg
from talkmill.model.calls import Answer, Bought, Call, Done, Failed
from talkmill.providers.http import Limits
from talkmill.providers.kling import Kling
from talkmill.providers.sandbox.kling import KlingService
from talkmill.providers.sandbox.server import Sandbox, Shelf

KEY = "sk-test-canary-51c0ffee"
QUICK = Limits(read=1.0, total=4, asking=4, first_wait=0.01, longest_wait=0.05)
AWS = {"AWS_ACCESS_KEY_ID": "AKTEST", "AWS_SECRET_ACCESS_KEY": "aws-canary-secret"}


@pytest.fixture
def box():
    """Tasks last 20 seconds of Kling's time: 0.02 s here."""
    with Sandbox(KlingService(slots=3, pace=1, stall=1.4), Shelf(), scale=0.001) as served:
        yield served


@pytest.fixture
def upload(box):
    return {"to": "s3", "bucket": "clips", "endpoint": box.url("shelf")}


@pytest.fixture
def kling(box, upload):
    made = Kling(
        {"base_url": box.url("kling"), "upload": upload},
        environ={"KLING_API_KEY": KEY, **AWS},
        limits=QUICK,
        sleep=lambda wait: None,
    )
    yield made
    made.close()


@pytest.fixture
def pair(box, upload):
    """The same account by access keys."""
    keys = {"KLING_ACCESS_KEY": "ak-test", "KLING_SECRET_KEY": "sk-test-secret-of-thirty-two-bytes", **AWS}
    made = Kling({"base_url": box.url("kling"), "upload": upload}, environ=keys, limits=QUICK, sleep=lambda wait: None)
    yield made
    made.close()


@pytest.fixture(scope="session")
def media(tmp_path_factory):
    """image (480x640 PNG), sound (3 s WAV), clip (4 s of 720x1280 at 25 fps)."""
    folder = tmp_path_factory.mktemp("media")
    image, sound, clip = folder / "image.png", folder / "sound.wav", folder / "clip.mp4"
    ffmpeg.run(["-f", "lavfi", "-i", "testsrc2=size=480x640", "-frames:v", "1", "-y", ffmpeg.url(image)])
    ffmpeg.run(["-f", "lavfi", "-i", "sine=frequency=220:duration=3:sample_rate=24000", "-y", ffmpeg.url(sound)])
    ffmpeg.run(
        ["-f", "lavfi", "-i", "testsrc2=size=720x1280:rate=25:duration=4", "-c:v", "libx264", "-preset", "ultrafast",
         "-pix_fmt", "yuv420p", "-y", ffmpeg.url(clip)]
    )  # fmt: skip
    return {"image": image, "sound": sound, "clip": clip}


class Shop:
    """A buy that submits, polls and fetches, with a store in memory; counts what was submitted."""

    def __init__(self, provider, folder):
        self.provider, self.folder = provider, folder
        self.kept, self.calls, self.numbers = {}, [], itertools.count(1)

    def __call__(self, call, files):
        import hashlib
        from dataclasses import replace

        digests = {role: hashlib.sha256(path.read_bytes()).hexdigest() for role, path in files.items()}
        call = replace(call, inputs={**digests, **call.inputs})
        if call.key in self.kept:
            return self.kept[call.key]
        if call.before:
            call = replace(call, context=call.before(), before=None)
        workdir = self.folder / f"buy-{next(self.numbers)}"
        workdir.mkdir(parents=True)
        self.calls.append(call)
        got = self.provider.submit(call, files, f"talkmill-{call.key[:16]}-{len(self.calls)}", workdir)
        if isinstance(got, Answer):
            bought = Bought(call.key, got.files, {}, got.facts)
        else:
            done = wait(self.provider, call, got)
            assert isinstance(done, Done), done
            bought = Bought(call.key, self.provider.fetch(call, done, workdir), {}, done.facts)
        self.kept[call.key] = bought
        return bought


@pytest.fixture
def shop(kling, tmp_path):
    return Shop(kling, tmp_path)


def wait(provider, call, task):
    """Poll until it is done or failed."""
    import time

    for _ in range(400):
        found = provider.poll(call, task)
        if isinstance(found, Done | Failed):
            return found
        time.sleep(0.01)
    raise AssertionError("no end")


def avatar(**changes):
    """A call that needs no public address."""
    return Call("kling", "avatar", "std", {"prompt": "she speaks"}, **changes)


def encoded(path):
    return base64.b64encode(path.read_bytes()).decode()
