"""Kling's backends against the sandbox, by a small `buy` that submits, polls and fetches."""

import io
import json
from decimal import Decimal

import numpy as np
import pytest
from PIL import Image

from talkmill.backends.animate.kling import Kling as Animate
from talkmill.backends.lipsync.kling import Kling as Lipsync
from talkmill.backends.portray.kling import Kling as Portray
from talkmill.errors import BackendError, RequestError
from talkmill.media import ffmpeg, frames, sound
from talkmill.providers import kling_media, results

FPS = 30


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """Half a second of 360x640 in which a box moves; frame 0 is its picture."""
    path = tmp_path_factory.mktemp("clip") / frames.NAME
    pictures = []
    for number in range(15):
        rgb = np.full((640, 360, 3), 90, np.uint8)
        rgb[200:400, 60 + number * 4 : 160 + number * 4] = (220, 180, 150)
        pictures.append(frames.i420(rgb))
    return frames.write(iter(pictures), (360, 640), FPS, path)


@pytest.fixture(scope="module")
def take(tmp_path_factory):
    path = tmp_path_factory.mktemp("take") / "take.wav"
    sound.write(path, (0.3 * np.sin(np.arange(48_000) * 0.03)).astype(np.float32))
    return path


def segment(clip, count, **more):
    return {"fps": FPS, "frames": count, "lead": 3, "clip": clip.facts, "play": "there_and_back", "start": 0, "seed": 1} | more


def speak(clip, take, shop, folder, count=100, **more):
    folder.mkdir(exist_ok=True)
    return Lipsync().run(segment(clip, count, **more), {"clip": clip.path, "sound": take}, folder, shop)


def is_frames(made, count, size):
    """What was made is frames as the verb says: decodable to the last, of that size and rate."""
    clip = frames.Clip.of(made.files["frames"], made.facts)
    assert (clip.frames, clip.fps, clip.width, clip.height) == (count, FPS, *size)
    pictures = list(clip.read())
    assert len(pictures) == count
    return pictures


def test_a_portrait_is_bought(shop, box, tmp_path):
    """A PNG of the shape asked for, and a bill of one picture; estimated as bought."""
    request = {"prompt": "a baker, front light", "aspect_ratio": "3:4", "resolution": "1k"}
    made = Portray().run(request, {}, tmp_path, shop)
    with Image.open(made.files["image"]) as image:
        assert (image.format, image.mode, image.size) == ("PNG", "RGB", (768, 1024))
    assert (made.facts["width"], made.facts["height"]) == (768, 1024)
    assert box.bill.total() == Decimal("0.028")
    (guess,) = Portray().estimate(request, 0)
    assert guess.key == shop.calls[0].key
    assert guess.price == "kling/image/kling-v3"


def test_a_portrait_after_a_picture_sends_the_picture(shop, box, media, tmp_path):
    """It is kept as a PNG whose bytes depend on its pixels only, and sent as the same pixels, packed."""
    made = Portray().run({"prompt": "the same person, smiling"}, {"image": media["image"]}, tmp_path, shop)
    assert shop.calls[0].operation == "image-from-image"
    (task,) = box["kling"].tasks.values()
    with (
        Image.open(tmp_path / "sent.png") as sent,
        Image.open(media["image"]) as given,
        Image.open(io.BytesIO(task.made["image"])) as came,
    ):
        assert np.array_equal(np.asarray(sent), np.asarray(given.convert("RGB")))
        assert np.array_equal(np.asarray(sent), np.asarray(came))
    assert len(task.made["image"]) < (tmp_path / "sent.png").stat().st_size / 10
    assert made.facts["height"] == 1024


def test_a_portrait_of_the_wrong_size_is_said_so(shop, box, tmp_path):
    """What comes back is looked at; the message says what was found."""
    box["kling"].faults.add("small")
    with pytest.raises(BackendError, match="144x256"):
        Portray().run({"prompt": "x"}, {}, tmp_path, shop)


@pytest.mark.parametrize(("model", "size"), [("kling-v2-5-turbo", (1080, 1440)), ("kling-3.0", (720, 960))])
def test_a_still_is_made_to_move(shop, box, media, tmp_path, model, size):
    """Frames at the project's rate, of the length asked for, by either standard."""
    request = {"fps": FPS, "model": model, "seconds": 5, "resolution": "720p" if size[0] == 720 else "1080p"}
    made = Animate().run(request, {"image": media["image"]}, tmp_path, shop)
    assert made.facts["frames"] == 150
    assert (made.facts["width"], made.facts["height"]) == size
    assert made.facts["source"]["fps"] == 24
    (guess,) = Animate().estimate(request, 0)
    assert guess.body == shop.calls[0].body
    assert guess.amount == 5


