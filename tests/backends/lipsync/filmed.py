"""A clip of a drawn face with its track, a take, and a request, for what makes frames."""

import json

import numpy as np

from talkmill.media import frames, sound
from talkmill.media.faces import Track
from tests.picture.warp.drawn_face import SIZE, frame, landmarks

TAKE = {
    "samples": 48_000,
    "words": [["Bob", 4_800, 19_200], ["may", 19_200, 33_600], ["fly.", 33_600, 45_600]],
    "phonemes": [
        ["", 0, 4_800], ["b", 4_800, 8_400], ["ɒ", 8_400, 15_600], ["b", 15_600, 19_200], ["m", 19_200, 24_000],
        ["e", 24_000, 28_800], ["ɪ", 28_800, 33_600], ["f", 33_600, 37_200], ["l", 37_200, 39_600], ["a", 39_600, 43_200],
        ["ɪ", 43_200, 45_600], ["", 45_600, 48_000],
    ],
}  # fmt: skip
"""A second of speech."""


def spoken(path):
    """The sound of `TAKE`: a tone where vowels are, nothing in the stops."""
    time = np.arange(48_000) / 48_000
    loud = np.zeros(48_000)
    for symbol, start, end in TAKE["phonemes"]:
        loud[start:end] = {"": 0.0, "b": 0.01, "m": 0.05}.get(symbol, 0.3)
    loud = np.convolve(loud, np.hanning(961) / np.hanning(961).sum(), "same")
    sound.write(path, (loud * np.sin(2 * np.pi * 180 * time)).astype(np.float32))
    return path


def clip(folder, count=20, faces=1, gone=()):
    """(Clip, path of its track): a still face, seen in all frames but those in `gone`."""
    picture = frame()
    made = frames.write((picture for _ in range(count)), SIZE, 30, folder / "clip.mkv")
    marks = np.zeros((count, faces, 468, 3), np.float32)
    marks[..., :2] = landmarks()
    seen = np.ones((count, faces), bool)
    for number in gone:
        marks[number], seen[number] = np.nan, False
    Track(marks, seen, np.zeros((count, faces, 3), np.float32), np.zeros(count, np.int32)).save(folder / "track.npz")
    return made, folder / "track.npz"


def request(made, **changed):
    """A segment of 45 frames."""
    return {
        "fps": 30, "frames": 45, "lead": 6, "take": json.loads(json.dumps(TAKE)), "emotion": "neutral", "strength": 1.0,
        "sync_strength": 1.0, "temporal_smoothing": 0.0, "seed": 1, "play": "there_and_back", "start": 0, "clip": made.facts,
        "face": 0, "mouth_box": None, "face_threshold": 0.0, "speaks": True, **changed,
    }  # fmt: skip
