"""fal's backends end to end against the sandbox: a picture, a clip of it, and lines that it speaks; long lines in pieces."""

import itertools

import numpy as np
import pytest

from talkmill.backends import load
from talkmill.backends.lipsync import pieces
from talkmill.errors import BackendError, RequestError
from talkmill.media import ffmpeg, frames, sound
from talkmill.providers.fal import Fal
from talkmill.providers.sandbox.fal import FalService
from talkmill.providers.sandbox.server import Sandbox
from tests.providers.buying import Buyer

FPS = 30
SIZE = (720, 720)
AVATAR = "fal-ai/kling-video/ai-avatar/v2/standard"


@pytest.fixture
def box():
    with Sandbox(FalService(latency=1, a_second=0), scale=0.01) as served:
        yield served


@pytest.fixture
def buy(box, tmp_path):
    return Buyer(Fal({"base_url": box.url("fal")}, environ={"FAL_KEY": "sk-test-1"}), tmp_path / "bought")


def grey(number, size=SIZE):
    """A plain picture whose brightness is its number."""
    frame = np.full((size[1] * 3 // 2, size[0]), 128, np.uint8)
    frame[: size[1]] = 40 + number
    return frame


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """60 plain frames that get brighter."""
    return frames.write((grey(n) for n in range(60)), SIZE, FPS, tmp_path_factory.mktemp("clip") / "clip.mkv")


@pytest.fixture(scope="module")
def take(tmp_path_factory):
    """1 s of a tone."""
    path = tmp_path_factory.mktemp("take") / "take.wav"
    sound.write(path, (0.3 * np.sin(np.arange(48_000) * 0.05)).astype(np.float32))
    return path


def speak(buy, folder, clip, take, count, **options):
    """Result of a segment of `count` frames, and its frames as brightness in the middle of the upper half, and of the mouth."""
    folder.mkdir()
    request = {"fps": FPS, "frames": count, "lead": 3, "play": "there_and_back", "clip": clip.facts, "seed": 1, **options}
    result = load("lipsync", "fal").run(request, {"clip": clip.path, "sound": take}, folder, buy)
    made = list(frames.Clip.of(result.files["frames"], result.facts).read())
    assert len(made) == count == result.facts["frames"]
    assert sorted(path.name for path in folder.iterdir()) == [frames.NAME]
    return result, [int(frame[100, 360]) for frame in made], [int(frame[440, 360]) for frame in made]


def test_a_segment_is_the_clip_with_a_mouth_that_moves(buy, box, clip, take, tmp_path):
    """As many frames as asked for, in the clip's time (2 of 219 steps of grey), and below another picture."""
    _, above, mouth = speak(buy, tmp_path / "a", clip, take, 70)
    order = frames.play(60, 70, FPS, "there_and_back")
    assert max(abs(found - 40 - n) for found, n in zip(above, order, strict=True)) <= 2
    assert max(abs(a - b) for a, b in zip(above, mouth, strict=True)) > 15
    assert len(box.bill.lines()) == 1


def test_a_line_that_is_too_short_is_sent_longer_and_cut_back(buy, box, clip, take, tmp_path):
    """1 s where 2 are the least: 2 s are sent, with silence, and 30 frames come out."""
    result, _, _ = speak(buy, tmp_path / "a", clip, take, 30)
    (job,) = box["fal"].jobs.values()
    name = job.input["audio_url"].partition("/files/")[2]
    path = tmp_path / "sent.wav"
    path.write_bytes(box["fal"].files[name][0])
    sent, rate = sound.read(path)
    assert (len(sent), rate) == (96_000, 48_000)
    assert not sent[:4800].any()
    assert np.abs(sent[4800:10_000]).max() > 0.2
    assert result.facts["pieces"] == 1
    assert buy.calls[0].amount == 2


def test_a_long_line_is_bought_in_pieces_that_cost_least_and_joined_without_a_seam(buy, box, clip, take, tmp_path):
    """11 s: 10 and 2, with a second in common: 15 s are paid, not 20; no frame differs from the clip by more than 2 steps."""
    result, above, _ = speak(buy, tmp_path / "a", clip, take, 330)
    order = frames.play(60, 330, FPS, "there_and_back")
    assert max(abs(found - 40 - n) for found, n in zip(above, order, strict=True)) <= 2
    assert result.facts["pieces"] == 2
    assert sum(line.quantity for line in box.bill.lines()) == 15
    estimate = load("lipsync", "fal").estimate({"fps": FPS}, 11)
    assert [call.amount for call in estimate] == [call.amount for call in buy.calls] == [10, 2]
    assert not any(call.exact for call in estimate)


def test_who_listens_costs_nothing(buy, box, clip, take, tmp_path):
    """The clip goes on."""
    _, above, mouth = speak(buy, tmp_path / "a", clip, take, 40, speaks=False)
    order = frames.play(60, 40, FPS, "there_and_back")
    assert above == mouth == [40 + n for n in order]
    assert not buy.calls


def test_the_same_segment_is_the_same_call(buy, box, clip, take, tmp_path):
    """Two runs send the same bytes, so that a second is never bought; another line is another call."""
    first, _, _ = speak(buy, tmp_path / "a", clip, take, 60)
    again, _, _ = speak(buy, tmp_path / "b", clip, take, 60)
    assert first.files["frames"].read_bytes() == again.files["frames"].read_bytes()
    assert len({call.key for call in buy.calls}) == 1
    speak(buy, tmp_path / "c", clip, take, 61)
    assert len({call.key for call in buy.calls}) == 2
    assert len(box.bill.lines()) == 2


def test_an_avatar_speaks_and_comes_back_to_the_clip(buy, box, clip, take, tmp_path):
    """From one picture and the sound; the last frame is the clip's, so that the next segment joins."""
    _, above, mouth = speak(buy, tmp_path / "a", clip, take, 62, model=AVATAR, prompt="calm")
    assert max(abs(a - b) for a, b in zip(above, mouth, strict=True)) > 15
    assert abs(above[-1] - 40) <= 2
    assert abs(mouth[-1] - 40) <= 4
    (job,) = box["fal"].jobs.values()
    assert job.input["prompt"] == "calm"
    assert buy.calls[0].price == f"fal/avatar/{AVATAR}"


def test_what_the_model_does_not_take_is_not_bought(buy, box, take, tmp_path):
    """A clip that is too small, a model that makes no lip sync, one that nobody declared."""
    small = frames.write((grey(n, (256, 256)) for n in range(4)), (256, 256), FPS, tmp_path / "small.mkv")
    for number, (options, said) in enumerate(
        (({}, "256x256"), ({"model": "fal-ai/flux/dev"}, "no lip sync"), ({"model": "a/b"}, "ready-made"))
    ):
        with pytest.raises(RequestError, match=said):
            speak(buy, tmp_path / str(number), small, take, 60, **options)
    assert not buy.calls


def test_a_result_that_is_too_short_is_not_taken(tmp_path):
    """2 s for 3 s of speech."""
    path = tmp_path / "short.mp4"
    ffmpeg.run(["-f", "lavfi", "-i", "testsrc2=size=128x128:rate=30:duration=2", "-y", ffmpeg.url(path)])
    assert len(list(pieces.returned(path, (128, 128), FPS, 62, "fal"))) == 62  # two frames are not missed
    with pytest.raises(BackendError, match="too short"):
        list(pieces.returned(path, (128, 128), FPS, 90, "fal"))


@pytest.mark.parametrize("count", [1, 30, 299, 300, 301, 555, 1000, 3600])
def test_pieces_cover_a_segment_and_are_what_the_provider_takes(count):
    """All of it, none too long or too short, neighbours with a second in common; never dearer than equal ones."""
    found = pieces.cut(count, FPS, 2, 10, 5)
    assert found[0].first == 0
    assert found[-1].first + found[-1].count == count
    assert all(60 <= piece.sent <= 300 and piece.count <= piece.sent for piece in found)
    for one, other in itertools.pairwise(found):
        assert one.first + one.count - other.first == FPS


def test_a_picture_and_its_motion_are_made_once(buy, box, tmp_path):
    """portray and animate: real files with their facts; the same request is bought once; impossible lengths are named."""
    for name in ("picture", "motion", "again"):
        (tmp_path / name).mkdir()
    portray, animate = load("portray", "fal"), load("animate", "fal")
    request = {"prompt": "a calm face", "seed": 3, "width": 512, "height": 768, "model": "fal-ai/flux/schnell"}
    picture = portray.run(request, {}, tmp_path / "picture", buy)
    assert (picture.facts["width"], picture.facts["height"]) == (512, 768)
    portray.run(request, {}, tmp_path / "again", buy)
    motion = animate.run({"fps": 25}, {"image": picture.files["image"]}, tmp_path / "motion", buy)
    made = frames.Clip.of(motion.files["frames"], motion.facts)
    assert (made.frames, made.fps) == (125, 25)
    assert len(list(made.read([0, 124]))) == 2
    assert [line.quantity for line in box.bill.lines()] == [1, 5]
    assert [call.amount for call in buy.calls] == [1, 1, 5]
    assert animate.estimate({"fps": 25}, 0)[0].exact
    with pytest.raises(RequestError, match="5, 10"):
        animate.estimate({"fps": 25, "duration": 7}, 0)
    with pytest.raises(RequestError, match="no picture"):
        portray.estimate({"prompt": "x", "model": AVATAR}, 0)
