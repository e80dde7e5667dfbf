"""What every speech backend owes, whichever it is."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from talkmill.backends import REGISTRY, load
from talkmill.errors import BackendError
from talkmill.model.speech import Take
from tests.backends.speak.speaking import say

NAMES = sorted(name for verb, name in REGISTRY if verb == "speak" and name not in ("recording", "elevenlabs"))
"""Voices that are given a text; `recording` is given the sound, `elevenlabs` is paid: they have their own tests."""
HARD = "Hi! Dr. Lee said: 50 % of e-mails — like you’re “used to” — cost $3.50 in 2026 🚀… see https://a.io *now*, okay?"
SPOKEN_HERE = {"kokoro": "es"}  # the language a backend is tried in, where it is not English
TEXTS = {
    "en": HARD,
    "es": "¡Hola! El Sr. Pérez pagó 3,50 € (el 50 %) por e-mail — ¿en 2026? 🚀… ve a https://a.io *ya*, ¿vale?",
}

FRESH = """
import sys, json
from pathlib import Path
from talkmill.backends import load
backend = load("speak", sys.argv[1])
folder = Path(sys.argv[2])
before = json.loads(sys.argv[4])
if before:
    backend.run(before, {}, folder)
backend.run(json.loads(sys.argv[3]), {}, folder)
"""


@pytest.fixture(scope="module")
def backends():
    """One of each, so that a model is loaded once."""
    made = {name: load("speak", name) for name in NAMES}
    yield made
    for backend in made.values():
        getattr(backend, "close", lambda: None)()


@pytest.fixture(scope="module")
def takes(backends, tmp_path_factory) -> dict[str, tuple[np.ndarray, Take]]:
    made = {}
    for name, backend in backends.items():
        language = SPOKEN_HERE.get(name, "en")
        made[name] = say(backend, tmp_path_factory.mktemp(name), TEXTS[language], language)
    return made


@pytest.mark.parametrize("name", NAMES)
def test_the_words_of_a_take_are_the_words_of_its_text(takes, name):
    """Law: joined, the words of a take are the words of the text, punctuation and emoji with them."""
    _, take = takes[name]
    text = TEXTS[SPOKEN_HERE.get(name, "en")]
    assert [word.text for word in take.words] == text.split()


@pytest.mark.parametrize("name", NAMES)
def test_times_run_forwards_inside_the_take(takes, name):
    """Law: words follow each other, phonemes follow each other without a hole, and both stay inside the take."""
    samples, take = takes[name]
    now = 0
    for word in take.words:
        assert now <= word.start <= word.end <= len(samples)
        now = word.end
    assert take.phonemes[0].start == 0
    assert take.phonemes[-1].end == len(samples)
    for one, other in zip(take.phonemes, take.phonemes[1:], strict=False):
        assert one.end == other.start
        assert one.end > one.start


@pytest.mark.parametrize("name", NAMES)
def test_what_is_read_out_has_time_and_what_is_not_has_none(takes, name):
    """Law: a word that is heard has a length that its letters can have; an emoji and a dash have none."""
    _, take = takes[name]
    for word in take.words:
        seconds = (word.end - word.start) / 48_000
        if any(c.isalnum() for c in word.text):
            assert 0.03 <= seconds <= 0.4 + 0.35 * len(word.text), word
        elif word.text in ("🚀…", "—"):
            assert seconds == 0, word


@pytest.mark.parametrize("name", NAMES)
def test_phonemes_are_single_ipa_letters_without_stress_or_length(takes, name):
    """Law: a symbol is one IPA letter with its diacritics; stress and length marks are time, not symbols."""
    _, take = takes[name]
    symbols = {phoneme.symbol for phoneme in take.phonemes}
    assert "" in symbols
    assert not {c for symbol in symbols for c in symbol} & set("ˈˌː 0123456789.,!?^$_")
    assert all(len(symbol) <= 3 for symbol in symbols), symbols


@pytest.mark.parametrize("name", NAMES)
def test_pauses_are_quiet_and_vowels_are_loud(takes, name):
    """Law: phonemes are where the sound is: vowels far above pauses."""
    samples, take = takes[name]

    def level(phonemes) -> float:
        return float(np.median([10 * np.log10(np.mean(samples[p.start : p.end] ** 2) + 1e-10) for p in phonemes]))

    pauses = [p for p in take.phonemes if not p.symbol]
    vowels = [p for p in take.phonemes if p.symbol[:1] in tuple("aeiouɑɛɪɔʊæəʌ")]
    assert level(vowels) > level(pauses) + 25


@pytest.mark.parametrize("name", NAMES)
def test_a_take_begins_and_ends_with_a_little_silence(takes, name):
    """Law: no sound is cut at the ends, and little time is lost there (lines' pauses are the script's to choose)."""
    samples, take = takes[name]
    assert np.abs(samples[:240]).max() < 0.01
    assert np.abs(samples[-240:]).max() < 0.01
    heard = [phoneme for phoneme in take.phonemes if phoneme.symbol]
    assert heard[0].start == pytest.approx(0.10 * 48_000, abs=10)
    assert len(samples) - heard[-1].end == pytest.approx(0.15 * 48_000, abs=10)


@pytest.mark.parametrize("name", NAMES)
def test_equal_requests_give_equal_bytes_in_fresh_processes(takes, tmp_path, name):
    """Law: neither the number of cores nor what was spoken before changes a byte."""
    language = SPOKEN_HERE.get(name, "en")
    request = {"text": "One more time, please.", "language": language, "seed": 5}
    other = {"text": "Something else was said before this.", "language": language, "seed": 9}
    digests = set()
    cores = sorted(os.sched_getaffinity(0))
    for place, before, allowed in (("a", None, cores), ("b", other, cores[:1])):
        folder = tmp_path / place
        folder.mkdir()
        environment = {**os.environ, "OMP_NUM_THREADS": str(len(allowed))}
        subprocess.run(
            [sys.executable, "-c", FRESH, name, str(folder), json.dumps(request), json.dumps(before)],
            check=True,
            env=environment,
            preexec_fn=lambda allowed=allowed: os.sched_setaffinity(0, allowed),
        )
        digests.add(tuple(hashlib.sha256((folder / file).read_bytes()).hexdigest() for file in ("sound.wav", "times.json")))
    assert len(digests) == 1


@pytest.mark.parametrize("name", NAMES)
def test_pace_makes_speech_shorter_through_the_engine(backends, tmp_path, name):
    """Law: pace 1.5 takes about two thirds of the time, and the words are still all there."""
    language = SPOKEN_HERE.get(name, "en")
    text = "No one in this room can remember a longer summer."
    plain, _ = say(backends[name], tmp_path / "plain", text, language)
    quick, take = say(backends[name], tmp_path / "quick", text, language, effects={"pace": 1.5})
    assert 0.55 < len(quick) / len(plain) < 0.85
    assert [word.text for word in take.words] == text.split()


@pytest.mark.parametrize("name", NAMES)
def test_a_text_without_anything_to_say_is_refused_in_one_line(backends, tmp_path, name):
    """Law: only emoji and signs: an error that names the text and says what to do."""
    with pytest.raises(BackendError, match=r"nothing in the text can be spoken \('🚀 — …'\)\. Write words") as caught:
        backends[name].run({"text": "🚀 — …", "language": SPOKEN_HERE.get(name, "en"), "seed": 1}, {}, tmp_path)
    assert "\n" not in str(caught.value)
    assert not list(Path(tmp_path).iterdir())


@pytest.mark.parametrize("name", NAMES)
def test_a_language_that_nobody_speaks_is_refused_in_one_line(backends, tmp_path, name):
    """Law: no silent change of language."""
    with pytest.raises(BackendError, match=f"speak: {name}: ") as caught:
        backends[name].run({"text": "Hello", "language": "qq", "seed": 1}, {}, tmp_path)
    assert "'qq'" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize("name", NAMES)
def test_nothing_heavy_is_imported_before_a_backend_runs(name):
    """Law: importing a backend loads no model library; the engines' licences stay in their own processes."""
    module = REGISTRY["speak", name].partition(":")[0]
    heavy = "{'onnxruntime', 'onnx', 'piper', 'hibari', 'pyworld', 'scipy', 'soxr', 'numpy', 'espeakng_loader'}"
    code = f"import sys, {module}; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
