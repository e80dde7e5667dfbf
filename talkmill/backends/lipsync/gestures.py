"""What a face does besides speaking: blinks, gaze, brows, nods, a smile, and a head that is not bolted down.

A calm presenter: every movement has a reason in the speech (a pause, a stressed word, a question) or is small. Each channel has
its own stream of random numbers, seeded by the request's seed and what is said, so that none shifts another's timing.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from talkmill.backends.lipsync.articulation import VOWELS, Phone
from talkmill.backends.lipsync.envelope import Curves, pulse, rest_at_ends, runs, smooth, speaking
from talkmill.backends.lipsync.sound import Sound
from talkmill.model import SAMPLE_RATE

Timed = tuple[str, float, float]
"""A word and its start and end in seconds."""


@dataclass(frozen=True)
class Mood:
    """How an emotion holds and moves the face."""

    smile: float = 0.0  # rest of `smile` while the segment lasts
    brow: float = 0.0  # rest of `brow`
    inner: float = 0.0  # rest of `inner`
    lid: float = 0.0  # rest of `lid`
    nod: float = 0.0  # rest of `nod`
    lean: float = 0.0  # rest of `tilt`, to the side that the seed chooses
    energy: float = 1.0  # factor on what is done for emphasis

    def at(self, strength: float) -> Mood:
        """The mood at `strength` 0..1, where 0 is neutral."""
        values = {name: strength * getattr(self, name) for name in ("smile", "brow", "inner", "lid", "nod", "lean")}
        return Mood(**values, energy=1 + strength * (self.energy - 1))


MOODS = {
    "neutral": Mood(),
    "happy": Mood(smile=0.75, brow=0.25, lid=-0.25, nod=-0.1, energy=1.25),
    "sad": Mood(smile=-0.85, brow=-0.1, inner=0.9, lid=-0.4, nod=0.4, lean=0.35, energy=0.5),
    "angry": Mood(smile=-0.65, brow=-0.45, inner=-1.0, lid=-0.35, nod=0.3, energy=1.25),
    "surprised": Mood(smile=-0.35, brow=0.95, inner=0.1, lid=0.9, nod=-0.35, energy=1.15),
    "tender": Mood(smile=0.45, brow=0.05, inner=0.5, lid=-0.3, nod=0.15, lean=0.6, energy=0.6),
}

TRANSITION = 0.3
"""Seconds in which an emotion comes and goes."""

DOWN, SHUT, UP = 0.085, 0.035, 0.150
"""Seconds in which the lids fall, stay and rise."""
CLEAR = 0.15
"""Seconds at the segment's ends without a blink."""


@dataclass(frozen=True)
class Speech:
    """What gestures hang on: times in seconds from the segment's start."""

    length: float
    runs: list[tuple[float, float]]  # stretches of speech
    stresses: list[tuple[float, float]]  # time of a prominent vowel's middle, prominence 0..1
    questions: list[tuple[float, float]]  # start of a question's last word, and its end

    @property
    def pauses(self) -> list[tuple[float, float]]:
        """Pauses between runs."""
        return [(end, start) for (_, end), (start, _) in pairwise(self.runs)]


def gesture_curves(
    phones: Sequence[Phone], words: Sequence[Timed], sound: Sound, mood: Mood, seed: int, rounding: np.ndarray
) -> Curves:
    """The curves smile, blink, lid, gaze_x, gaze_y, viewer, brow, inner, nod, tilt and turn, at rest in the first and the last
    frame.

    `rounding` is the mouth's curve `round`: lips that are forward cannot smile.
    """
    speech = listen(phones, words, sound)
    said = " ".join([*(word for word, _, _ in words), *(phone.symbol for phone in phones)])
    times, fps, frames = sound.middles, sound.fps, sound.frames

    def stream(name: str) -> random.Random:
        return random.Random(f"{seed}|{name}|{said}")  # noqa: S311 - not for secrets

    felt = rest_at_ends(frames, fps, TRANSITION)
    soft, slow = rest_at_ends(frames, fps, 0.35), rest_at_ends(frames, fps, 0.7)
    tilt, turn = _poses(speech, times, mood, stream("pose"))
    nod = _nods(speech, times, mood, stream("nod"))
    gaze_x, gaze_y = _gaze(speech, times, stream("gaze"))
    curves = {
        "smile": mood.smile * (1 - 0.6 * rounding) * felt,
        "blink": blinks(speech, times, fps, stream("blink")),
        "lid": mood.lid * felt,
        "inner": mood.inner * felt,
        "viewer": _attention(speech, times, stream("viewer")),
        # The eyes stay on the viewer while the head moves.
        "gaze_x": (gaze_x - 0.3 * turn) * soft,
        "gaze_y": (gaze_y + 0.15 * nod) * soft,
        "brow": _brows(speech, times, mood, stream("brow")) * soft,
        "nod": nod * soft,
        "tilt": tilt * slow,
        "turn": turn * slow,
    }
    return {name: np.clip(values, -1, 1) for name, values in curves.items()}


