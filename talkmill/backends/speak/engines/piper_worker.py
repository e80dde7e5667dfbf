"""A program of its own that speaks with Piper. It imports nothing of Talkmill and is never imported by it.

Piper and its embedded espeak-ng are GPL-3.0-or-later; this file is the only one that loads them, and it runs in its own
process. It reads one JSON request a line on standard input and answers each with one JSON line on standard output::

    {"model": path, "config": path, "out": path, "sentences": [[word, ...], ...],
     "speaker": int | null, "length_scale": float, "noise_scale": float, "seed": int}
    -> {"rate": Hz, "sentences": [{"parts": [{"samples": n, "tokens": [[symbol, n], ...]}, ...],
                                                    "words": [[symbol, ...], ...]}, ...]}
    -> {"error": what is wrong, "cure": what to do}

`out` receives the float32 sound of all parts, one after the other, as .npy. `words` are the symbols of every word spoken by
itself; whoever asked finds the words in `tokens` with them.
"""

import contextlib
import io
import itertools
import json
import sys
import unicodedata

import numpy as np


class Refused(Exception):
    """The request cannot be done: (what is wrong, what to do)."""


class Voice:
    """A Piper model whose noise is an input, so that equal requests give equal bytes whatever was spoken before."""

    def __init__(self, model: str, config: str) -> None:
        import onnx
        import onnxruntime
        from piper.config import PiperConfig
        from piper.voice import PiperVoice

        try:
            with open(config, encoding="utf-8") as file:
                facts = PiperConfig.from_dict(json.load(file))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise Refused(
                f"the voice's settings cannot be read ({config}: {type(error).__name__}: {error})",
                "Put the .onnx.json that came with the voice beside the .onnx file",
            ) from None
        try:
            graph = onnx.load(model)
            self.noises = expose(graph)
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads, options.inter_op_num_threads = 2, 1  # sums in one order, whatever the machine has
            options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # others want the core
            options.log_severity_level = 3
            session = onnxruntime.InferenceSession(graph.SerializeToString(), options, providers=["CPUExecutionProvider"])
        except Refused:
            raise
        except Exception as error:  # onnx and onnxruntime raise classes of their own for a broken file
            first = str(error).strip().splitlines()[0][:160] if str(error).strip() else ""
            raise Refused(
                f"the voice's model cannot be loaded ({model}: {type(error).__name__}: {first})",
                "Fetch the .onnx file again; it has to be a Piper voice",
            ) from None
        self.piper = PiperVoice(session=session, config=facts)

    def symbols(self, text: str) -> list[list[str]]:
        """Piper's symbols, a list for each sentence that its phonemiser sees."""
        return [part for part in self.piper.phonemize(text) if part]

    def known(self, symbols: list[str]) -> list[str]:
        """The symbols that the model has ids for."""
        return [symbol for symbol in symbols if symbol in self.piper.config.phoneme_id_map]

    def sound(self, symbols: list[str], request: dict) -> tuple[np.ndarray, list[tuple[str, int]]]:
        """Float32 sound of one sentence, and how many samples each symbol has (with the pad that follows it)."""
        config = self.piper.config
        symbols = self.known(symbols)
        ids = self.piper.phonemes_to_ids(symbols)
        pad = len(config.phoneme_id_map.get("_", []))
        counts = [len(config.phoneme_id_map["^"]) + pad]
        counts += [len(config.phoneme_id_map[symbol]) + pad for symbol in symbols]
        counts += [len(config.phoneme_id_map["$"])]
        if sum(counts) != len(ids):
            raise Refused("the voice's symbols and its ids do not agree", "Use a Piper voice made for piper 1.2 or later")
        feeds = {
            "input": np.array([ids], np.int64),
            "input_lengths": np.array([len(ids)], np.int64),
            "scales": np.array([request["noise_scale"], request["length_scale"], config.noise_w_scale], np.float32),
        }
        if config.num_speakers > 1:
            speaker = config.default_speaker_id if request["speaker"] is None else request["speaker"]
            feeds["sid"] = np.array([speaker], np.int64)
        audio, widths = self._run(feeds, request["seed"], room=int(8 * len(ids) * max(request["length_scale"], 0.5)) + 64)
        samples = np.round(widths * config.hop_length).astype(np.int64)
        bounds = np.concatenate([[0], np.cumsum(counts)])
        lengths = [int(samples[a:b].sum()) for a, b in itertools.pairwise(bounds)]
        if sum(lengths) != len(audio):
            raise Refused("the voice's durations and its sound do not agree", "Use another Piper voice")
        return audio, list(zip(["^", *symbols, "$"], lengths, strict=True))

    def _run(self, feeds: dict, seed: int, room: int) -> tuple[np.ndarray, np.ndarray]:
        import onnxruntime

        for attempt in range(5):
            length = room * 2**attempt
            for number, (name, channels) in enumerate(self.noises):
                # RandomState's stream is frozen by numpy; drawn frame by frame so that the room does not change it
                draw = np.random.RandomState([seed & 0xFFFFFFFF, (seed >> 32) & 0xFFFFFFFF, number])
                feeds[name] = np.ascontiguousarray(draw.standard_normal((length, channels)).astype(np.float32).T[None])
            try:
                audio, widths = self.piper.session.run(None, feeds)[:2]
            except onnxruntime.capi.onnxruntime_pybind11_state.RuntimeException:
                continue  # more frames than there was noise for
            return np.clip(audio.squeeze(), -1, 1).astype(np.float32), widths.squeeze()
        raise Refused("the voice makes no end of one sentence", "Use another Piper voice")


