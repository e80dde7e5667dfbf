"""speak: elevenlabs, end to end against the sandbox: exact times, directions, pronunciation, refusals, what is bought."""

import itertools
import json

import numpy as np
import pytest

from talkmill.backends import load
from talkmill.backends.speak import characters
from talkmill.errors import BackendError, RequestError
from talkmill.media import sound
from talkmill.model import Take
from talkmill.providers import load as provider
from talkmill.providers.sandbox.elevenlabs import ElevenLabsService
from talkmill.providers.sandbox.server import Sandbox
from tests.backends.speak.speaking import aligned
from tests.providers.buying import Buyer

KEY = "sk-test-canary-51c0ffee"
VOICE = "sandboxvoice00000001"
TEXT = "Good morning, and welcome to the show. Bob paints big maps!"


@pytest.fixture
def box(monkeypatch):
    monkeypatch.setenv("ELEVENLABS_API_KEY", KEY)
    with Sandbox(ElevenLabsService(latency=0, a_second=0)) as served:
        yield served


@pytest.fixture
def buy(box, tmp_path):
    return Buyer(provider("elevenlabs", {"base_url": box.url("elevenlabs")}), tmp_path)


def say(buy, folder, text=TEXT, language="en", **options):
    """Samples (n,), take and facts."""
    folder.mkdir()
    request = {"text": text, "language": language, "seed": 5, "voice": VOICE, **options}
    result = load("speak", "elevenlabs").run(request, {}, folder, buy)
    samples, rate = sound.read(result.files["sound"])
    assert (rate, samples.shape[1]) == (48_000, 1)
    take = Take.from_json(json.loads(result.files["times"].read_bytes()))
    assert take.samples == len(samples) == result.facts["samples"]
    return samples[:, 0], take, result.facts


def held(take):
    """The laws of every take: no holes, in order, inside; silence of 0.1 s before and 0.15 s after."""
    edges = [(phone.start, phone.end) for phone in take.phonemes]
    assert edges[0][0] == 0
    assert edges[-1][1] == take.samples
    assert all(one[1] == other[0] for one, other in itertools.pairwise(edges))
    assert all(start < end for start, end in edges)
    assert take.phonemes[0].symbol == take.phonemes[-1].symbol == ""
    assert abs(take.phonemes[0].end - 4800) <= 2
    assert abs(take.samples - take.phonemes[-1].start - 7200) <= 2
    for one, other in itertools.pairwise(take.words):
        assert 0 <= one.start <= one.end <= other.start


@pytest.mark.parametrize("kind", ["mp3_44100_128", "pcm_44100"])
def test_the_words_are_the_texts_and_are_heard_where_they_are_said(buy, tmp_path, kind):
    """In both formats: words joined are the text, and pocketsphinx hears each of them there (80 ms) and in no other text."""
    samples, take, facts = say(buy, tmp_path / "take", format=kind)
    held(take)
    assert " ".join(word.text for word in take.words) == TEXT
    assert facts["times"] == "characters"
    assert facts["match"] > 0.56
    words = [word.text.lower().strip(",.!") for word in take.words]
    for word, (start, end) in zip(take.words, aligned(samples, words), strict=True):
        assert abs(word.start / 48_000 - start) < 0.08, word
        assert abs(word.end / 48_000 - end) < 0.12, word


def test_lips_shut_where_the_sound_is_quiet(buy, tmp_path):
    """Every p, b and m of the text is there, within its word."""
    _, take, _ = say(buy, tmp_path / "take", text="Put the big blue pebble in my pocket before Bob comes back.")
    shut = [phone for phone in take.phonemes if phone.symbol[:1] in ("p", "b", "m")]
    assert [phone.symbol for phone in shut] == list("pbbpbmpbbbmb")
    for phone in shut:
        assert 0.02 < (phone.end - phone.start) / 48_000 < 0.3
        assert any(word.start <= phone.start and phone.end <= word.end for word in take.words)


def test_directions_are_neither_words_nor_sounds(buy, tmp_path, box):
    """v4 gets them and echoes them; the take has the words only, and its speech begins at once."""
    text = "[whispers] Buenos días, hoy hablamos [laughs softly] del pan."
    _, take, facts = say(buy, tmp_path / "take", text=text, language="es", model="eleven_v4")
    held(take)
    assert " ".join(word.text for word in take.words) == "Buenos días, hoy hablamos del pan."
    assert facts["times"] == "characters"
    assert box["elevenlabs"].bodies[0]["text"] == text
    assert box["elevenlabs"].bodies[0]["language_code"] == "es"


def test_a_word_is_sent_as_it_is_said_and_captioned_as_it_is_written(buy, tmp_path, box):
    """A respelling of several words, a possessive, any case."""
    table = {"talkmill": "tock mill"}
    _, take, _ = say(buy, tmp_path / "take", text="“Talkmill's” show: TALKMILL!", pronunciation=table)
    assert box["elevenlabs"].bodies[0]["text"] == "“tock mill's” show: tock mill!"
    assert [word.text for word in take.words] == ["“Talkmill's”", "show:", "TALKMILL!"]
    assert all(word.end > word.start for word in take.words)
    held(take)


@pytest.mark.parametrize("fault", ["null", "shuffled"])
def test_without_usable_times_our_own_aligner_is_asked_and_says_so(buy, tmp_path, box, capsys, fault):
    """Not silently: in the facts, with the reason, and on standard error."""
    box["elevenlabs"].faults.add(fault)
    _, take, facts = say(buy, tmp_path / "take")
    held(take)
    assert " ".join(word.text for word in take.words) == TEXT
    assert facts["times"] == "sphinx"
    assert facts["because"]
    assert "aligned by sphinx" in capsys.readouterr().err