def listen(phones: Sequence[Phone], words: Sequence[Timed], sound: Sound) -> Speech:
    """Runs, prominent vowels (loud and long, at least 0.9 s apart) and questions of a segment."""
    spoken = sound.heard(runs(phones))
    loudness = sound.loudness(speaking(spoken, sound.middles) > 0.99)
    scored = []
    for phone in phones:
        if phone.symbol in VOWELS:
            start, end = phone.start / SAMPLE_RATE, phone.end / SAMPLE_RATE
            inside = (sound.middles >= start - 0.02) & (sound.middles <= end + 0.02)
            if inside.any():
                scored.append((0.6 * float(loudness[inside].mean()) + 0.4 * min(1.0, (end - start) / 0.18), (start + end) / 2))
    kept: list[tuple[float, float]] = []
    bar = float(np.median([score for score, _ in scored])) if scored else 0.0
    for score, time in sorted(scored, key=lambda item: (-item[0], item[1])):
        if score >= bar and all(abs(time - other) >= 0.9 for other, _ in kept):
            kept.append((time, score))
    ends = [(start, end) for text, start, end in words if text.rstrip("\"'”’») ").endswith(("?", "？", "؟", "?!"))]
    questions = [
        (start, min([stop for first, stop in spoken if first <= (start + end) / 2 <= stop] + [end + 0.2]))
        for start, end in ends
    ]
    return Speech(sound.frames / sound.fps, spoken, sorted(kept), questions)


def blinks(speech: Speech, times: np.ndarray, fps: int, rng: random.Random) -> np.ndarray:
    """Blinks every 2 to 5 s, drawn to the ends of phrases; at least one in a segment of more than 2.5 s."""
    whole = DOWN + SHUT + UP
    latest = speech.length - CLEAR - whole
    ends = [end + 0.02 for _, end in speech.runs]
    starts: list[float] = []
    last = -rng.uniform(0.5, 2.5)  # the blink before this segment is not known
    while True:
        wanted = last + rng.uniform(2.2, 4.6)
        near = [end for end in ends if abs(end - wanted) < 0.9 and last + 1.6 <= end <= last + 5.0]
        if near and rng.random() < 0.8:
            wanted = min(near, key=lambda end: abs(end - wanted))
        if wanted > latest:
            break
        if wanted >= CLEAR:
            starts.append(wanted)
        last = wanted
    if not starts and speech.length > 2.5:
        fitting = [end for end in ends if CLEAR <= end <= latest]
        starts.append(fitting[0] if fitting else min(0.55 * speech.length, latest))
    out = np.zeros(len(times))
    for start in starts:
        out = np.maximum(out, pulse(times, start + DOWN, DOWN, SHUT, UP))
        out[int(np.argmin(np.abs(times - (start + DOWN + SHUT / 2))))] = 1.0
    return out


def _gaze(speech: Speech, times: np.ndarray, rng: random.Random) -> tuple[np.ndarray, np.ndarray]:
    """At the viewer, with tiny jumps; sometimes a glance aside in a pause."""
    steps: list[tuple[float, float, float]] = [(0.0, 0.0, 0.0)]
    now = rng.uniform(0.4, 1.2)
    while now < speech.length - 0.4:
        steps.append((now, rng.uniform(-0.07, 0.07), rng.uniform(-0.05, 0.05)))
        now += rng.uniform(0.7, 1.8)
    for start, end in speech.pauses:
        away = rng.random() < 0.45
        side, height, stay = rng.choice((-1, 1)) * rng.uniform(0.3, 0.5), rng.uniform(-0.1, 0.25), rng.uniform(0.35, 0.7)
        if away and end - start >= 0.25:
            back = start + stay
            steps = [step for step in steps if not start - 0.1 <= step[0] <= back]
            steps += [(start - 0.05, side, height), (back, 0.0, 0.0)]
    x, y = np.zeros(len(times)), np.zeros(len(times))
    steps.sort()
    for (_, x0, y0), (time, x1, y1) in pairwise(steps):
        passed = smooth((times - time) / 0.06)  # a jump takes 30 to 80 ms
        x += (x1 - x0) * passed
        y += (y1 - y0) * passed
    return x, y


