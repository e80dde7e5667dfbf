"""The mouth, on real speech: what must be seen when each sound is heard."""

import hashlib
import json
import re
import subprocess
import sys
import time
import wave

import numpy as np
import pytest

from talkmill.backends.lipsync.articulation import SHUT, split_symbol
from talkmill.backends.lipsync.mouth import BURST, _events
from talkmill.errors import BackendError
from tests.backends.lipsync.conftest import TEXTS, buzz
from tests.backends.lipsync.speech import RATE

MOUTH = ("open", "width", "round", "tuck", "press", "teeth", "tongue")
TAKES = [
    ("joe", "morning"),
    ("joe", "pearl"),
    ("joe", "robot"),
    ("espeak", "morning"),
    ("espeak", "pearl"),
    ("espeak", "robot"),
]


def at(performance, symbol, name, pick):
    """Mean over the phones of a symbol of the curve about their middle."""
    values = []
    for phone, start, end in performance.request["take"]["phonemes"]:
        if phone and split_symbol(phone) and split_symbol(phone)[0] == symbol and end - start > 0.04 * RATE:
            values.append(pick(performance[name][performance.near((start + end) / 2 / RATE)]))
    return float(np.mean(values))


def aligned(sound, text):
    """An independent opinion: (phone of the CMU dictionary, start, end) in seconds, by pocketsphinx."""
    import soxr
    from pocketsphinx import Decoder

    with wave.open(str(sound)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32)
    data = soxr.resample(samples, RATE, 16000).astype("<i2").tobytes()
    decoder = Decoder(loglevel="FATAL", samprate=16000, bestpath=False)
    decoder.set_align_text(re.sub(r"[^a-z' ]", "", text.lower()))
    for first in (True, False):
        decoder.start_utt()
        decoder.process_raw(data, full_utt=True)
        decoder.end_utt()
        if first:
            decoder.set_alignment()
    return [(p.name, p.start / 100, (p.start + p.duration) / 100) for word in decoder.get_alignment() for p in word]


def closed_share(shut, performance, phones):
    """Share of the p, b and m of an alignment within which a frame is shut."""
    spans = [(start, end) for name, start, end in phones if name in ("P", "B", "M")]
    assert len(spans) > 12
    inside = [(performance.middles - performance.lead >= a) & (performance.middles - performance.lead <= b) for a, b in spans]
    return np.mean([bool(shut[frames].any()) for frames in inside])


@pytest.mark.parametrize(("engine", "text"), TAKES)
def test_the_lips_are_shut_in_every_p_b_and_m(take, perform, engine, text):
    """Each closure has a frame that is pressed shut, at or just before its label (labels of stops are late), and says so."""
    made = perform(take(engine, text))
    spans = [(a, b) for symbol, a, b in made.request["take"]["phonemes"] if set(split_symbol(symbol)) & SHUT]
    assert len(spans) > 10
    for start, end in spans:
        times = made.middles - made.lead
        frames = (times >= start / RATE - 0.06) & (times <= end / RATE + 0.02)
        assert (made["press"][frames] > 0.99).any()
        assert made["open"][frames].min() < 0.01
    assert made.facts["closures"] == made.facts["closures_shut"] == len(spans)


@pytest.mark.parametrize("text", ["morning", "pearl"])
def test_an_independent_aligner_finds_the_lips_shut(take, perform, text):
    """pocketsphinx's p, b and m see shut lips; a mouth that follows loudness alone fails the same measure by far."""
    spoken = take("joe", text)
    made = perform(spoken)
    phones = aligned(spoken[1], TEXTS[text])
    assert closed_share(made.shut, made, phones) >= 0.95
    with wave.open(str(spoken[1])) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768
    padded = np.concatenate([np.zeros(round(made.lead * RATE)), samples, np.zeros(RATE)])
    rms = np.sqrt([np.mean(padded[i * 1600 : (i + 1) * 1600] ** 2) for i in range(made.frames)])
    flapping = np.sqrt(np.minimum(1, rms / np.percentile(rms, 95)))
    assert closed_share(flapping < 0.05, made, phones) < 0.6


