"""The mouth: phones and loudness to the eight mouth curves.

Order matters: blend (coarticulation) -> effort (loudness) -> firm vowels, constrictions -> strength -> smoothing -> rest in
pauses -> tucks -> closures -> rest at the segment's ends. Closures come after everything that opens the mouth and multiply it,
so no later step can part shut lips.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from talkmill.backends.lipsync.articulation import (
    ARTICULATORS,
    CONSTRICTIONS,
    FIRM,
    FIRMNESS,
    LOOSE,
    LOOSENESS,
    SHUT,
    SILENCE,
    TARGETS,
    TUCKED,
    Phone,
    lips_of,
    visemes_of,
)
from talkmill.backends.lipsync.envelope import PAUSE, Curves, Span, rest_at_ends, runs, smooth, speaking
from talkmill.backends.lipsync.sound import CELL, Sound
from talkmill.model import SAMPLE_RATE

OVERSAMPLING = 8
"""Samples of the blend in one frame; even, so that one of them is the frame's middle."""
SHARPNESS, SPREAD = 1.8, 2.4
"""Exponents on the blended weights, and on those of width and rounding: dominance blending alone makes every frame the same
half-open mouth, and a short o between two open vowels would not be seen to be round."""
SMOOTH = 0.012
"""Seconds (sigma) of smoothing of the blend: takes the cusps off its exponentials."""
REST_EDGE = 0.12
"""Seconds of a pause that the speech beside it is blended with."""
QUIET = 30.0
"""Decibels under the speech's level below which a hold is as quiet as it needs to be."""
EARLIER, LATER, AFTER_PAUSE = 0.060, 0.015, 0.030
"""Seconds around a label's middle in which its closure is looked for: before, after, and before where a pause precedes."""
PULL = 200.0
"""Decibels a second: what a closure's hold must be quieter by to lie farther from its label's middle."""
BURST = 0.012
"""Seconds by which the middle of a stop may differ from that of its quiet: half a burst, which is part of the stop; and voices
tell their times on a grid of 12 ms and more."""
CLOSING, PARTING = 0.050, 0.040
"""Seconds in which lips close and part."""
HOLD, SHORT_HOLD = 0.033, 0.022
"""Seconds either side of a closure's middle for which the lips stay shut at least: two frames at 30 a second, and one where
another closure is near, so that the vowel between them is seen."""
CALM = 0.075
"""Seconds (sigma) over which a `temporal_smoothing` of 1 evens the articulation out."""
NEAR = 0.22
"""Seconds between the middles of two closures that are near."""


def mouth_curves(phones: Sequence[Phone], sound: Sound, strength: float, smoothing: float = 0.0) -> Curves:
    """Mouth curves, one value a frame, as the mouth is in the frame's middle.

    `phones` cover the segment without a gap; `strength` scales the articulation (open, width, round), `smoothing` (0..1) evens
    it out in time; neither touches a closure.
    """
    middles = sound.middles
    curves = _blend(phones, sound.fps, sound.frames)
    heard = sound.heard(runs(phones))
    awake = speaking(_parted(phones, heard), middles)
    curves["open"] *= 0.42 + 0.62 * sound.loudness(awake > 0.99)
    firm = tuple((frozenset(symbol), FIRMNESS, lips_of(symbol)) for symbol in sorted(FIRM))
    for symbols, share, targets in firm + CONSTRICTIONS:
        reached = share * _events(_audible(_spans(phones, symbols), heard, -0.02, -0.02), middles, hold=0.015)
        for name, target in targets.items():
            curves[name] += (target - curves[name]) * reached
    for name in ("open", "width", "round"):
        curves[name] *= strength
    curves = {name: _evened(values, smoothing * CALM * sound.fps) for name, values in curves.items()}
    for values in curves.values():
        values *= awake
    curves["tuck"] = _events(_audible(_spans(phones, TUCKED), heard, -0.02, -0.02), middles, hold=0.020) * awake
    curves["open"] = np.minimum(curves["open"], 1 - 0.82 * curves["tuck"])
    curves["press"] = _events(closures(phones, sound), middles, HOLD, SHORT_HOLD)
    parted = 1 - curves["press"]
    for name in ("open", "teeth", "tongue", "tuck"):
        curves[name] = curves[name] * parted
    ends = rest_at_ends(sound.frames, sound.fps, 0.1)
    bounds = {"width": (-1, 1)}
    return {name: np.clip(values * ends, *bounds.get(name, (0, 1))) for name, values in curves.items()}


