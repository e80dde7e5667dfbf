"""`speak: recording`: a file of the user's becomes a take with the times of its text, or the reason why not."""

import json
import re

import numpy as np
import pytest

from talkmill.backends import load
from talkmill.errors import BackendError
from talkmill.media import ffmpeg, sound
from talkmill.model import Take
from tests.backends.align.song import sing

TEXT = "Turn left at the bridge. Walk on until you see the blue door."


@pytest.fixture(scope="module")
def spoken(tmp_path_factory):
    """(sound file, its exact times): Piper says TEXT."""
    folder = tmp_path_factory.mktemp("piper")
    backend = load("speak", "piper")
    result = backend.run({"text": TEXT, "language": "en", "seed": 1}, {}, folder)
    backend.close()
    return result.files["sound"], Take.from_json(json.loads(result.files["times"].read_bytes()))


@pytest.fixture
def record(tmp_path_factory):
    """record(file, text, **options) -> (take, samples, facts)"""

    def made(path, text=TEXT, **options):
        folder = tmp_path_factory.mktemp("take")
        result = load("speak", "recording").run({"text": text, "language": "en", **options}, {"recording": path}, folder)
        take = Take.from_json(json.loads(result.files["times"].read_bytes()))
        return take, sound.read(result.files["sound"])[0][:, 0], result.facts

    return made


def converted(source, target, *options):
    ffmpeg.run(["-i", ffmpeg.url(source), *options, "-y", ffmpeg.url(target)])
    return target


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.mp3", ["-b:a", "96k"]),
        ("a.m4a", ["-c:a", "aac"]),
        ("eight.wav", ["-c:a", "pcm_u8", "-ac", "1", "-ar", "22050"]),
        ("surround.wav", ["-ac", "6", "-ar", "96000"]),
        ("wrong.wav", ["-c:a", "flac", "-f", "flac"]),
    ],
)
def test_words_are_where_they_are_heard_whatever_the_file(spoken, record, tmp_path, name, options):
    """Half of the words start within 30 ms of the voice's own times, all but one within 120 ms; all are there, in order."""
    path, exact = spoken
    take, samples, facts = record(converted(path, tmp_path / name, *options))
    assert [word.text for word in take.words] == TEXT.split()
    assert take.samples == len(samples) == facts["samples"]
    moved = sorted(a.start - b.start for a, b in zip(take.words, exact.words, strict=True))
    shift = moved[len(moved) // 2]  # noise and codecs change where the silence before the first sound is cut
    off = sorted(abs(one - shift) / 48 for one in moved)
    assert abs(shift) < 48 * 120
    assert off[len(off) // 2] < 30
    assert off[-2] < 120


def test_the_same_file_gives_the_same_take(spoken, record):
    """Sound and times, byte for byte."""
    first, second = record(spoken[0]), record(spoken[0])
    assert first[0] == second[0]
    assert np.array_equal(first[1], second[1])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Five brave fishermen found a very valuable pearl above the frozen bay.", "does not say this text"),
        ("Turn left.", "says more than the text"),
        (TEXT + " Then ring the bell twice and wait for my sister to come down.", "does not say this text"),
    ],
)
def test_a_text_that_is_not_said_is_refused_with_its_worst_words(spoken, record, text, told):
    """Another sentence, a part, and half too much: one line that says so."""
    with pytest.raises(BackendError, match=told) as caught:
        record(spoken[0], text)
    assert "\n" not in str(caught.value)
    assert "sound.wav" in str(caught.value)
    if told == "does not say this text":
        assert re.search(
            r"\(match 0\.\d\d, 0\.\d\d is needed; worst: '\w+\.?' at \d\.\d s, .*\)\. Correct the text", str(caught.value)
        )


def test_speech_played_backwards_is_refused(spoken, record, tmp_path):
    """It has every property of the right recording but the text."""
    with pytest.raises(BackendError, match=r"worst: '.*' at \d"):
        record(converted(spoken[0], tmp_path / "back.wav", "-af", "areverse"))


def test_start_and_end_cut_a_line_out_of_a_longer_file(spoken, record):
    """The second sentence alone, by its seconds in the file."""
    path, exact = spoken
    words = exact.words
    first = (words[4].end + words[5].start) / 2 / 48000
    take, _, _ = record(path, " ".join(TEXT.split()[5:]), start=first)
    assert take.words[0].text == "Walk"
    assert take.words[0].start < 48000 * 0.2
    with pytest.raises(BackendError, match="lie outside"):
        record(path, start=60)


def test_unusable_files_are_told_in_one_line(spoken, record, tmp_path):
    """Silence, no sound, half an MP3, a WAV cut off, too long: each in its own words."""
    half = converted(spoken[0], tmp_path / "half.mp3")
    half.write_bytes(half.read_bytes()[: half.stat().st_size // 2])
    cut = converted(spoken[0], tmp_path / "cut.wav")
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size * 2 // 3])
    text = tmp_path / "text.mp3"
    text.write_text("no sound at all")
    picture = tmp_path / "picture.mp4"
    ffmpeg.run(["-f", "lavfi", "-i", "color=s=64x64:d=1", "-y", ffmpeg.url(picture)])
    long = tmp_path / "long.wav"
    ffmpeg.run(["-f", "lavfi", "-i", "sine=d=601:r=8000", "-y", ffmpeg.url(long)])
    silent = converted(spoken[0], tmp_path / "silent.wav", "-af", "volume=0")
    short = converted(spoken[0], tmp_path / "short.wav", "-t", "0.5")
    for path, told in [
        (silent, "nothing is heard"),
        (half, "ends early: it is cut off"),
        (cut, r"ends early: it is cut off \(2\.\d s of 3\.\d s are there\)\. Copy it again whole"),
        (text, "is no sound file"),
        (picture, "holds no sound"),
        (long, "too long for one line"),
        (short, "too short for its text"),
    ]:
        with pytest.raises(BackendError, match=told) as caught:
            record(path)
        assert "\n" not in str(caught.value)
        assert path.name in str(caught.value)


def test_a_sung_vowel_lasts_as_long_as_its_note(spoken, record, tmp_path):
    """Held for 0.55 s by a vocoder, most vowels are most of that long in the take; it keeps the file's length to the sample."""
    path, exact = spoken
    sung, truth = sing(sound.read(path)[0][:, 0], exact)
    sound.write(tmp_path / "song.wav", sung * 0.5)
    take, samples, _ = record(tmp_path / "song.wav", sung=True)
    assert len(samples) == len(sung)
    off = sorted(abs(a.start - b.start) / 48 for a, b in zip(take.words, truth.words, strict=True))
    assert off[len(off) // 2] < 120
    open_for = sum(p.end - p.start for p in take.phonemes if p.symbol[:1] in "aeiouæɑɐɔəɛɜɪʊʌ") / 48000
    held = sum(p.end - p.start for p in truth.phonemes if p.symbol[:1] in "aeiouæɑɐɔəɛɜɪʊʌ") / 48000
    assert open_for > 0.8 * held