def _attention(speech: Speech, times: np.ndarray, rng: random.Random) -> np.ndarray:
    """0 at the other, to begin with and when the turn is handed over; 1 at the viewer, mostly, in between."""
    first = speech.runs[0][0] if speech.runs else 0.0
    last = speech.runs[-1][1] if speech.runs else speech.length
    leave = first + rng.uniform(0.5, 0.9)
    back = max(last - rng.uniform(0.5, 0.8), leave)
    out = smooth((times - leave) / 0.25) - smooth((times - back) / 0.25)
    now = leave + rng.uniform(1.8, 3.2)
    while now < back - 1.8:
        stay = rng.uniform(0.6, 1.1)
        out = np.minimum(out, 1 - pulse(times, now + 0.2, 0.2, stay, 0.25))
        now += stay + rng.uniform(2.0, 3.6)
    out[[0, -1]] = 0.0
    return out


def _brows(speech: Speech, times: np.ndarray, mood: Mood, rng: random.Random) -> np.ndarray:
    """The mood's brows, raised with some of the stressed syllables, and through the end of a question."""
    raised = np.zeros(len(times))
    for time, prominence in speech.stresses:
        share, size = rng.random(), rng.uniform(0.25, 0.5)
        if share < 0.6:
            raised = np.maximum(raised, size * prominence * mood.energy * pulse(times, time - 0.04, 0.14, 0.10, 0.28))
    for start, end in speech.questions:
        raised = np.maximum(raised, 0.55 * pulse(times, start, 0.2, max(0.0, end - start) + 0.1, 0.35))
    return mood.brow + raised * (1 - 0.4 * abs(mood.brow))


def _nods(speech: Speech, times: np.ndarray, mood: Mood, rng: random.Random) -> np.ndarray:
    """A nod on each stressed syllable, with a slight lift before it; the chin comes up at the end of a question."""
    out = np.full(len(times), mood.nod)
    for time, prominence in speech.stresses:
        size = rng.uniform(0.22, 0.5) * prominence * mood.energy
        out += size * pulse(times, time + 0.03, 0.16, 0.03, 0.36) - 0.22 * size * pulse(times, time - 0.2, 0.18, 0.0, 0.18)
    for start, end in speech.questions:
        out -= 0.25 * pulse(times, start, 0.25, max(0.0, end - start) + 0.1, 0.45)
    return out


def _poses(speech: Speech, times: np.ndarray, mood: Mood, rng: random.Random) -> tuple[np.ndarray, np.ndarray]:
    """Tilt and turn: a new pose with each phrase, taken up slowly, over a slow drift."""
    tilt, turn = np.zeros(len(times)), np.zeros(len(times))
    side, held = rng.choice((-1, 1)), (0.0, 0.0)
    tilt += side * mood.lean
    moves: list[float] = []
    for start, end in speech.runs:
        inner = [time for time, _ in speech.stresses if start + 1.8 < time < end - 0.8]
        for time in [start, *inner]:
            if not moves or time - moves[-1] >= 1.6:
                moves.append(time)
    for time in moves:
        pose = (side * rng.uniform(0.08, 0.32) * mood.energy, -side * rng.uniform(0.05, 0.3) * mood.energy)
        taken = smooth((times - time + 0.3) / rng.uniform(0.6, 0.9))
        tilt += (pose[0] - held[0]) * taken
        turn += (pose[1] - held[1]) * taken
        held = pose
        side = -side if rng.random() < 0.7 else side
    for values in (tilt, turn):
        for rate in (0.17, 0.29):
            values += 0.04 * np.sin(2 * np.pi * (rate * times + rng.random()))
    return tilt, turn
