"""Mouths that are wrong on purpose: the lip-sync score must fail them clearly."""

from __future__ import annotations

import wave
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.clips import Control, Curves

MOUTH = ("open", "width", "round", "tuck", "press", "teeth", "tongue")


def loudness(right: Curves, inputs: Mapping[str, Path], request: Mapping[str, Any]) -> Curves:
    """The old way: open for loud, closed for quiet. Nothing but the RMS of 33 ms about each frame's middle, smoothed a little."""
    fps, frames, lead = request["fps"], request["frames"], request["lead"]
    with wave.open(str(inputs["sound"]), "rb") as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768.0
    step = 48_000 // fps
    whole = np.zeros(frames * step)
    heard = samples[: len(whole) - lead * step]
    whole[lead * step : lead * step + len(heard)] = heard
    rms = np.sqrt((whole.reshape(frames, step) ** 2).mean(axis=1))
    opened = np.clip(rms / max(np.percentile(rms[rms > rms.max() / 30], 90), 1e-9), 0, 1) ** 0.7
    opened[opened < 0.06] = 0
    opened = np.convolve(opened, (0.25, 0.5, 0.25), "same")
    still = dict.fromkeys(MOUTH, [0.0] * frames)
    teeth = np.minimum(opened * 2, 0.5)
    return {**right, "curves": {**right["curves"], **still, "open": opened.round(4).tolist(), "teeth": teeth.round(4).tolist()}}


def reversed_(right: Curves, inputs: Mapping[str, Path], request: Mapping[str, Any]) -> Curves:
    """The right mouth, played backwards within each segment."""
    turned = {name: values[::-1] if name in MOUTH else values for name, values in right["curves"].items()}
    return {**right, "curves": turned}


CONTROLS = (
    Control("loudness", change=loudness),
    Control("late", late=120),
    Control("reversed", change=reversed_),
)
