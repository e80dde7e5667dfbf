"""The mouth: phones and loudness to the eight mouth curves.

Order matters: blend (coarticulation) -> effort (loudness) -> rest in pauses -> tucks and tongue -> closures -> rest at the
segment's ends. Closures come after everything that opens the mouth and multiply it, so no later step can part shut lips.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from talkmill.backends.lipsync.articulation import (
    ARTICULATORS,
    BETWEEN,
    SHUT,
    SILENCE,
    TARGETS,
    TUCKED,
    Phone,
    visemes_of,
)
from talkmill.model import SAMPLE_RATE

Curves = dict[str, np.ndarray]

PAUSE = 0.16
"""Seconds of silence from which the mouth comes to rest; a shorter one belongs to the phone before it."""
OVERSAMPLING = 8
"""Samples of the blend in one frame; even, so that one of them is the frame's middle."""
SHARPNESS = 1.8
"""Exponent on the blended weights: dominance blending alone makes every frame the same half-open mouth."""
SMOOTH = 0.012
"""Seconds (sigma) of smoothing of the blend: takes the cusps off its exponentials."""
RAMP = 0.050
"""Seconds in which lips close and part."""
HOLD = 0.033
"""Seconds either side of a closure's middle for which the lips stay shut at least: two frames at 30 a second."""
ANTICIPATION = 0.100
"""Seconds before the first sound after a pause in which the mouth opens."""
RELEASE = 0.100
"""Seconds from 30 ms before the last sound's end in which the mouth comes to rest."""


def mouth_curves(phones: Sequence[Phone], loudness: np.ndarray, fps: int, frames: int, strength: float) -> Curves:
    """Mouth curves, one value a frame, as the mouth is in the frame's middle.

    `phones` cover the segment without a gap; `loudness` is 0..1, one value a frame; `strength` scales the articulation
    (open, width, round) and never a closure.
    """
    middles = (np.arange(frames) + 0.5) / fps
    curves = _blend(phones, fps, frames)
    curves["open"] *= 0.42 + 0.62 * loudness
    for name in ("open", "width", "round"):
        curves[name] *= strength
    awake = speaking(phones, middles)
    for values in curves.values():
        values *= awake
    curves["tuck"] = _events(phones, TUCKED, middles, hold=0.020)
    curves["tongue"] = np.maximum(curves["tongue"], 0.9 * _events(phones, BETWEEN, middles, hold=0.017))
    curves["open"] = np.minimum(curves["open"], 1 - 0.82 * curves["tuck"])
    curves["press"] = _events(phones, SHUT, middles, hold=HOLD)
    parted = 1 - curves["press"]
    for name in ("open", "teeth", "tongue", "tuck"):
        curves[name] = curves[name] * parted
    ends = rest_at_ends(frames, fps, 0.1)
    bounds = {"width": (-1, 1)}
    return {name: np.clip(values * ends, *bounds.get(name, (0, 1))) for name, values in curves.items()}


