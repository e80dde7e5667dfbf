"""What the neural engines that run as their own process have in common."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from talkmill.backends import JSON, Result
from talkmill.backends.speak import take, text
from talkmill.backends.speak.process import Worker


def speak(worker: Worker, question: Mapping[str, Any], request: Mapping[str, JSON], late: float, workdir: Path) -> Result:
    """Speak `request["text"]` through `worker`, sentence by sentence, and write the take.

    Args:
        worker: the engine.
        question: what it is asked besides `sentences` and `out`.
        request: `text`, `language` and `effects`.
        late: the engine's lateness in seconds (see `edges.refine`).
        workdir: where the files go.

    Raises:
        BackendError: nothing in the text can be spoken, or the engine refused.
    """
    import numpy as np

    words = text.written(request["text"])
    said = [text.spoken(word, request["language"]) for word in words]
    text.require_speakable(worker.engine, request["text"], said)
    groups = [[index for index in group if said[index]] for group in text.sentences(said)]
    groups = [group for group in groups if group]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "sound.npy"
        sentences = [[said[index] for index in group] for group in groups]
        answer = worker.ask({**question, "sentences": sentences, "out": str(out)})
        raw = np.load(out)
    speech = take.Speech(answer["rate"], late, request.get("effects") or {})
    taken = 0
    for group, sentence in zip(groups, answer["sentences"], strict=True):
        parts = []
        for part in sentence["parts"]:
            parts.append((raw[taken : taken + part["samples"]], [tuple(token) for token in part["tokens"]]))
            taken += part["samples"]
        speech.sentence(parts, list(zip(group, sentence["words"], strict=True)))
    return take.finish(speech, words, workdir)
