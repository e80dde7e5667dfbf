"""What each embedded backend makes for a fixed request: `python -m tests.backends.golden --write` renews golden.json."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from talkmill.backends import load
from talkmill.backends.portray import drawings
from talkmill.store import digest, file_digest
from tests.backends.lipsync import filmed

STORED = Path(__file__).with_name("golden.json")

TAKE = filmed.TAKE
PIP_FOLDER = Path(__file__).parents[2] / "characters/pip"
PIP = {"mouths": None, "twos": False, "anchors": {}, "creator": None, "licence": None}
CAPTIONS = {
    "fps": 30,
    "frames": 60,
    "language": "en",
    "words": [["Bob", 14_400, 28_800, 0], ["may", 28_800, 43_200, 0], ["fly.", 43_200, 55_200, 0]],
    "speakers": ["bob"],
    "styles": {},
    "formats": ["vertical"],
}


def tone(path: Path) -> Path:
    """One second of a rising tone with silence at both ends, 48 kHz mono."""
    import numpy as np

    from talkmill.media import sound

    time = np.arange(48_000) / 48_000
    wave = 0.3 * np.sin(2 * np.pi * (180 * time + 400 * time**2)) * np.clip(8 * np.minimum(time - 0.1, 0.95 - time), 0, 1)
    sound.write(path, wave.astype(np.float32))
    return path


def picture(path: Path) -> Path:
    """A see-through gradient."""
    import numpy as np
    from PIL import Image

    y, x = np.mgrid[0:96, 0:128]
    Image.fromarray(np.dstack([x, y, x + y, 255 - y]).astype(np.uint8), "RGBA").save(path)
    return path


SAID = "Good morning, my friends, the bread is warm."


def said(folder: Path) -> Path:
    """A recording: espeak's own sound, which is the same to the byte everywhere."""
    workdir = folder / "said"
    workdir.mkdir()
    return load("speak", "espeak").run({"text": SAID, "language": "en", "seed": 1}, {}, workdir).files["sound"]


def requests(folder: Path) -> dict[tuple[str, str], tuple[Mapping[str, Any], Mapping[str, Path]]]:
    """(verb, backend) -> (request, inputs)."""
    sound = tone(folder / "tone.wav")
    text = {"text": "Bob may fly.", "language": "en", "seed": 1}
    film, track = filmed.clip(folder)
    segment = filmed.request(film)
    under = {"clip": film.facts, "source": film.facts, "play": "there_and_back", "start": 0, "face": 0, "mouth_box": None}
    return {
        ("portray", "avatar"): ({"style": "toon-head", "seed": "golden", "traits": {}}, {}),
        ("portray", "sheet"): (PIP, {name: PIP_FOLDER / name for name in drawings.find(PIP_FOLDER)}),
        ("portray", "file"): ({"backdrop": "#FFFFFF"}, {"image": picture(folder / "picture.png")}),
        ("speak", "piper"): ({**text, "model": "joe"}, {}),
        ("speak", "hibari"): ({**text, "model": "heart"}, {}),
        ("speak", "kokoro"): ({"text": "Puedo volar.", "language": "es", "seed": 1, "voice": "jf_alpha"}, {}),
        ("speak", "espeak"): (text, {}),
        ("speak", "recording"): (
            {"text": SAID, "language": "en", "start": None, "end": None, "sung": False, "seed": 1},
            {"recording": said(folder)},
        ),
        ("clean", "classic"): ({"level": -20, "highpass": 80}, {"sound": sound}),
        ("clean", "timeline"): ({"samples": 96_000, "starts": [24_000]}, {"take:0": sound}),
        ("lipsync", "viseme"): (
            {"fps": 30, "frames": 40, "lead": 3, "take": TAKE, "emotion": "neutral", "sync_strength": 1.0, "seed": 1},
            {"sound": sound},
        ),
        ("lipsync", "listen"): (
            {"fps": 30, "frames": 200, "heard": [[0.4, 2.0], [2.5, 5.5]], "emotion": "happy", "strength": 1.0, "seed": "1 ada"},
            {},
        ),
        ("lipsync", "play"): ({**segment, "avoid": []}, {"clip": film.path}),
        ("lipsync", "warp"): (segment, {"sound": sound, "clip": film.path, "track": track}),
        ("restore", "classic"): (under, {"frames": film.path, "clip": film.path, "track": track}),
        ("caption", "libass"): (CAPTIONS, {}),
    }


NEURAL = {"piper", "hibari", "kokoro"}
"""Their sound's last bits depend on the processor's arithmetic, so their times stand for them."""


def made() -> dict[str, str]:
    """(verb, backend, version) as one text -> digest of all files that the backend made."""
    found = {}
    with tempfile.TemporaryDirectory() as base:
        for (verb, name), (request, inputs) in requests(Path(base)).items():
            backend = load(verb, name)
            workdir = Path(base) / f"{verb}-{name}"
            workdir.mkdir()
            files = backend.run(request, inputs, workdir).files
            kept = {role: path for role, path in files.items() if role == "times" or name not in NEURAL}
            found[f"{verb} {name} v{backend.version}"] = digest({role: file_digest(path) for role, path in kept.items()})
            getattr(backend, "close", lambda: None)()
    return found


if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        sys.exit("usage: python -m tests.backends.golden --write")
    STORED.write_text(json.dumps(made(), indent=2) + "\n")
