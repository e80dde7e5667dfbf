import json
import math
from pathlib import Path

import numpy as np
import pytest

from talkmill.backends import load
from tests.backends.lipsync import speech

TEXTS = {
    "morning": "Most people begin the morning by picking up a phone. Maybe you could pour a big cup of tea, open a window, "
    "and simply breathe before anything else happens.",
    "pearl": "Five brave fishermen found a very valuable pearl above the frozen bay, but nobody believed them, because the "
    "moon was bright and the beer was cheap.",
    "robot": "Welcome back to the factory floor! Today we build a tiny robot, made of paper, copper and a bit of hope. "
    "Will it move? Probably not.",
}


class Performance:
    """What `viseme` made of a request."""

    def __init__(self, request, result):
        self.request = request
        self.bytes = Path(result.files["curves"]).read_bytes()
        data = json.loads(self.bytes)
        self.fps, self.frames, self.facts = data["fps"], data["frames"], result.facts
        self.curves = {name: np.array(values) for name, values in data["curves"].items()}
        self.middles = (np.arange(self.frames) + 0.5) / self.fps
        self.lead = request["lead"] / self.fps

    def __getitem__(self, name):
        return self.curves[name]

    @property
    def shut(self):
        return (self["press"] > 0.99) | (self["open"] < 0.01)

    def near(self, time, reach=0.034):
        """Indices of the frames within `reach` of a time of the take."""
        return np.flatnonzero(np.abs(self.middles - self.lead - time) <= reach)


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("speech")


@pytest.fixture(scope="session")
def take(folder):
    """take(engine, name or text, voice) -> (take as JSON, path of its sound); spoken once a session."""

    def spoken(engine, text, voice="en-us"):
        words = TEXTS.get(text, text)
        return speech.speak(engine, folder / f"{engine}-{voice}-{abs(hash(words))}", words, voice)

    return spoken


@pytest.fixture
def perform(tmp_path_factory):
    """perform((take, sound), **request) -> Performance."""

    def made(spoken, **options):
        times, sound = spoken
        fps, lead = options.get("fps", 30), options.get("lead", 8)
        request = {
            "fps": fps,
            "frames": lead + math.ceil(times["samples"] / (speech.RATE // fps)) + 10,
            "lead": lead,
            "take": times,
            "emotion": "neutral",
            "sync_strength": 1.0,
            "seed": 7,
        } | options
        result = load("lipsync", "viseme").run(request, {"sound": sound}, tmp_path_factory.mktemp("work"))
        return Performance(request, result)

    return made


@pytest.fixture
def make_take(tmp_path_factory):
    """make_take(phonemes [(symbol, start, end) in seconds], samples of 48 kHz sound) -> (take as JSON, path)."""

    def made(phonemes, sound, text="so"):
        path = tmp_path_factory.mktemp("made")
        speech.write(path, np.asarray(sound, dtype=np.float32), speech.RATE, phonemes, text)
        return json.loads((path / "take.json").read_text()), path / "sound.wav"

    return made


def buzz(seconds):
    """A vowel-like sound at 48 kHz: harmonics of 120 Hz with a noise floor."""
    t = np.arange(round(seconds * speech.RATE)) / speech.RATE
    tone = sum(np.sin(2 * np.pi * 120 * k * t) / k**0.7 for k in range(1, 26))
    return 0.08 * tone + 0.0005 * np.random.default_rng(5).standard_normal(len(t))
