"""What the tests of the voices share: speaking into a folder, and an aligner that owes nothing to the engines."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np

from talkmill.backends import Backend
from talkmill.media import sound
from talkmill.model.speech import Take


def say(backend: Backend, folder: Path, text: str, language: str = "en", **request: object) -> tuple[np.ndarray, Take]:
    """Samples (n,) and times of `text`."""
    folder.mkdir(parents=True, exist_ok=True)
    result = backend.run({"text": text, "language": language, "seed": 5, **request}, {}, folder)
    samples, rate = sound.read(result.files["sound"])
    assert rate == 48_000
    assert samples.shape[1] == 1
    assert result.facts["samples"] == len(samples)
    take = Take.from_json(json.loads(result.files["times"].read_text(encoding="utf-8")))
    assert take.samples == len(samples)
    return samples[:, 0], take


def aligned(samples: np.ndarray, words: list[str]) -> list[tuple[float, float]]:
    """Start and end in seconds of each word, from pocketsphinx (US English; steps of 10 ms)."""
    import pocketsphinx

    short = sound.resample(samples, 48_000, 16_000)
    data = np.rint(short / np.abs(short).max() * 16_000).astype("<i2").tobytes()
    decoder = pocketsphinx.Decoder(lm=None, bestpath=False, beam=1e-80, wbeam=1e-60, pbeam=1e-80, loglevel="FATAL")
    decoder.set_align_text(" ".join(words))
    for first in (True, False):
        decoder.start_utt()
        decoder.process_raw(data, full_utt=True)
        decoder.end_utt()
        if first:
            decoder.set_alignment()
    found = [w for w in decoder.get_alignment() if not w.name.startswith("<")]
    assert [re.sub(r"\(\d+\)", "", w.name) for w in found] == words
    return [(w.start / 100, (w.start + w.duration) / 100) for w in found]
