"""Short clips made by the real backends, without Snakemake: what the lip-sync benchmark measures.

A clip is delivered as an episode is: a folder with the mp4 and a manifest that names its makings, beside a store. Everything
goes through the store, so a second run makes only what changed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from talkmill.backends.portray import drawings
from talkmill.model import Utterance
from talkmill.plan import HIGHPASS, INTRO, OUTRO, TAKE_LEVEL, backend
from talkmill.specs.defaults import CAPTIONS, LIPSYNC, NAME_LINE, SCENE, background
from talkmill.stages import Job
from talkmill.stages.clean import timeline
from talkmill.stages.lipsync import heard, staged
from talkmill.store import Making, Store, file_digest

FPS, SEED, LOUDNESS = 30, 1, -14.0
PROJECT = Path(__file__).resolve().parents[1]

CAST: dict[str, dict[str, Any]] = {
    "milo": {"style": "avataaars", "seed": "milo", "traits": {"facialHair": "none", "accessories": "none"}},
    "ada": {"style": "toon-head", "seed": "ada", "traits": {"beard": "none", "lipsColor": "#c4545f", "eyes": "happy"}},
    "pia": {"style": "personas", "seed": "pia", "traits": {"facialHair": "none"}},
    "kit": {"style": "critters", "seed": "kit", "traits": {"eyes": "round"}},
    "tom": {"style": "toon-head", "seed": "tom", "traits": {"beard": "none", "eyes": "happy"}},
    "sol": {"style": "avataaars", "seed": "sol", "traits": {"facialHair": "beardMedium", "accessories": "none"}},
}
"""Character -> options of its portrait. `ada` has painted lips, `tom` has none, `sol` has a beard around the mouth."""

SHEETS: dict[str, tuple[Path, dict[str, Any]]] = {
    "pip": (PROJECT / "characters" / "pip", {}),
    "twos": (PROJECT / "characters" / "pip", {"twos": True}),
}
"""Character -> folder of its own drawings, and options of its portrait. `twos` is Pip, drawn anew every second frame."""

VOICES: dict[str, tuple[str, dict[str, Any]]] = {
    "joe": ("piper", {"model": "joe"}),
    "heart": ("hibari", {"model": "heart"}),
    "alpha": ("kokoro", {"voice": "jf_alpha"}),
    "espeak": ("espeak", {"voice": None, "pitch": 45}),
}
"""Voice -> backend of `speak` and its options."""


SUNG = "sung"
SONG = PROJECT / "schedules/songs/warm-paws.m4a"
SONG_TEXT = "Warm nose, warm paws, good night, little fox."


@dataclass(frozen=True)
class Clip:
    """What is said in one clip: (character, voice, text, emotion) a line; the voice `sung` is the project's song.

    `by` is the rule of its shots, as in a schedule: `speaker` cuts to whoever speaks, `together` shows everyone.
    """

    name: str
    language: str
    lines: tuple[tuple[str, str, str, str], ...]
    by: str = "speaker"


Curves = dict[str, Any]
"""curves.json as values."""

Change = Callable[[Curves, Mapping[str, Path], Mapping[str, Any]], Curves]
"""Makes other curves of a segment: (the right curves, its inputs, its request)."""


@dataclass(frozen=True)
class Control:
    """What is put wrong on purpose: the curves (`change`), or the sound, which comes `late` milliseconds late."""

    name: str
    change: Change | None = None
    late: int = 0


def one(name: str, language: str, character: str, voice: str, text: str, emotion: str = "neutral") -> Clip:
    """A clip of one line."""
    return Clip(name, language, ((character, voice, text, emotion),))


class Workshop:
    """Makes clips in `root`: `root/store`, and `root/out/<clip>/<language>/`."""

    def __init__(self, root: Path) -> None:
        self.root, self.store = root, Store(root / "store")
        self.job = Job({}, {}, self.store, root)

    def close(self) -> None:
        """Let engines go."""
        self.job.close()

    def _make(
        self,
        verb: str,
        name: str,
        request: Mapping[str, Any],
        inputs: Mapping[str, str] | None = None,
        files: Mapping[str, Path] | None = None,
    ) -> Making:
        return self.job.make(backend(verb, name), request, inputs, files)

    def portrait(self, character: str) -> Making:
        """The character's rig."""
        if character in SHEETS:
            folder, options = SHEETS[character]
            files = drawings.find(folder)
            request = {"mouths": None, "anchors": {}, "twos": False, "creator": "", "licence": "", **options}
            return self._make("portray", "sheet", request, {name: file_digest(path) for name, path in files.items()}, files)
        return self._make("portray", "avatar", CAST[character])

    def take(self, language: str, voice: str, text: str) -> Making:
        """An utterance, spoken, or the song that is its text."""
        if voice == SUNG:
            request = {"text": text, "language": language, "start": None, "end": None, "sung": True}
            return self._make("speak", "recording", request, {"recording": file_digest(SONG)}, {"recording": SONG})
        name, options = VOICES[voice]
        request = {"text": text, "language": language, **options, "seed": SEED, "effects": {"pace": 1.0}}
        return self._make("speak", name, request)

    def make(self, clip: Clip, control: Control | None = None) -> Path:
        """The clip's mp4, delivered with its manifest; with a `control`, that fault in it."""
        lines = [Utterance(character, text, clip.language, 0.5, emotion) for character, _, text, emotion in clip.lines]
        takes = [self.take(clip.language, voice, text) for _, voice, text, _ in clip.lines]
        polish = {"level": TAKE_LEVEL, "highpass": HIGHPASS}
        clean = [self._make("clean", "classic", polish, {"sound": take.files["sound"]}) for take in takes]
        plan = timeline(FPS, lines, [take.facts["samples"] for take in takes], INTRO, OUTRO)
        late = (control.late if control else 0) * 48
        mix = {
            "samples": plan.frames * plan.samples_per_frame,
            "starts": [plan.take_start(i) + late for i in range(len(lines))],
        }
        master = self._make("clean", "timeline", mix, {f"take:{i}": made.files["sound"] for i, made in enumerate(clean)})
        cast = list(dict.fromkeys(line.speaker for line in lines))
        shots, pieces = staged(plan, {"by": clip.by, "together": cast, "asked": [None] * len(lines)})
        segments = {}
        for name, piece in pieces.items():
            index = piece.utterance
            segment, line = plan.segments[index], lines[index]
            take = json.loads(self.store.object(takes[index].files["times"]).read_bytes())
            request = {"fps": FPS, "frames": piece.frames, "emotion": line.emotion, "strength": 1.0}
            if piece.speaks:
                request |= {"lead": segment.lead, "take": take, "seed": SEED, **LIPSYNC}
                segments[name] = self._make("lipsync", "viseme", request, {"sound": clean[index].files["sound"]})
            else:
                request["heard"] = heard(take, (segment.start + segment.lead - piece.start) / FPS, piece.frames / FPS)
                segments[name] = self._make("lipsync", "listen", request | {"seed": f"{SEED} {piece.character}"})
        faces = {name: making.files["curves"] for name, making in segments.items()}
        if control and control.change:
            spoken = {name: making for name, making in segments.items() if pieces[name].speaks}
            faces |= {name: self._changed(control.change, making) for name, making in spoken.items()}
        request = {
            "format": "vertical", "fps": FPS, "seed": SEED, "loudness": LOUDNESS,
            "shots": [{"cast": list(shot.cast), "start": shot.start, "frames": shot.frames} for shot in shots],
            "faces": [
                {
                    "curves": name, "character": piece.character, "start": piece.start, "frames": piece.frames,
                    "speaks": piece.speaks, "towards": piece.towards,
                }
                for name, piece in pieces.items()
            ],
            "order": cast,
            "scenes": {name: scene(name) for name in cast},
        }  # fmt: skip
        inputs = {"master": master.files["sound"]} | {f"curves:{name}": digest for name, digest in faces.items()}
        for name in cast:
            for role, digest in self.portrait(name).files.items():
                inputs[f"rig:{name}" if role == "rig" else f"layer:{name}:{role}"] = digest
        video = self._make("render", "ffmpeg", request, inputs)
        folder = self.root / "out" / (f"{clip.name}-{control.name}" if control else clip.name) / clip.language
        self.store.copy(video.files["video"], folder / "vertical.mp4")
        manifest = {
            "format": 1, "episode": folder.parent.name, "language": clip.language,
            "formats": [{"name": "vertical", "file": "vertical.mp4"}], "files": {"vertical.mp4": video.files["video"]},
            "stages": {
                "lipsync": {"makings": {name: making.to_json() for name, making in segments.items()}},
                "render": {"makings": {"vertical": video.to_json()}},
            },
        }  # fmt: skip
        (folder / "manifest.json").write_text(json.dumps(manifest, indent=1), encoding="utf-8")
        return folder / "vertical.mp4"

    def _changed(self, change: Change, making: Making) -> str:
        """The digest of a segment's curves, changed."""
        record = json.loads(self.store.record(making.key).read_bytes())["request"]
        inputs = {name: self.store.object(digest) for name, digest in record["inputs"].items()}
        right = json.loads(self.store.object(making.files["curves"]).read_bytes())
        with self.store.workdir() as folder:
            path = folder / "curves.json"
            path.write_text(json.dumps(change(right, inputs, record["request"]), separators=(",", ":")), encoding="utf-8")
            return self.store.add(path)


def style_of(character: str) -> str:
    """The drawing manner of a character's face."""
    return "sheet" if character in SHEETS else str(CAST[character]["style"])


def scene(character: str) -> dict[str, Any]:
    """The built-in scene, without captions in the picture (they would only cost time)."""
    captions = {**CAPTIONS, "show": True}
    return {
        **SCENE,
        "background": background(character),
        "name": character.title(),
        "name_line": NAME_LINE,
        "captions": captions,
    }