@pytest.mark.parametrize("late", [-0.015, 0.0, 0.025, 0.04])
@pytest.mark.parametrize("phase", [0.0, 0.011, 0.022])
def test_a_closure_is_centred_on_the_hold_that_is_heard(make_take, perform, late, phase):
    """However late the label, the lips are shut in the silence that they make; the shut frames' middle lies within 20 ms of its
    middle, or of where up to half a burst nearer to the label is."""
    hold = 0.5 + phase
    sound = buzz(1.0)
    sound[round((hold - 0.03) * RATE) : round((hold + 0.03) * RATE)] *= 0.005
    label = (hold - 0.03 + late, hold + 0.03 + late)
    made = perform(make_take([("a", 0.0, label[0]), ("b", *label), ("a", label[1], 1.0)], sound))
    shut = made.middles[made["press"] > 0.99] - made.lead
    assert 1 <= len(shut) <= 3
    assert abs(shut.mean() - hold - min(max(late, -BURST), BURST)) <= 0.020
    assert made["press"][int(np.argmin(np.abs(made.middles - made.lead - hold)))] > 0.95
    assert made["open"][made.near(hold - 0.2)].max() > 0.4


@pytest.mark.parametrize("fps", [24, 25, 30, 50, 60])
def test_a_short_closure_between_open_vowels_is_seen_at_every_frame_rate(make_take, perform, fps):
    """A label of 20 ms is shorter than a frame and still gives a shut one."""
    phones, now = [], 0.0
    for _ in range(12):
        phones += [("ɑ", now, now + 0.13), ("p", now + 0.13, now + 0.15)]
        now += 0.15
    made = perform(make_take(phones, buzz(now)), fps=fps)
    assert made.facts["closures_shut"] == made.facts["closures"] == 12
    assert np.count_nonzero(np.diff((made["press"] > 0.99).astype(int)) == 1) == 12  # and the vowels part them


def test_an_event_shorter_than_a_frame_still_has_one():
    """Whatever the phase of the frames, the nearest one shows it wholly."""
    middles = (np.arange(24) + 0.5) / 12
    for phase in np.linspace(0, 1 / 12, 9):
        seen = _events([(1.0 + phase, 1.01 + phase)], middles, hold=0.005)
        assert seen.max() == 1
        assert abs(middles[np.argmax(seen)] - 1.005 - phase) <= 0.5 / 12 + 1e-9


def test_vowels_open_the_mouth_in_the_order_of_the_jaw(make_take, perform):
    """Open: aa > O > E > I > shut, held long enough to be pure and equally loud."""
    opens = []
    for vowel in ("a", "ɔ", "ɛ", "i", "m"):
        made = perform(make_take([(vowel, 0.1, 0.9)], np.concatenate([np.zeros(4800), buzz(0.8), np.zeros(4800)])))
        opens.append(made["open"][made.near(0.5)].mean())
    assert opens == sorted(opens, reverse=True)
    assert min(np.diff(opens) * -1) > 0.08
    assert opens[0] > 0.85
    assert opens[-1] == 0


@pytest.mark.parametrize(("engine", "text"), TAKES)
def test_lips_round_spread_and_tuck_where_the_sounds_do(take, perform, engine, text):
    """In running speech: round in o, u and w, wide in i, tucked in f and v, tongue out in th; and none of it elsewhere."""
    made = perform(take(engine, text))
    assert at(made, "w" if text == "robot" else "o", "round", np.max) > 0.55
    assert at(made, "i", "width", np.max) > 0.5
    assert at(made, "i", "round", np.min) < 0.15
    assert at(made, "f", "tuck", np.max) > 0.85
    assert at(made, "i", "tuck", np.min) < 0.1
    assert at(made, "ð" if text != "robot" else "l", "tongue", np.max) > (0.6 if text != "robot" else 0.35)
    assert at(made, "i", "open", np.mean) < at(made, "æ", "open", np.max)


@pytest.mark.parametrize(("engine", "text"), TAKES)
def test_the_mouth_is_still_and_shut_in_silence(take, perform, engine, text):
    """In at least 97 % of the frames around which nothing is heard for 100 ms nothing moves, and the mouth is shut."""
    spoken = take(engine, text)
    made = perform(spoken)
    with wave.open(str(spoken[1])) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768
    lead = round(made.lead * RATE)
    padded = np.concatenate([np.zeros(lead + 4800), samples, np.zeros(RATE)])
    windows = [padded[i * 1600 : i * 1600 + 1600 + 9600] for i in range(made.frames)]  # the frame and 100 ms around it
    limit = 0.01 * np.abs(samples).max()
    silent = np.array([np.abs(window).max() < limit for window in windows])
    assert silent.sum() >= 10
    visible = [made[name] for name in ("open", "width", "round", "tuck", "press")]
    moves = np.max([np.abs(np.diff(curve, prepend=curve[0])) for curve in visible], axis=0)
    assert np.mean(moves[silent] < 0.02) >= 0.97
    assert np.mean(made["open"][silent] < 0.05) >= 0.97
    assert made.facts["still"] >= 0.97


