"""English voices against an aligner that owes nothing to them."""

from __future__ import annotations

import numpy as np
import pytest

from talkmill.backends import load
from talkmill.media import sound
from tests.backends.speak.speaking import aligned, say

SENTENCES = (
    "Good bread needs time, water and a warm kitchen.",
    "Nobody knows why the old bridge was painted green.",
    "Please remember to bring both books back before Friday.",
)


@pytest.mark.parametrize("name", ["piper", "hibari", "kokoro"])
def test_word_starts_agree_with_forced_alignment(tmp_path, name):
    """Law: half of the words start within 25 ms of where pocketsphinx hears them, 95 in 100 within 80 ms, without a bias."""
    backend = load("speak", name)
    missed = []
    for place, text in enumerate(SENTENCES[: 2 if name == "kokoro" else 3]):
        samples, take = say(backend, tmp_path / str(place), text)
        words = [word.text.strip(",.").lower() for word in take.words]
        for word, (start, _) in zip(take.words, aligned(samples, words), strict=True):
            missed.append(word.start / 48 - start * 1000)
    getattr(backend, "close", lambda: None)()
    assert abs(np.median(missed)) <= 20
    assert np.median(np.abs(missed)) <= 25
    assert np.percentile(np.abs(missed), 95) <= 80


@pytest.mark.parametrize("name", ["piper", "hibari"])
def test_what_is_spoken_is_understood_by_a_recogniser(tmp_path, name):
    """Law: a small recogniser, which knows nothing of the text, hears at least three words in four."""
    import pocketsphinx

    backend = load("speak", name)
    decoder = pocketsphinx.Decoder(loglevel="FATAL")
    asked = found = 0
    for place, text in enumerate(SENTENCES):
        samples, take = say(backend, tmp_path / str(place), text)
        short = sound.resample(samples, 48_000, 16_000)
        decoder.start_utt()
        decoder.process_raw(np.rint(short / np.abs(short).max() * 16_000).astype("<i2").tobytes(), full_utt=True)
        decoder.end_utt()
        words = {word.text.strip(",.").lower() for word in take.words}
        asked += len(words)
        found += len(words & set(decoder.hyp().hypstr.split()))
    getattr(backend, "close", lambda: None)()
    assert found >= 0.75 * asked
