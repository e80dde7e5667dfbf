"""A program of its own that speaks with espeak-ng. It imports nothing of Talkmill and is never imported by it.

espeak-ng (GPL-3.0-or-later) is loaded here only, from the package espeakng-loader. Its noise goes on from one text to the
next, so the program answers one request and ends. It reads one JSON line on standard input and writes one on standard
output::

    {"voice": str, "names": {language tag: espeak-ng's}, "text": str, "out": path, "rate": words a minute, "pitch": 0..99}
    -> {"rate": Hz, "samples": n, "phonemes": [[symbol, sample], ...], "words": [[character, sample], ...]}
    -> {"error": what is wrong, "cure": what to do}

`out` receives the sound as int16 samples without a header. A phoneme lasts until the next one; `""` is silence.
`character` counts from 0.
"""

import ctypes
import difflib
import json
import sys
from pathlib import Path

import espeakng_loader

SYNCHRONOUS, UTF8, CHARACTERS = 2, 1, 1
PHONEME_EVENTS, IPA, DO_NOT_EXIT = 0x0001, 0x0002, 0x8000
RATE, PITCH = 1, 3
WORD, PHONEME = 1, 7


class Identity(ctypes.Union):
    """What an event is about."""

    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class Event(ctypes.Structure):
    """espeak_EVENT."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", Identity),
    )


class VoiceFacts(ctypes.Structure):
    """espeak_VOICE."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("languages", ctypes.c_void_p),
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("xx1", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    )


CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(Event))
library = ctypes.CDLL(espeakng_loader.get_library_path())
library.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(VoiceFacts))


def tags() -> dict[str, str]:
    """Language tags that espeak-ng has a voice for, and the voice's identifier."""
    found: dict[str, str] = {}
    voices = library.espeak_ListVoices(None)
    place = 0
    while voices[place]:
        at = voices[place].contents.languages
        while ctypes.string_at(at, 1) != b"\0":  # a list of: one byte of priority, the tag, a zero
            tag = ctypes.string_at(at + 1)
            found.setdefault(tag.decode(), voices[place].contents.identifier.decode())
            at += len(tag) + 2
        place += 1
    return found


def choose(voice: str, names: dict[str, str]) -> str | None:
    """espeak-ng's name for `voice`: a language tag (BCP 47) or one of its own names, with "+variant" or without."""
    base, plus, variant = voice.partition("+")
    known = {tag.lower(): identifier for tag, identifier in tags().items()}
    parts = [part for part in base.lower().replace("_", "-").split("-") if not (len(part) == 4 and part.isalpha())]
    while parts:
        tag = "-".join(parts)
        tag = names.get(tag, tag)
        if tag in known and library.espeak_SetVoiceByName((known[tag] + plus + variant).encode()) == 0:
            return tag
        parts.pop()
    if library.espeak_SetVoiceByName(voice.encode()) == 0:
        return base
    return None


def speak(request: dict) -> dict:
    """Answer one request."""
    data = str(espeakng_loader.get_data_path())
    rate = library.espeak_Initialize(SYNCHRONOUS, 0, data.encode(), PHONEME_EVENTS | IPA | DO_NOT_EXIT)
    if rate <= 0:
        return {"error": "the engine's data cannot be loaded", "cure": "Install the package espeakng-loader again"}
    sound = bytearray()
    phonemes: list[tuple[str, int]] = []
    words: list[tuple[int, int]] = []

    def collect(wave, count, events):
        if wave and count > 0:
            sound.extend(ctypes.string_at(wave, 2 * count))
        place = 0
        while events[place].type:
            event = events[place]
            if event.type == PHONEME:
                symbol = bytes(event.id.string).split(b"\0")[0].decode("utf-8", "ignore")
                if not symbol.startswith("("):  # "(en)": a word of another language begins or ends
                    phonemes.append((symbol, event.sample))
            elif event.type == WORD:
                words.append((event.text_position - 1, event.sample))
            place += 1
        return 0

    callback = CALLBACK(collect)
    library.espeak_SetSynthCallback(callback)
    variants = sorted(file.name for file in (Path(data) / "voices" / "!v").iterdir())
    variant = request["voice"].partition("+")[2]
    if variant and variant not in variants:
        near = difflib.get_close_matches(variant, variants, n=4, cutoff=0.3) or ["f1", "f2", "m1", "m3"]
        return {
            "error": f"no variant of that name ({variant!r} in {request['voice']!r})",
            "cure": f"Near ones are {', '.join(near)}; correct `voice`",
        }
    name = choose(request["voice"], request["names"])
    if name is None:
        known = sorted(tags())
        near = difflib.get_close_matches(request["voice"].lower().partition("+")[0], known, n=4, cutoff=0.3) or known[:8]
        return {
            "error": f"no voice of that name or language ({request['voice']!r})",
            "cure": f"Near ones are {', '.join(near)}; correct `voice` or the episode's language",
        }
    library.espeak_SetParameter(RATE, request["rate"], 0)
    library.espeak_SetParameter(PITCH, request["pitch"], 0)
    text = request["text"].encode()
    failed = library.espeak_Synth(text, len(text) + 1, 0, CHARACTERS, 0, UTF8, None, None)
    if failed:
        return {"error": f"the engine refused the text (code {failed})", "cure": "Shorten the text"}
    with open(request["out"], "wb") as file:
        file.write(sound)
    return {"rate": rate, "samples": len(sound) // 2, "phonemes": phonemes, "words": words, "voice": name}


def main() -> None:
    """Answer one request."""
    line = sys.stdin.buffer.readline().decode()
    sys.stdout.write(json.dumps(speak(json.loads(line))) + "\n")


if __name__ == "__main__":
    main()