@pytest.mark.parametrize(("engine", "text"), TAKES[:4])
def test_nothing_pops(take, perform, engine, text):
    """The jaw moves less than 0.45 a frame at 30 frames a second, but where lips or teeth shut it."""
    made = perform(take(engine, text))
    quiet = (made["press"] < 0.02) & (made["tuck"] < 0.02)
    free = quiet[1:] & quiet[:-1]
    assert np.abs(np.diff(made["open"]))[free].max() < 0.45
    assert np.percentile(made["open"][made["open"] > 0.05], 50) > 0.2  # and yet it speaks
    assert made["open"].max() > 0.75


@pytest.mark.parametrize("emotion", ["neutral", "happy", "sad", "angry", "surprised", "tender"])
@pytest.mark.parametrize("lead", [0, 8])
def test_every_curve_rests_at_both_ends(take, perform, emotion, lead):
    """First and last frame are 0 in every curve, and every value is within its bounds."""
    spoken = take("joe", "robot")
    frames = lead + int(spoken[0]["samples"] / 1600) - 6  # the last sounds are cut off by the segment's end
    made = perform(spoken, emotion=emotion, lead=lead, frames=frames)
    for name, curve in made.curves.items():
        assert len(curve) == frames
        assert curve[0] == curve[-1] == 0, name
        low = 0 if name in ("open", "round", "tuck", "press", "teeth", "tongue", "blink") else -1
        assert curve.min() >= low
        assert curve.max() <= 1
        assert np.array_equal(curve, np.round(curve, 4))


def test_a_take_that_comes_later_gives_the_same_mouth(take, perform):
    """Two seconds more of lead move every mouth curve by two seconds and change nothing in it."""
    spoken = take("joe", "morning")
    early, late = perform(spoken, lead=8), perform(spoken, lead=68)
    for name in MOUTH:
        assert np.array_equal(early[name], late[name][60:]), name
        assert not late[name][:60].any()


def test_phonemes_moved_against_the_lead_give_the_same_curves(make_take, perform):
    """Two seconds of silence in the take or in the lead are the same segment: every curve is identical."""
    phones = [("b", 0.1, 0.17), ("a", 0.17, 0.5), ("m", 0.5, 0.6), ("i", 0.6, 0.9)]
    sound = np.concatenate([np.zeros(4800), buzz(0.8), np.zeros(24000)])
    moved = [(symbol, start + 2, end + 2) for symbol, start, end in phones]
    one = perform(make_take(phones, sound), lead=68, frames=130)
    two = perform(make_take(moved, np.concatenate([np.zeros(2 * RATE), sound])), lead=8, frames=130)
    assert one.bytes == two.bytes


def test_shift_moves_the_curves_against_the_times(take, perform):
    """`shift` of -100 ms is three frames earlier at 30 frames a second, but for what hangs on the sound."""
    spoken = take("espeak", "pearl")
    plain, early = perform(spoken), perform(spoken, shift=-100)
    assert np.corrcoef(plain["round"][3:], early["round"][:-3])[0, 1] > 0.99


def test_strength_scales_the_articulation_and_never_a_closure(take, perform):
    """Open, width and round grow with `sync_strength`; press stays as it is."""
    spoken = take("joe", "pearl")
    weak, full = perform(spoken, sync_strength=0.5), perform(spoken, sync_strength=1.0)
    strong = perform(spoken, sync_strength=1.2)
    assert np.array_equal(weak["press"], full["press"])
    assert np.array_equal(full["press"], strong["press"])
    assert weak["open"].sum() < 0.6 * full["open"].sum()
    assert full["open"].sum() < strong["open"].sum()
    assert strong.facts["closures_shut"] == strong.facts["closures"]
    nothing = perform(spoken, sync_strength=0.0)
    assert not nothing["open"].any()


def test_louder_speech_opens_the_mouth_wider(make_take, perform):
    """The same vowel, half of it 20 dB softer, opens less there."""
    sound = buzz(2.0)
    sound[RATE:] *= 0.1
    made = perform(make_take([("a", 0.0, 2.0)], sound))
    assert made["open"][made.near(0.5)].mean() > made["open"][made.near(1.5)].mean() + 0.25


