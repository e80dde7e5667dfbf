"""speak: hibari. A small neural voice for English, a hundred times faster than it speaks, without espeak."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from talkmill.backends import JSON, Result
from talkmill.backends.speak import take, text
from talkmill.errors import BackendError, PrerequisiteError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

UNIT = 600
"""Samples at 24 kHz of one unit of duration (two frames of the vocoder)."""

LATE = 0.045
"""Seconds by which the durations are late: 55 ms against pocketsphinx, less the aligner's own 5 to 10; vowels are loudest
50 ms and plosives quietest 40 ms before their labels."""

IPA = {"A": "eɪ", "I": "aɪ", "O": "oʊ", "W": "aʊ", "Y": "ɔɪ", "Q": "əʊ", "T": "ɾ", "ʤ": "dʒ", "ʧ": "tʃ", "ᵊ": "ə", "ᵻ": "ɪ"}
"""The model's own letters, in IPA."""


class Hibari:
    """Hibari's voice `heart` (American English, a woman; Apache-2.0, distilled from Kokoro-82M's af_heart).

    Another voice of Hibari's is given as input `model`, its .onnx file.
    Request: `text`, `language`, `model`, `effects`, `seed`.
    """

    name: ClassVar[str] = "hibari"
    version: ClassVar[int] = 1
    licence: ClassVar[str] = "Apache-2.0"
    packages: ClassVar[tuple[str, ...]] = ("hibari-tts", "onnxruntime", "numpy", "scipy", "soxr", "pyworld-prebuilt")

    def __init__(self) -> None:
        self._loaded: tuple[str, Any] | None = None

    @classmethod
    def cannot(cls, options: Mapping[str, JSON], language: str, settings: Mapping[str, JSON] | None = None) -> str | None:
        """Why this voice does not speak the language; None where it does."""
        return None if language.split("-")[0] == "en" else "speaks English only"

    def close(self) -> None:
        """Let the model go; the next `run` loads it again."""
        self._loaded = None

    def run(self, request: Mapping[str, JSON], inputs: Mapping[str, Path], workdir: Path) -> Result:
        """Speak one utterance.

        Raises:
            BackendError: nothing in the text can be spoken, the text is not English, the voice's file is unusable.
        """
        if why := self.cannot(request, request["language"]):
            raise BackendError(
                f"speak: hibari: it {why} (the text is {request['language']!r}). "
                "Give the character a voice for that language under `voices`, for example `backend: espeak`."
            )
        engine = self._engine(request, inputs)
        words = text.written(request["text"])
        said = [text.spoken(word) for word in words]
        text.require_speakable(self.name, request["text"], said)
        effects = request.get("effects") or {}
        speech = take.Speech(engine.sample_rate, LATE, effects)
        for number, group in enumerate(text.sentences(said)):
            spoken = [index for index in group if said[index]]
            parts = engine.phonemize(" ".join(said[index] for index in spoken))
            seeds = [(request.get("seed", 0), number, place) for place in range(len(parts))]
            sounds = [_part(engine, part, effects.get("pace", 1), seed) for part, seed in zip(parts, seeds, strict=True)]
            alone = ["".join(engine.phonemize(said[index])) for index in spoken]
            speech.sentence(sounds, [(index, [*"".join(map(_ipa, s))]) for index, s in zip(spoken, alone, strict=True)])
        return take.finish(speech, words, workdir)

    def _engine(self, request: Mapping[str, JSON], inputs: Mapping[str, Path]) -> Any:
        """The loaded voice, with its durations as a further output."""
        try:
            import hibari.tts
            import onnx
            from hibari import dsp
        except ModuleNotFoundError as error:
            raise PrerequisiteError(
                f"speak: hibari: a package is not installed ({error.name}). Install Talkmill again with its dependencies."
            ) from None
        if dsp.FFT_BACKEND != "scipy":  # without it the sound differs in its last bits
            raise PrerequisiteError("speak: hibari: scipy is not installed. Install Talkmill again with its dependencies.")
        path = inputs.get("model", Path(hibari.tts.ASSETS) / "hibari.onnx")
        if "model" not in inputs and request.get("model", "heart") != "heart":
            raise BackendError(
                f"speak: hibari: no voice of that name ({request['model']!r}). "
                "Write `heart`, or the path of a .onnx file of Hibari's in the project."
            )
        if self._loaded and self._loaded[0] == str(path):
            return self._loaded[1]
        try:
            graph = onnx.load(str(path))
            made = {name: node for node in graph.graph.node for name in node.output}
            total = next(node for node in graph.graph.node if node.op_type == "CumSum")
            durations = made[total.input[0]].input[0]  # CumSum <- Cast <- Clip: whole units for every symbol
            graph.graph.output.append(onnx.helper.make_tensor_value_info(durations, onnx.TensorProto.FLOAT, None))
            engine = hibari.tts.Hibari(model=graph.SerializeToString(), threads=1)
        except Exception as error:  # onnx and onnxruntime raise classes of their own for a broken file
            first = (str(error).strip().splitlines() or [""])[0][:160]
            raise BackendError(
                f"speak: hibari: the voice's model cannot be loaded ({path}: {type(error).__name__}: {first}). "
                "Fetch the file again; it has to be a voice of Hibari's."
            ) from None
        self._loaded = (str(path), engine)
        return engine


def _part(engine: Any, part: str, pace: float, seed: tuple[int, ...]) -> take.Part:
    """Sound of one sentence and its symbols' lengths in samples."""
    import numpy as np
    from hibari import dsp

    symbols = [symbol for symbol in part if symbol in engine.vocab]
    feeds = {"ids": np.array([engine.ids(part)], np.int64), "speed": np.array([pace], np.float32)}
    *spectrum, units = engine.sess.run(None, feeds)
    # RandomState's stream is frozen by numpy; dsp asks for a Generator's method only
    noise = _Noise(np.random.RandomState([number & 0xFFFFFFFF for number in seed]))
    audio = dsp.synth(*(table[0] for table in spectrum), noise)
    lengths = [float(unit) * UNIT for unit in units.ravel()]
    if len(lengths) != len(symbols) + 2 or sum(lengths) != len(audio):
        raise BackendError("speak: hibari: durations and sound do not agree. Use a voice of hibari-tts 0.2.")
    tokens = []
    for symbol, length in zip(["^", *symbols, "$"], lengths, strict=True):
        letters = _ipa(symbol)
        tokens.extend((letter, length / len(letters)) for letter in letters)
    return audio, tokens


def _ipa(symbol: str) -> str:
    return IPA.get(symbol, symbol)


class _Noise:
    """What `dsp.synth` asks of a numpy Generator, drawn from a frozen stream."""

    def __init__(self, stream: np.random.RandomState) -> None:
        self._stream = stream

    def standard_normal(self, size: tuple[int, ...], dtype: type) -> NDArray[np.float32]:
        return self._stream.standard_normal(size).astype(dtype)