def _evened(values: np.ndarray, sigma: float) -> np.ndarray:
    """`values` under a Gaussian of `sigma` frames; under a fifth of a frame as they are."""
    if sigma < 0.2:
        return values
    reach = int(np.ceil(3 * sigma))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    return np.convolve(np.pad(values, reach, mode="edge"), kernel / kernel.sum(), "valid")


def _parted(phones: Sequence[Phone], heard: list[Span]) -> list[Span]:
    """Stretches of speech as the lips see them: one that begins or ends with shut lips opens later and closes earlier."""
    shut = np.array(_spans(phones, SHUT)).reshape(-1, 2)
    out = []
    for start, end in heard:
        late = 0.06 if np.any((shut[:, 0] <= start + 0.03) & (shut[:, 1] > start - 0.03)) else 0.0
        early = 0.06 if np.any((shut[:, 0] < end + 0.03) & (shut[:, 1] >= end - 0.03)) else 0.0
        out.append((min(start + late, end - early), end - early))
    return out


def closures(phones: Sequence[Phone], sound: Sound) -> list[Span]:
    """Start and end in seconds of the lips' hold for each p, b and m: as long as its label, about its quietest moment.

    Labels of stops are often late, or start at the burst, after the hold that is seen. The sound knows: while the lips are
    shut nothing above about 1 kHz comes out, so the least energy of the differenced sound near the label is looked for (40 ms
    windows), pulled towards the label's middle. But it knows of the quiet alone, and a p or b is heard by its burst, which
    comes after: up to `BURST` of the way the label is believed.
    """
    out: list[Span] = []
    sounding = sound.hiss[sound.audible()]
    hiss = np.maximum(sound.hiss, np.percentile(sounding, 95) - QUIET) if len(sounding) else np.zeros(len(sound.hiss))
    for before, phone in zip([None, *phones], phones, strict=False):
        if phone.symbol not in SHUT:
            continue
        start, end = phone.start / SAMPLE_RATE, phone.end / SAMPLE_RATE
        centre = (start + end) / 2
        first = centre - (AFTER_PAUSE if before is None or before.symbol == SILENCE else EARLIER)
        if before is not None and before.symbol != SILENCE:
            first = max(first, (before.start + before.end) / 2 / SAMPLE_RATE)
        # Rounded, so that where the take lies in its segment decides no tie.
        cells = np.arange(round(round(first / CELL, 6)), round(round((centre + LATER) / CELL, 6)) + 1)
        cells = cells[(cells >= 4) & (cells + 4 <= len(hiss))]
        if len(cells):
            level = np.array([hiss[cell - 4 : cell + 4].mean() for cell in cells])
            best = cells[int(np.argmin(np.round(level + PULL * np.abs(cells * CELL - centre), 6)))]
            bounds = (cells[0] - 4, cells[-1] + 4)
            moved = _trough(hiss, best, bounds) * CELL - centre
            moved -= min(max(moved, -BURST), BURST)
            start, end = start + moved, end + moved
        out.append((start, end))
    return _audible(out, sound.heard(runs(phones)), 0.03, 0.02)


def _trough(hiss: np.ndarray, best: int, bounds: tuple[int, int]) -> float:
    """Middle of the cells about `best`, within `bounds`, that are about as quiet as the eight around it; in cells."""
    limit = hiss[best - 4 : best + 4].mean() + 6.0 + 1e-6
    low = high = best
    while low > bounds[0] and hiss[low - 1] <= limit:
        low -= 1
    while high < bounds[1] and hiss[high] <= limit:
        high += 1
    return (low + high) / 2


