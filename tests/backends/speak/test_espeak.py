"""espeak: a hundred languages."""

from __future__ import annotations

import numpy as np
import pytest

from talkmill.backends.speak.espeak import Espeak
from talkmill.errors import BackendError
from tests.backends.speak.speaking import say

LANGUAGES = {
    "en-GB": "Good morning, friends.",
    "es-419": "Buenos días, amigos.",
    "pt-BR": "Bom dia, meus amigos.",
    "fr": "Bonjour, mes amis.",
    "de-AT": "Guten Morgen, liebe Freunde.",
    "it": "Buongiorno, cari amici.",
    "pl": "Dzień dobry, drodzy przyjaciele.",
    "ru": "Доброе утро, друзья.",
    "tr": "Günaydın, sevgili arkadaşlar.",
    "ar": "صباح الخير يا أصدقائي.",
    "hi": "सुप्रभात, मेरे दोस्तों।",
    "ja": "おはよう、ともだち。",
    "zh-Hans-CN": "早上 好， 朋友 们。",
    "ko": "안녕하세요, 친구들.",
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_is_spoken_with_words_and_phonemes(tmp_path, language):
    """Law: every word is heard, in order, in each of many languages and scripts, and phonemes are no letters of it."""
    samples, take = say(Espeak(), tmp_path, LANGUAGES[language], language)
    assert [word.text for word in take.words] == LANGUAGES[language].split()
    assert all(word.end - word.start > 0.04 * 48_000 for word in take.words), take.words
    assert 0.6 < len(samples) / 48_000 < 5
    assert np.abs(samples).max() > 0.1
    assert len({phoneme.symbol for phoneme in take.phonemes}) > 5


def test_variants_and_pitch_change_the_voice_and_not_the_words(tmp_path):
    """Law: f3, m3 and another pitch are other sounds of the same text."""
    made = [
        say(Espeak(), tmp_path / str(n), "Good morning.", **request)[0]
        for n, request in enumerate(({}, {"voice": "en-us+f3"}, {"voice": "en-us+m3"}, {"pitch": 80}))
    ]
    assert len({sound.tobytes() for sound in made}) == 4


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({"language": "pq"}, "no voice of that name or language ('pq'). Near ones are"),
        ({"voice": "en-us+nobody"}, "no variant of that name ('nobody' in 'en-us+nobody'). Near ones are"),
        ({"voice": "klingonese"}, "no voice of that name or language ('klingonese'). Near ones are"),
    ],
)
def test_an_unknown_voice_names_near_ones(tmp_path, request_, said):
    """Law: nothing falls back silently; the error lists near names."""
    with pytest.raises(BackendError) as caught:
        Espeak().run({"text": "Hello.", "language": "en", **request_}, {}, tmp_path)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_plosive_is_closed_where_its_phoneme_begins(tmp_path):
    """Law: the first half of p, t and k is far quieter than the vowels (their closure is inside the phoneme)."""
    samples, take = say(Espeak(), tmp_path, "A paper teapot, a copper pocket, a packet of tapes.")

    def level(spans) -> float:
        return float(np.median([10 * np.log10(np.mean(samples[a:b] ** 2) + 1e-10) for a, b in spans]))

    closed = [(p.start, (p.start + p.end) // 2) for p in take.phonemes[2:] if p.symbol in ("p", "t", "k")]
    open_ = [(p.start, p.end) for p in take.phonemes if p.symbol[:1] in tuple("aeiouɑɛɪɔʊæəʌɐ")]
    assert level(closed) < level(open_) - 15


def test_a_language_is_spoken_by_the_voice_that_claims_it_first(tmp_path):
    """Law: French is France's, not Belgium's, though both voices know the tag "fr"."""
    symbols = {}
    for language in ("fr", "fr-BE"):
        _, take = say(Espeak(), tmp_path / language, "90", language=language)
        symbols[language] = "".join(phone.symbol for phone in take.phonemes)
    assert symbols == {"fr": "katʁəvɛ̃dis", "fr-BE": "nonɑ̃t"}  # quatre-vingt-dix, nonante
