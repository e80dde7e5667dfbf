"""Faces and sounds for the tests of the measuring tool: painted here, so that every opening is known."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from benchmarks.clips import VOICES, Clip, Workshop
from talkmill.measure.subject import Face, Line, Subject
from talkmill.media import encode, sound
from talkmill.model import SAMPLE_RATE, Phoneme, Take, Word
from talkmill.picture.colour import Planes, ycc

FPS, SIZE = 30, (360, 640)
SKIN, LINE, INSIDE, TEETH, TONGUE = "#e0b090", "#70402e", "#301010", "#ffffff", "#f06070"
UNIT, GAP, THICK, ANCHOR = 40.0, 60.0, 8, (180.0, 330.0)
MOUTH = {"line": (ycc(LINE),), "inside": (ycc(INSIDE),), "teeth": (ycc(TEETH),), "tongue": (ycc(TONGUE),)}


def colour(text: str) -> tuple[float, float, float]:
    return tuple(int(text[i : i + 2], 16) / 255 for i in (1, 3, 5))


def frame(opened: float, wide: float = 1.0, teeth: float = 0.0, shift: tuple[float, float] = (0, 0)) -> np.ndarray:
    """A face without eyes: skin, and a mouth `opened` pixels high inside its line; I420."""
    big = np.empty((SIZE[1] * 2, SIZE[0] * 2, 3), np.float32)
    big[:] = colour(SKIN)
    x, y = (2 * (ANCHOR[i] + shift[i]) for i in (0, 1))
    half = 2 * UNIT * wide
    for grow, paint in ((THICK, LINE), (0, INSIDE)):
        if paint == LINE or opened > 0:
            tall = 2 * opened + (2 * grow if paint == LINE and opened > 0 else grow if paint == LINE else 0)
            box = (x - half - grow, y - grow, x + half + grow, y - grow + tall) if grow else (x - half, y, x + half, y + tall)
            cv2.rectangle(
                big, (round(box[0]), round(box[1])), (round(box[2]) - 1, round(box[3]) - 1), colour(paint), cv2.FILLED
            )
    if teeth:
        cv2.rectangle(
            big, (round(x - half), round(y)), (round(x + half) - 1, round(y + 2 * teeth) - 1), colour(TEETH), cv2.FILLED
        )
    return Planes.of(cv2.resize(big, SIZE, interpolation=cv2.INTER_AREA), 1).data.copy()


def noise(seconds: float, spans: list[tuple[float, float]]) -> np.ndarray:
    """Noise in the spans, silence between: mono, 48 kHz."""
    made = np.zeros(round(seconds * SAMPLE_RATE), np.float32)
    hiss = np.random.default_rng(1).normal(0, 0.1, len(made)).astype(np.float32)
    for start, end in spans:
        made[round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE)] = hiss[
            round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE)
        ]
    return made


def film(
    folder: Path, frames: list[np.ndarray], phonemes: list[tuple[str, float, float]], late: float = 0.0, lined: bool = True
) -> Subject:
    """A video of these frames; its one line is spoken from the first phoneme to the last one, by noise, `late` seconds late."""
    folder.mkdir(parents=True, exist_ok=True)
    seconds = len(frames) / FPS
    start, end = min((one[1] for one in phonemes), default=0.2), max((one[2] for one in phonemes), default=seconds - 0.2)
    heard = noise(seconds, [(start, end)])
    sound.write(folder / "take.wav", heard)
    moved = np.concatenate([np.zeros(round(late * SAMPLE_RATE), np.float32), heard])[: len(heard)]
    sound.write(folder / "master.wav", moved)
    encode.sound(folder / "master.wav", folder / "sound.m4a", len(heard))
    encode.video(frames, SIZE, FPS, folder / "sound.m4a", folder / "vertical.mp4")
    take = Take(
        len(heard),
        (Word("word", round(start * SAMPLE_RATE), round(end * SAMPLE_RATE)),),
        tuple(Phoneme(symbol, round(a * SAMPLE_RATE), round(b * SAMPLE_RATE)) for symbol, a, b in phonemes),
    )
    mouth: dict[str, Any] = MOUTH if lined else {**MOUTH, "line": MOUTH["inside"]}
    face = Face("ada", 0, len(frames), ANCHOR, UNIT, GAP, 30.0, mouth, (ycc(SKIN),))
    line = Line("ada", 0, take, folder / "take.wav")
    return Subject(folder / "vertical.mp4", FPS, len(frames), SIZE, (face,), (line,))


def swaying(count: int) -> list[tuple[float, float]]:
    """How the head of a living figure drifts."""
    return [(9 * math.sin(i / 17), 6 * math.sin(i / 11)) for i in range(count)]


SENTENCE = "Bob may buy five warm apples from papa."


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    made = Workshop(tmp_path_factory.mktemp("clips"))
    yield made
    made.close()


@pytest.fixture(scope="session")
def clip() -> Clip:
    assert "espeak" in VOICES
    return Clip("bob", "en", (("milo", "espeak", SENTENCE, "neutral"),))


@pytest.fixture(scope="session")
def delivered(shop: Workshop, clip: Clip) -> Path:
    """A real clip, delivered: the mp4 and its manifest, beside a store."""
    return shop.make(clip)