def test_the_same_line_is_the_same_call_and_makes_the_same_take(buy, tmp_path, box):
    """Bought once; a second run of the backend on what was bought gives the same bytes."""
    first, second = (say(buy, tmp_path / name) for name in "ab")
    assert np.array_equal(first[0], second[0])
    assert first[1] == second[1]
    assert len(box.bill.lines()) == 1
    assert buy.calls[0].price == "elevenlabs/text-to-speech/eleven_multilingual_v2"
    assert buy.calls[0].amount == len(TEXT)
    request = {"text": TEXT, "language": "en", "seed": 5, "voice": VOICE}
    assert load("speak", "elevenlabs").estimate(request, 3.0)[0].key == buy.calls[0].key


def test_what_is_heard_otherwise_is_another_call_and_what_is_not_is_not():
    """Context, seed, settings and format are in the key; a default that is left out is the same as before."""
    backend = load("speak", "elevenlabs")
    base = {"text": TEXT, "language": "en", "seed": 5, "voice": VOICE}
    key = backend.estimate(base, 0)[0].key
    changes = (
        {"seed": 6},
        {"stability": 0.5},
        {"format": "pcm_44100"},
        {"context": {"previous": "Hello."}},
        {"normalize": "off"},
    )
    keys = [backend.estimate({**base, **change}, 0)[0].key for change in changes]
    assert len({key, *keys}) == len(changes) + 1
    assert backend.estimate({**base, "stability": None, "context": {"previous": None, "next": None}}, 0)[0].key == key
    assert "previous_text" not in backend.estimate(base, 0)[0].body


@pytest.mark.parametrize(
    ("options", "text", "said"),
    [
        ({"model": "eleven_v3", "context": {"previous": "Hello."}}, TEXT, "neighbours"),
        ({"model": "eleven_v3", "stability": 0.3}, TEXT, "steps"),
        ({"model": "eleven_v4", "speed": 1.1}, TEXT, "changes nothing"),
        ({}, "[whispers] Hello.", "knows no directions"),
        ({"model": "eleven_v3"}, "word " * 1100, "5,000 at most"),
    ],
)
def test_what_the_model_does_not_take_is_refused_and_not_bought(buy, tmp_path, box, options, text, said):
    """In planning (`cannot`, `cannot_say`), and again before anything is bought."""
    backend = load("speak", "elevenlabs")
    assert said in (backend.cannot(options, "en") or backend.cannot_say(options, "en", text))
    with pytest.raises(RequestError, match=said):
        say(buy, tmp_path / "take", text=text, **options)
    assert not box["elevenlabs"].seen


def test_nothing_to_say_is_not_bought(buy, tmp_path, box):
    """An emoji alone."""
    with pytest.raises(BackendError, match="nothing in the text"):
        say(buy, tmp_path / "take", text="🎉 …")
    assert not box["elevenlabs"].seen


def test_the_key_is_in_no_file(buy, tmp_path):
    """Neither in what was bought nor in what was made."""
    say(buy, tmp_path / "take")
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == 4
    assert not any(KEY.encode() in path.read_bytes() for path in files)


def test_a_bought_alignment_finds_the_words_of_a_recording(buy, tmp_path):
    """align: elevenlabs: of a take with known times, words within 120 ms (the stand-in's are a stretched synthesis)."""
    samples, take, _ = say(buy, tmp_path / "take")
    sound.write(tmp_path / "sound.wav", samples)
    (tmp_path / "aligned").mkdir()
    backend = load("align", "elevenlabs")
    result = backend.run({"text": TEXT, "language": "en"}, {"sound": tmp_path / "sound.wav"}, tmp_path / "aligned", buy)
    found = Take.from_json(json.loads(result.files["times"].read_bytes()))
    assert [word.text for word in found.words] == TEXT.split()
    assert max(abs(a.start - b.start) / 48 for a, b in zip(found.words, take.words, strict=True)) < 120
    assert result.facts["samples"] == len(samples) == found.samples
    assert result.facts["match"] > 0.5
    assert abs(float(buy.calls[-1].amount) - len(samples) / 48_000) < 1e-3


def times(text, starts, ends):
    return {"characters": list(text), "character_start_times_seconds": starts, "character_end_times_seconds": ends}


def test_character_times_that_make_no_sense_are_not_believed():
    """Lists of different lengths, before the start, after the end, backwards, not a number, another text."""
    line = characters.sent("one two", {}, False)
    good = [n * 0.1 for n in range(8)]
    assert characters.spans(line, times("one two", good[:7], good[1:]), 1.0) == {
        0: (0.0, pytest.approx(0.3)),
        1: (pytest.approx(0.4), pytest.approx(0.7)),
    }
    for wrong in (
        times("one two", good[:6], good[1:]),
        times("one two", [-1.0, *good[1:7]], good[1:]),
        times("one two", good[:7], [*good[1:7], 9.0]),
        times("one two", [0.6, *good[1:7]], [0.7, *good[2:]]),
        times("one two", [float("nan"), *good[1:7]], good[1:]),
        times("xyz abc", good[:7], good[1:]),
        times("one two", [None, *good[1:7]], good[1:]),
        times([None, *"ne two"], good[:7], good[1:]),
        {},
    ):
        with pytest.raises(characters.Unusable):
            characters.spans(line, wrong, 1.0)


def test_an_answer_that_spells_a_little_otherwise_is_understood():
    """A trimmed end or another quotation mark does not cost the times."""
    line = characters.sent("It’s one, two.", {}, False)
    shown = "it's one, two"
    edges = [n * 0.1 for n in range(len(shown) + 1)]
    found = characters.spans(line, times(shown, edges[:-1], edges[1:]), 2.0)
    assert set(found) == {0, 1, 2}
    assert found[1] == (pytest.approx(0.5), pytest.approx(0.8))