def test_the_same_request_gives_the_same_bytes_in_fresh_processes(take, perform, tmp_path):
    """Whatever the hash seed and the number of threads."""
    spoken = take("joe", "robot")
    made = perform(spoken, emotion="happy")
    code = (
        "import json, pathlib, sys\n"
        "from talkmill.backends import load\n"
        "request = json.loads(pathlib.Path(sys.argv[1]).read_text())\n"
        "load('lipsync', 'viseme').run(request, {'sound': pathlib.Path(sys.argv[2])}, pathlib.Path(sys.argv[3]))\n"
    )
    (tmp_path / "request.json").write_text(json.dumps(made.request))
    digests = {hashlib.sha256(made.bytes).hexdigest()}
    for seed in ("1", "2"):
        out = tmp_path / seed
        out.mkdir()
        environment = {"PYTHONHASHSEED": seed, "OPENBLAS_NUM_THREADS": seed, "PYTHONPATH": ":".join(p for p in sys.path if p)}
        command = [sys.executable, "-c", code, str(tmp_path / "request.json"), str(spoken[1]), str(out)]
        subprocess.run(command, check=True, env=environment, timeout=60)
        digests.add(hashlib.sha256((out / "curves.json").read_bytes()).hexdigest())
    assert len(digests) == 1


def test_importing_the_backend_is_cheap():
    """Nothing heavy comes in before `run`."""
    code = (
        "import sys, talkmill.backends.lipsync.viseme as module\n"
        "module.Viseme()\n"
        "print([name for name in ('numpy', 'openfacefx') if name in sys.modules])"
    )
    environment = {"PYTHONPATH": ":".join(p for p in sys.path if p)}
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, env=environment, timeout=60)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("frames", [1, 2, 3])
def test_the_shortest_segments_are_at_rest(make_take, perform, frames):
    """A segment of one frame is a face at rest."""
    made = perform(make_take([("a", 0.0, 0.1)], buzz(0.1)), lead=0, frames=frames)
    assert made.frames == frames
    assert all(curve[0] == curve[-1] == 0 for curve in made.curves.values())


def test_a_take_without_phonemes_keeps_the_mouth_shut(make_take, perform):
    """Nothing said: the mouth rests, the face still lives."""
    made = perform(make_take([], np.zeros(4 * RATE)))
    assert not any(made[name].any() for name in MOUTH)
    assert made["blink"].max() == 1
    assert made.facts == {"frames": made.frames, "closures": 0, "closures_shut": 0, "still": 1.0}


def test_a_minute_of_speech_is_made_in_no_time(take, perform):
    """60 s of real speech take less than a second of the processor."""
    times, path = take("joe", "morning")
    with wave.open(str(path)) as file:
        data = file.readframes(file.getnframes())
    copies = int(60 * RATE / times["samples"]) + 1
    long = {
        "samples": copies * times["samples"],
        "words": [[w, a + i * times["samples"], b + i * times["samples"]] for i in range(copies) for w, a, b in times["words"]],
        "phonemes": [
            [p, a + i * times["samples"], b + i * times["samples"]] for i in range(copies) for p, a, b in times["phonemes"]
        ],
    }
    sound = path.parent / "long.wav"
    with wave.open(str(sound), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(data * copies)
    started = time.process_time()
    made = perform((long, sound))
    assert time.process_time() - started < 1.0
    assert made.frames > 1800
    assert made.facts["closures_shut"] == made.facts["closures"] > 80


def test_a_sound_that_is_not_a_take_is_refused(make_take, perform, tmp_path):
    """Another rate and a file that is no WAV are named with what was found."""
    times, _ = make_take([("a", 0.0, 0.5)], buzz(0.5))
    other = tmp_path / "other.wav"
    with wave.open(str(other), "wb") as file:
        file.setparams((2, 2, 44100, 0, "NONE", ""))
        file.writeframes(bytes(400))
    with pytest.raises(BackendError, match="44100 Hz, 2 channels"):
        perform((times, other))
    other.write_text("not a sound")
    with pytest.raises(BackendError, match="not a readable WAV"):
        perform((times, other))


def test_smoothing_slows_the_mouth_and_parts_no_closure(take, perform):
    """At 1 the mouth moves less from frame to frame, and every p, b and m still shuts it; strength scales the opening."""
    spoken = take("piper", "pearl")
    crisp, lazy, small = perform(spoken), perform(spoken, temporal_smoothing=1.0), perform(spoken, sync_strength=0.6)

    def quick(made):
        return np.abs(np.diff(made["width"])).mean()

    assert quick(lazy) < 0.75 * quick(crisp)
    assert small["open"].max() < 0.75 * crisp["open"].max()
    for made in (crisp, lazy, small):
        assert made.facts["closures_shut"] == made.facts["closures"] > 0