def _blend(phones: Sequence[Phone], fps: int, frames: int) -> Curves:
    """The articulators' curves from coarticulated viseme weights (Cohen and Massaro's dominance, by openfacefx)."""
    from openfacefx.alignment import PhonemeSegment
    from openfacefx.coarticulation import CoartParams, build_viseme_curves
    from openfacefx.ipa import IPA_MAPPING
    from openfacefx.mapping import Mapping

    rows = {symbol: dict(visemes_of(symbol)) for symbol in {phone.symbol for phone in phones} | {SILENCE}}
    mapping = Mapping(IPA_MAPPING.targets, rows, allow_custom_symbols=True)
    params = CoartParams(short_silence=PAUSE, closure_floor=0.0, split_diphthongs=False, smooth=SMOOTH)
    spans = [PhonemeSegment(phone.symbol, phone.start / SAMPLE_RATE, phone.end / SAMPLE_RATE) for phone in phones]
    rate = fps * OVERSAMPLING
    _, weights = build_viseme_curves(spans, fps=rate, mapping=mapping, params=params)
    weights = weights[OVERSAMPLING // 2 :: OVERSAMPLING][:frames]
    if len(weights) < frames:  # no phones at all
        rest = np.zeros((frames - len(weights), len(mapping.targets)))
        rest[:, mapping.target_names.index(SILENCE)] = 1.0
        weights = np.concatenate([weights, rest])
    sharp = weights**SHARPNESS
    sharp /= np.maximum(sharp.sum(axis=1, keepdims=True), 1e-9)
    values = sharp @ np.array([TARGETS[name] for name in mapping.target_names])
    return {name: values[:, index].copy() for index, name in enumerate(ARTICULATORS)}


def runs(phones: Sequence[Phone]) -> list[tuple[float, float]]:
    """Start and end in seconds of each stretch of speech between pauses of at least `PAUSE` (shorter ones are part of it)."""
    out: list[tuple[float, float]] = []
    for phone in phones:
        if phone.symbol == SILENCE:
            continue
        start, end = phone.start / SAMPLE_RATE, phone.end / SAMPLE_RATE
        if out and start - out[-1][1] < PAUSE:
            out[-1] = (out[-1][0], end)
        else:
            out.append((start, end))
    return out


def speaking(phones: Sequence[Phone], times: np.ndarray) -> np.ndarray:
    """1 in speech, 0 in pauses, with smooth ramps: opening before the first sound, closing over the last one's decay."""
    out = np.zeros(len(times))
    for start, end in runs(phones):
        rise = smooth((times - (start - ANTICIPATION)) / ANTICIPATION)
        fall = smooth((end - 0.03 + RELEASE - times) / RELEASE)
        out = np.maximum(out, np.minimum(rise, fall))
    return out


def _events(phones: Sequence[Phone], symbols: frozenset[str], middles: np.ndarray, hold: float) -> np.ndarray:
    """0..1: 1 for `hold` seconds either side of the middle of each phone of `symbols`, and in its nearest frame for certain."""
    out = np.zeros(len(middles))
    for phone in phones:
        if phone.symbol not in symbols:
            continue
        start, end = phone.start / SAMPLE_RATE, phone.end / SAMPLE_RATE
        centre, half = (start + end) / 2, max(hold, (end - start) / 2 - RAMP)
        away = np.abs(middles - centre)
        out = np.maximum(out, smooth((half + RAMP - away) / RAMP))
        out[int(np.argmin(away))] = 1.0
    return out


def rest_at_ends(frames: int, fps: int, seconds: float) -> np.ndarray:
    """0 in the first and the last frame, 1 inside, with smooth ramps of up to `seconds`."""
    index = np.arange(frames)
    inside = np.minimum(index, frames - 1 - index) / max(1.0, seconds * fps)
    return smooth(inside)


def smooth(x: np.ndarray) -> np.ndarray:
    """Smoothstep: 0 up to 0, 1 from 1, without a corner."""
    x = np.clip(x, 0.0, 1.0)
    return x * x * (3 - 2 * x)


def loudness_of(sound: np.ndarray, offset: int, fps: int, frames: int, phones: Sequence[Phone]) -> np.ndarray:
    """0..1, one value a frame: square root of the RMS over its 95th percentile in speech.

    `sound` is mono at 48 kHz and starts `offset` samples after the segment's start. RMS over windows of 33 ms around the
    frame's middle.
    """
    step = SAMPLE_RATE // fps
    half = round(0.0333 * SAMPLE_RATE / 2)
    energy = np.concatenate([[0.0], np.cumsum(np.square(sound, dtype=np.float64))])
    middles = np.arange(frames) * step + step // 2 - offset
    low, high = np.clip(middles - half, 0, len(sound)), np.clip(middles + half, 0, len(sound))
    rms = np.sqrt((energy[high] - energy[low]) / (2 * half))
    times = (np.arange(frames) + 0.5) / fps
    spoken = rms[speaking(phones, times) > 0.99]
    top = float(np.percentile(spoken, 95)) if len(spoken) else 0.0
    return np.sqrt(np.clip(rms / top, 0.0, 1.0)) if top > 1e-6 else np.zeros(frames)
