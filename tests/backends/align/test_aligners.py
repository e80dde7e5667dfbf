"""Both aligners against a voice's own times."""

import json

import numpy as np
import pytest

from talkmill.backends import load
from talkmill.backends.align import dtw
from talkmill.backends.align.phones import pronounced
from talkmill.model import Take

TEXT = "El tren a Sevilla sale a las siete y media."


@pytest.fixture(scope="module")
def spoken(tmp_path_factory):
    """(sound, exact times) of TEXT by another of espeak-ng's speakers."""
    result = load("speak", "espeak").run(
        {"text": TEXT, "language": "es", "voice": "es+f3", "pitch": 70, "effects": {"pace": 0.85}},
        {},
        tmp_path_factory.mktemp("espeak"),
    )
    return result.files["sound"], Take.from_json(json.loads(result.files["times"].read_bytes()))


@pytest.mark.parametrize("name", ["sphinx", "synthesis"])
def test_word_starts_are_heard_where_they_are(spoken, tmp_path, name):
    """In a language that pocketsphinx has no model of, by both: half of them within 30 ms, all but one within 80."""
    result = load("align", name).run({"text": TEXT, "language": "es"}, {"sound": spoken[0]}, tmp_path)
    take = Take.from_json(json.loads(result.files["times"].read_bytes()))
    off = np.array([abs(a.start - b.start) / 48 for a, b in zip(take.words, spoken[1].words, strict=True)])
    assert np.median(off) < 30
    assert np.sort(off)[-2] < 80
    assert off.max() < 150
    assert result.facts["match"] > 0.54
    assert take.samples == spoken[1].samples


def test_a_warping_path_follows_a_stretched_sequence():
    """Recording frames fall on the reference frames that they are copies of, an edge or two a frame early."""
    reference = np.eye(6) * 10
    truth = np.array([0, 0, 0, 1, 2, 2, 3, 4, 4, 4, 5])
    even = np.full(6, 0.1)
    template = dtw.Template(reference, even, even, np.zeros(6, bool))
    path = dtw.warp(template, reference[truth], np.zeros(6, np.int64), len(truth))
    assert np.abs(path - truth).max() <= 1
    assert np.count_nonzero(path != truth) <= 2
    assert (np.diff(path) >= 0).all()


def test_every_letter_of_a_word_is_in_one_phone():
    """Affricates and diphthongs are one phone, a letter that no phone is like goes with its neighbour."""
    assert pronounced(["t", "ʃ", "a", "ɪ", "n"]) == [("CH", 2), ("AY", 2), ("N", 1)]
    assert pronounced(["ǃ", "a", "ǃ"]) == [("AA", 3)]