def test_an_avatar_speaks_for_as_long_as_its_segment(shop, box, clip, take, tmp_path):
    """Frames of the clip's size, as many as asked for; one call, in seconds of sound."""
    made = speak(clip, take, shop, tmp_path / "a")
    pictures = is_frames(made, 100, (360, 640))
    still = next(iter(clip.read([0])))
    assert np.abs(pictures[0][:300].astype(int) - still[:300]).mean() < 2  # colours are not moved on the way
    assert np.abs(pictures[0][640:].astype(int) - still[640:]).mean() < 2
    assert [call.operation for call in shop.calls] == ["avatar"]
    assert shop.calls[0].amount == Decimal("3.333")
    (guess,) = Lipsync().estimate(segment(clip, 100), 100 / FPS)
    assert (guess.price, guess.amount) == ("kling/avatar/std", Decimal("3.333"))


def test_lip_sync_buys_faces_then_lips_and_faces_only_for_lips(shop, box, clip, take, tmp_path):
    """A segment in the store needs no session: when faces have expired, nothing is bought again."""
    first = speak(clip, take, shop, tmp_path / "a", method="lip-sync")
    is_frames(first, 100, (360, 640))
    assert [call.operation for call in shop.calls] == ["identify-face", "lip-sync"]
    assert shop.calls[1].context["session_id"]
    bill = box.bill.total()
    assert bill == Decimal("0.077")
    for key in [key for key, bought in shop.kept.items() if "faces" in bought.files]:
        del shop.kept[key]
    again = speak(clip, take, shop, tmp_path / "b", method="lip-sync")
    assert box.bill.total() == bill
    assert again.files["frames"].read_bytes() == first.files["frames"].read_bytes()
    guess = Lipsync().estimate(segment(clip, 100, method="lip-sync"), 100 / FPS)
    assert [(call.price, call.amount) for call in guess] == [("kling/identify-face", 1), ("kling/lip-sync", Decimal("3.333"))]


def test_a_short_segment_is_padded_and_cut_back(shop, clip, take, tmp_path):
    """One second: sent as 2.07 s (silence, the last frame held), kept as 30 frames; the take starts where it should."""
    made = speak(clip, take, shop, tmp_path / "a", count=30, method="lip-sync-single")
    is_frames(made, 30, (360, 640))
    sent, rate = sound.read(tmp_path / "a" / "sent.wav")
    assert len(sent) == round(62 / FPS * rate)
    assert not sent[: rate // 10].any()
    assert sent[rate // 10 + 100 :][:1000].any()
    film = results.film(tmp_path / "a" / "sent.mp4")
    assert (film.frames, film.width, film.height, film.fps) == (62, 720, 1280, 30)


def test_what_is_sent_is_a_picture_whose_bytes_are_its_pixels(tmp_path):
    """A PNG of stored blocks, whole for every size around a block's end; a decoder sees the same pixels."""
    chance = np.random.default_rng(1)
    for height, width in ((1, 1), (2, 10_922), (1, 21_845), (3, 21_844), (15, 1456), (300, 301)):
        rgb = chance.integers(0, 256, (height, width, 3), dtype=np.uint8)
        (tmp_path / "a.png").write_bytes(b"".join(kling_media.png(rgb)))
        with Image.open(tmp_path / "a.png") as seen:
            assert np.array_equal(np.asarray(seen.convert("RGB")), rgb)


def test_what_is_sent_is_the_same_bytes_each_time(clip, take, media, tmp_path):
    """Pictures, sounds and clips that are sent decide what a purchase is called."""
    made = []
    for number in range(2):
        folder = tmp_path / str(number)
        folder.mkdir()
        kling_media.picture(media["image"], folder / "a.png")
        kling_media.sound(take, 0.1, 3, folder / "a.wav")
        assert kling_media.clip(clip, [0, 1, 2] * 20, folder / "a.mp4")[2]() == folder / "a.mp4"
        made.append([(folder / name).read_bytes() for name in ("a.png", "a.wav", "a.mp4")])
    assert made[0] == made[1]


def test_who_listens_is_not_bought(shop, clip, tmp_path):
    """The clip passes through; nothing is submitted."""
    made = Lipsync().run(segment(clip, 20, speaks=False), {"clip": clip.path}, tmp_path, shop)
    pictures = is_frames(made, 20, (360, 640))
    assert np.array_equal(pictures[0], next(iter(clip.read([0]))))
    assert not shop.calls
    assert not Lipsync().estimate({"speaks": False}, 3)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("long", r"4\.3\d s long, 3\.33 s were"),
        ("short", r"2\.3\d s long"),
        ("slow", r"12\.0 frames a second"),
        ("small", "180x320, 480 pixels"),
    ],
)
def test_a_bought_clip_that_is_wrong_is_refused_with_what_was_found(shop, box, clip, take, tmp_path, fault, words):
    """Wrong length, rate or size: an error, no frames; the raw clip stays bought, and is not bought again."""
    box["kling"].faults.add(fault)
    for _ in range(2):
        with pytest.raises(BackendError, match=words):
            speak(clip, take, shop, tmp_path / "a")
    assert len(shop.calls) == 1
    assert not (tmp_path / "a" / frames.NAME).exists()


