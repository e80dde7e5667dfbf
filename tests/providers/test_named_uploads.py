"""An upload whose bytes an encoder decides is named by what it shows: another ffmpeg buys nothing again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from talkmill.backends.lipsync.fal import Fal
from talkmill.backends.lipsync.kling import Kling
from talkmill.media import ffmpeg, frames, sound
from talkmill.model.calls import Call
from talkmill.store.digests import file_digest
from tests.money.fake import Fake, buyer

FPS = 30


class Seen(Exception):
    """It came to its first purchase."""


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    """A clip of 720x720 in which a box moves, half a second, and a take of one."""
    folder = tmp_path_factory.mktemp("inputs")
    pictures = []
    for number in range(15):
        rgb = np.full((720, 720, 3), 90, np.uint8)
        rgb[200:400, 60 + number * 4 : 160 + number * 4] = (220, 180, 150)
        pictures.append(frames.i420(rgb))
    clip = frames.write(iter(pictures), (720, 720), FPS, folder / frames.NAME)
    sound.write(folder / "take.wav", (0.3 * np.sin(np.arange(48_000) * 0.03)).astype(np.float32))
    return clip, {"clip": clip.path, "sound": folder / "take.wav"}


def first(backend, inputs, folder, **more):
    """The first call of a backend's, and the bytes of the clip that goes along."""
    clip, paths = inputs
    folder.mkdir()
    found = []

    def buy(call, files):
        digests = {role: file_digest(path) for role, path in files.items() if role not in call.inputs}
        found.append((replace(call, inputs={**digests, **call.inputs}), files["clip"].read_bytes()))
        raise Seen

    request = {"fps": FPS, "frames": 75, "lead": 3, "clip": clip.facts, "play": "there_and_back", "start": 0, **more}
    with pytest.raises(Seen):
        backend.run(request, paths, folder, buy)
    return found[0]


@pytest.mark.parametrize(
    ("backend", "options"), [(Kling, {"method": "lip-sync"}), (Kling, {"method": "lip-sync-single"}), (Fal, {})]
)
def test_another_encoder_changes_bytes_and_no_key(backend, options, inputs, tmp_path, monkeypatch):
    """The same frames in other bytes are the same purchase; other frames, or their order, are another."""
    call, sent = first(backend(), inputs, tmp_path / "a", **options)
    other, _ = first(backend(), inputs, tmp_path / "b", **options, play="through", start=4)
    assert other.key != call.key
    run = ffmpeg.run

    def another(arguments, *more, **named):
        return run([{"14": "20", "12": "20"}.get(each, each) for each in arguments], *more, **named)

    monkeypatch.setattr(ffmpeg, "run", another)
    again, packed = first(backend(), inputs, tmp_path / "c", **options)
    assert packed != sent
    assert again.key == call.key
    assert set(call.inputs) == {"clip", "sound"}


def test_a_session_is_named_as_its_lips_are(inputs, tmp_path):
    """So faces that were looked for in a clip serve it, whoever packed it."""
    call, _ = first(Kling(), inputs, tmp_path / "a", method="lip-sync")
    with pytest.raises(Seen):
        call.before()


def test_the_digest_of_what_is_shown_is_of_frames_order_and_purpose(inputs):
    """And of nothing else: it is read twice, and is the same."""
    clip, _ = inputs

    def digest(order, *about):
        shown = frames.Shown(clip.read(order), *about)
        assert len(list(shown)) == len(order)
        return shown.digest

    assert digest([0, 1, 2], "x", 30) == digest([0, 1, 2], "x", 30)
    assert (
        len({digest([0, 1, 2], "x", 30), digest([0, 2, 1], "x", 30), digest([0, 1], "x", 30), digest([0, 1, 2], "x", 25)}) == 4
    )


def test_a_buyer_keeps_the_names_that_a_backend_has_given(tmp_path):
    """Other bytes under the same name are served from the store; roles without one are named by their bytes."""
    fake = Fake()
    shop = buyer(tmp_path, fake)
    packed, said = tmp_path / "clip", tmp_path / "sound"
    packed.write_bytes(b"one ffmpeg")
    said.write_bytes(b"hello")
    call = Call("fake", "make", "", {}, inputs={"clip": "frames 0 to 9"})
    bought = shop.buy(call, {"clip": packed, "sound": said})
    packed.write_bytes(b"another ffmpeg")
    assert shop.buy(call, {"clip": packed, "sound": said}) == bought
    said.write_bytes(b"good bye")
    assert shop.buy(call, {"clip": packed, "sound": said}).key != bought.key
    assert fake.charges == 2


@pytest.mark.parametrize(
    ("backend", "options"), [(Kling, {"method": "lip-sync"}), (Kling, {"method": "lip-sync-single"}), (Fal, {})]
)
def test_a_clip_is_packed_when_it_is_sent_and_not_before(backend, options, inputs, tmp_path, monkeypatch):
    """Law: a quote, and a result that the store has, need its name alone: no encoder is started."""
    clip, paths = inputs
    started = []
    monkeypatch.setattr(ffmpeg, "run", lambda arguments, **named: started.append(arguments))

    def buy(call, files):
        assert set(files) == {"clip", "sound"}
        assert "clip" in call.inputs
        raise Seen

    request = {"fps": FPS, "frames": 75, "lead": 3, "clip": clip.facts, "play": "there_and_back", "start": 0, **options}
    with pytest.raises(Seen):
        backend().run(request, paths, tmp_path, buy)
    assert not started