def _blend(phones: Sequence[Phone], fps: int, frames: int) -> Curves:
    """The articulators' curves from coarticulated viseme weights (Cohen and Massaro's dominance, by openfacefx)."""
    from openfacefx.alignment import PhonemeSegment
    from openfacefx.coarticulation import CoartParams, build_viseme_curves
    from openfacefx.ipa import IPA_MAPPING
    from openfacefx.mapping import Mapping

    rows = {symbol: dict(visemes_of(symbol)) for symbol in {phone.symbol for phone in phones} | {SILENCE}}
    mapping = Mapping(IPA_MAPPING.targets, rows, allow_custom_symbols=True)
    params = CoartParams(short_silence=0.0, closure_floor=0.0, split_diphthongs=False, smooth=SMOOTH)
    spans = [PhonemeSegment(symbol, start, end) for symbol, start, end in _shapes(phones, frames / fps)]
    rate = fps * OVERSAMPLING
    _, weights = build_viseme_curves(spans, fps=rate, mapping=mapping, params=params)
    weights = weights[OVERSAMPLING // 2 :: OVERSAMPLING][:frames]
    sharp, sharper = weights**SHARPNESS, weights**SPREAD
    targets = np.array([TARGETS[name] for name in mapping.target_names])
    firm = np.array([LOOSENESS if name in LOOSE else 1.0 for name in mapping.target_names])
    out = {}
    for index, name in enumerate(ARTICULATORS):
        said = sharper * firm if name in ("width", "round") else sharp
        out[name] = said @ targets[:, index] / np.maximum(said.sum(axis=1), 1e-9)
    return out


def _shapes(phones: Sequence[Phone], length: float) -> list[tuple[str, float, float]]:
    """Symbol, start and end in seconds of what is blended.

    A silence under `PAUSE` prolongs the phone before it. A longer one is blended in at its edges only: its length must not
    change the speech beside it. Two moments of silence mark the segment's ends.
    """
    moment = 1e-4
    out = [(SILENCE, 0.0, moment)]
    for index, phone in enumerate(phones):
        start, end = phone.start / SAMPLE_RATE, phone.end / SAMPLE_RATE
        if phone.symbol != SILENCE:
            out.append((phone.symbol, start, end))
        elif end - start < PAUSE and 0 < index < len(phones) - 1:
            out[-1] = (out[-1][0], out[-1][1], end)
        else:
            edge = min(REST_EDGE, (end - start) / 2)
            out += [(SILENCE, start, start + edge)] if index else []
            out += [(SILENCE, end - edge, end)] if index < len(phones) - 1 else []
    out.append((SILENCE, length - moment, length))
    return out


def _spans(phones: Sequence[Phone], symbols: frozenset[str]) -> list[Span]:
    """Start and end in seconds of the phones of `symbols`."""
    return [(phone.start / SAMPLE_RATE, phone.end / SAMPLE_RATE) for phone in phones if phone.symbol in symbols]


def _audible(spans: list[Span], heard: list[Span], before: float, after: float) -> list[Span]:
    """Spans, moved so that none has its middle earlier than `before` the first or later than `after` the last that is heard of
    its stretch of speech: the label of a consonant at a pause may lie in the silence, where a moving mouth is seen to.
    """
    out = []
    for start, end in spans:
        centre = (start + end) / 2
        opens, closes = min(heard, key=lambda span: max(span[0] - centre, centre - span[1]), default=(start, end))
        moved = min(max(centre, opens - before), max(opens - before, closes + after)) - centre
        out.append((start + moved, end + moved) if abs(moved) <= 0.25 else (start, end))
    return out


def _events(spans: Sequence[Span], middles: np.ndarray, hold: float, short: float | None = None) -> np.ndarray:
    """0..1: 1 for `hold` seconds at least either side of each span's middle, and in the frame nearest to it for certain.

    Where another span is near, `short` stands for `hold`.
    """
    out = np.zeros(len(middles))
    centres = np.array([(start + end) / 2 for start, end in spans])
    for (start, end), centre in zip(spans, centres, strict=True):
        near = short is not None and np.count_nonzero(np.abs(centres - centre) < NEAR) > 1
        half = max(short if near else hold, (end - start) / 2 - CLOSING)
        closing, parting = (middles - centre + half + CLOSING) / CLOSING, (centre + half + PARTING - middles) / PARTING
        out = np.maximum(out, smooth(np.minimum(closing, parting)))
        out[int(np.argmin(np.abs(middles - centre)))] = 1.0
    return out