def test_an_uneven_frame_rate_is_made_constant(shop, box, media, tmp_path):
    """Pictures that are missing are held; the note says so."""
    box["kling"].faults.add("varying")
    made = Animate().run({"fps": FPS, "seconds": 5, "resolution": "720p"}, {"image": media["image"]}, tmp_path, shop)
    assert made.facts["frames"] == 150
    assert results.film(made.files["frames"]).constant
    assert "varying" in made.facts["notes"][0]


def test_a_clip_without_a_face_stops_before_the_lips(shop, box, clip, take, tmp_path):
    """Nobody was found: only the look was paid."""
    box["kling"].faults.add("no-face")
    with pytest.raises(BackendError, match="no face"):
        speak(clip, take, shop, tmp_path / "a", method="lip-sync")
    assert box.bill.count() == {"identify-face": 1}


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"method": "lip-sync", "frames": 301}, "too long for lip-sync.*avatar"), ({"method": "sing"}, "avatar, lip-sync"),
        ({"mode": "ultra"}, "std or pro"), ({"prompt": "x" * 2501}, "2500"), ({"frames": 9001}, "too long"),
    ],
)  # fmt: skip
def test_limits_are_said_before_anything_is_bought(shop, box, clip, take, tmp_path, more, words):
    """Kling's limits are ours too: the error says what to change, and nothing is sent."""
    with pytest.raises(RequestError, match=words):
        speak(clip, take, shop, tmp_path / "a", **{"count": more.pop("frames", 60), **more})
    assert not shop.calls
    assert not box["kling"].seen


@pytest.mark.parametrize(
    ("backend", "request_", "words"),
    [
        (Portray, {}, "needs a prompt"), (Portray, {"prompt": "x", "model": "kling-v1"}, "kling-v3"),
        (Portray, {"prompt": "x", "aspect_ratio": "5:4"}, "9:16"), (Animate, {"fps": 30, "model": "kling-v1"}, "kling-3.0"),
        (Animate, {"fps": 30, "seconds": 7}, "5 or 10"), (Animate, {"fps": 30, "resolution": "4k"}, "720p, 1080p"),
        (Animate, {"fps": 30, "model": "kling-3.0", "negative_prompt": "x"}, "negative_prompt"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_named_with_those_that_are_right(backend, request_, words):
    """Also in the quote: an estimate refuses what a run would."""
    with pytest.raises(RequestError, match=words):
        backend().estimate(request_, 3)


@pytest.mark.parametrize(("size", "words"), [("200x400", "too small"), ("1000x300", "long and narrow")])
def test_a_picture_that_kling_would_not_take_is_refused(tmp_path, size, words):
    """Sides and shape are looked at before anything is sent."""
    path = tmp_path / "a.png"
    ffmpeg.run(["-f", "lavfi", "-i", f"testsrc2=size={size}", "-frames:v", "1", "-y", ffmpeg.url(path)])
    with pytest.raises(RequestError, match=words):
        kling_media.picture(path, tmp_path / "b.png")


def test_a_large_picture_is_made_to_fit(tmp_path):
    """12 megapixels are sent as what Kling's 10 MB hold."""
    Image.new("RGB", (4000, 3000), (10, 90, 200)).save(tmp_path / "a.png")
    width, height = kling_media.picture(tmp_path / "a.png", tmp_path / "b.png")
    assert width * height <= kling_media.MOST_PIXELS
    assert (tmp_path / "b.png").stat().st_size < kling_media.LARGEST_IMAGE
    assert width / height == pytest.approx(4 / 3, abs=0.01)


def test_a_long_sound_fits_the_cap_or_is_refused(tmp_path):
    """Past 54 s at half the rate; past 109 s it does not fit."""
    sound.write(tmp_path / "a.wav", np.zeros(48_000, np.float32))
    assert kling_media.sound(tmp_path / "a.wav", 0.1, 80, tmp_path / "b.wav") == pytest.approx(80)
    assert sound.rate(tmp_path / "b.wav") == 24_000
    with pytest.raises(RequestError, match="Split"):
        kling_media.sound(tmp_path / "a.wav", 0.1, 120, tmp_path / "b.wav")


def test_facts_are_plain_json(shop, clip, take, tmp_path):
    """They go into tickets."""
    assert json.loads(json.dumps(speak(clip, take, shop, tmp_path / "a").facts))["frames"] == 100