def expose(graph) -> list[tuple[str, int]]:
    """Make the durations an output and every noise an input, in memory; gives (input's name, channels).

    Piper's graphs draw noise in RandomNormalLike nodes, (1, channels, time); onnxruntime seeds those once a session, so a
    second sentence would depend on the first.
    """
    from onnx import TensorProto, helper
    from piper.patch_voice_with_alignment import add_alignment_output

    with contextlib.suppress(ValueError):  # the file was patched already
        add_alignment_output(graph)
    if len(graph.graph.output) < 2:
        raise Refused("the voice gives no durations", "Use a Piper voice (VITS) exported by piper 1.2 or later")
    channels = noise_channels(graph)
    found = []
    nodes = []
    for node in graph.graph.node:
        if node.op_type not in ("RandomNormalLike", "RandomNormal", "RandomUniform", "RandomUniformLike", "Multinomial"):
            nodes.append(node)
            continue
        if node.op_type != "RandomNormalLike" or len(found) == len(channels):
            raise Refused(f"the voice draws chance in a way that cannot be seeded ({node.op_type})", "Use another Piper voice")
        number = len(found)
        name = f"talkmill_noise_{number}"
        graph.graph.input.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, channels[number], None]))
        for part, values in (("from", [0]), ("axis", [2])):
            graph.graph.initializer.append(helper.make_tensor(f"{name}_{part}", TensorProto.INT64, [1], values))
        shape, last = f"{name}_shape", f"{name}_last"
        nodes.append(helper.make_node("Shape", [node.input[0]], [shape], name=shape))
        nodes.append(helper.make_node("Gather", [shape, f"{name}_axis"], [last], name=last, axis=0))
        slots = [name, f"{name}_from", last, f"{name}_axis"]
        nodes.append(helper.make_node("Slice", slots, [node.output[0]], name=f"{name}_cut"))
        found.append((name, channels[number]))
    del graph.graph.node[:]
    graph.graph.node.extend(nodes)
    return found


def noise_channels(graph) -> list[int]:
    """Channels of each noise, in the graph's order: 2 for the duration predictor's, the latent's width for the other."""
    latent = None
    for tensor in graph.graph.initializer:  # the flow's first layer mixes half of the latent's channels
        if tensor.name.endswith("flow.flows.0.pre.weight"):
            latent = tensor.dims[1] * 2
    found = []
    for node in graph.graph.node:
        if node.op_type == "RandomNormalLike":
            found.append(2 if "/dp/" in node.name or "dp/" in node.input[0] else latent or 192)
    return found


VOICES: dict[tuple[str, str], Voice] = {}


def speak(request: dict) -> dict:
    """Answer one request."""
    key = (request["model"], request["config"])
    if key not in VOICES:
        VOICES.clear()  # one model in memory is enough
        VOICES[key] = Voice(*key)
    voice = VOICES[key]
    config = voice.piper.config
    sounds, sentences = [], []
    for words in request["sentences"]:
        parts = []
        for symbols in voice.symbols(" ".join(words)):
            audio, tokens = voice.sound(symbols, request)
            sounds.append(audio)
            parts.append({"samples": len(audio), "tokens": tokens})
        alone = [[s for part in voice.symbols(word) for s in voice.known(part)] for word in words]
        sentences.append({"parts": parts, "words": alone})
    np.save(request["out"], np.concatenate(sounds) if sounds else np.zeros(0, np.float32))
    return {"rate": config.sample_rate, "sentences": sentences}


def main() -> None:
    """Answer requests until standard input ends. What libraries print goes to standard error."""
    answers = sys.stdout
    sys.stdout = sys.stderr
    for line in io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8"):
        request = json.loads(line)
        request["sentences"] = [[unicodedata.normalize("NFC", word) for word in words] for words in request["sentences"]]
        try:
            answer = speak(request)
        except Refused as refused:
            answer = {"error": refused.args[0], "cure": refused.args[1]}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
