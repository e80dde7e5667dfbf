"""deliver: the files that people get, copied out of the store, and the manifest that says how each came about."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from talkmill.stages import Job
from talkmill.stages.paying import cost_of, is_paid
from talkmill.store import file_digest
from talkmill.store.objects import write_file, writing

FORMAT = 1
SHAPES = ("vertical", "square", "wide")
"""Every shape that a render may have."""


def run(job: Job, manifest_path: Path, recipe: str) -> None:
    """Fill the folder of `manifest_path`; the manifest is written last, so a folder without one is not finished."""
    folder = manifest_path.parent
    settings = job.settings
    with writing(manifest_path):
        manifest_path.unlink(missing_ok=True)
        for shape in SHAPES:
            if shape not in settings["formats"]:
                (folder / f"{shape}.mp4").unlink(missing_ok=True)
    files: dict[str, str] = {}
    for shape in settings["formats"]:
        files[f"{shape}.mp4"] = job.tickets["render"].makings[shape].files["video"]
    files["cover.jpg"] = job.tickets["render"].makings[settings["formats"][0]].files["cover"]
    captions = job.tickets["caption"].makings["captions"].files
    files |= {"captions.srt": captions["srt"], "captions.vtt": captions["vtt"]}
    for name, digest in files.items():
        job.store.copy(digest, folder / name)
    post = folder / "post.json"
    write_file(post, readable(post_fields(job)))
    files["post.json"] = file_digest(post)
    write_file(manifest_path, readable(manifest(job, recipe, files)))


def readable(value: Mapping[str, Any]) -> bytes:
    """JSON for people: the same bytes for the same value."""
    return json.dumps(value, ensure_ascii=False, indent=2).encode() + b"\n"


def post_fields(job: Job) -> dict[str, Any]:
    """What a person or a tool needs to post the video."""
    settings = job.settings
    filmed = any(role.startswith("inspect:") for role in job.tickets)
    synthetic = bool(recipe_of(job, "speak")["settings"]["voices"])
    return {
        "title": settings["title"],
        "text": settings["post"]["text"],
        "tags": settings["post"]["tags"],
        "language": settings["language"],
        "publish_at": settings["publish_at"],
        # Lines to put under the post: some licences (CC BY) ask that the creator is named where the work is shown.
        "attribution": [line for line in map(attribution, credits(job)) if line],
        # Platforms ask for this to be declared. A voice is synthesised unless every line is a recording. A photograph or a
        # clip that talks is a realistic person, whom platforms want labelled.
        "ai_label": {"contains_synthetic_media": True, "synthetic_voice": synthetic, "realistic_person": filmed},
    }


def manifest(job: Job, recipe: str, files: Mapping[str, str]) -> dict[str, Any]:
    """Every input digest, backend, version, cost and check result of one release."""
    settings = job.settings
    render = job.tickets["render"]
    seconds = render.facts["frames"] / render.facts["fps"]
    return {
        "format": FORMAT,
        "recipe": recipe,
        "episode": settings["episode"],
        "language": settings["language"],
        "title": settings["title"],
        "characters": settings["characters"],
        "publish_at": settings["publish_at"],
        "formats": [{"name": shape, "file": f"{shape}.mp4", "seconds": round(seconds, 3)} for shape in settings["formats"]],
        "cover": "cover.jpg",
        "captions": ["captions.srt", "captions.vtt"],
        "files": dict(files),
        "checks": {
            shape: {"verdict": making.facts["verdict"], "measures": making.facts["measures"]}
            for shape, making in job.tickets["check"].makings.items()
        },
        **({"findings": findings(job)} if any(role.startswith("inspect:") for role in job.tickets) else {}),
        "cost": cost_of(job.root, [making for ticket in job.tickets.values() for making in ticket.makings.values()]),
        "credits": credits(job),
        "makings": sum(len(ticket.makings) for ticket in job.tickets.values()),
        "backends": {verb: ", ".join(dict.fromkeys(one["name"] for one in used)) for verb, used in backends_used(job).items()},
        "versions": backends_used(job),
        "stages": {
            role: {"ticket": path, "makings": {name: making.to_json() for name, making in job.tickets[role].makings.items()}}
            for role, path in sorted(job.recipe["inputs"].items())
        },
    }


def findings(job: Job) -> dict[str, list[dict[str, str]]]:
    """By character that is a photograph or a clip: what `inspect` found, and what was changed in the user's file."""
    made = {}
    for role, ticket in sorted(job.tickets.items()):
        verb, _, who = role.partition(":")
        if verb == "inspect":
            changed = [
                note for other in ("portray", "animate") if f"{other}:{who}" in job.tickets
                for note in job.tickets[f"{other}:{who}"].facts.get("notes", ())
            ]  # fmt: skip
            made[who] = [*ticket.facts["findings"], *({"severity": "note", "text": text} for text in changed)]
    return made


def credits(job: Job) -> list[dict[str, str]]:
    """Whose work is in the video and on what terms: drawings, voices, fonts."""
    names = job.settings["characters"]
    found: list[dict[str, str]] = []
    for role, ticket in sorted(job.tickets.items()):
        if role.startswith("portray:"):
            found.append({"what": f"portrait of {names[role.partition(':')[2]]}", **ticket.facts["licence"]})
        elif role.startswith("animate:") and f"portray:{role.partition(':')[2]}" not in job.tickets:
            found.append({"what": f"clip of {names[role.partition(':')[2]]}", **ticket.facts["licence"]})
        elif role.startswith("animate:") and ticket.facts["licence"] != {"name": "your own"}:
            found.append({"what": f"motion of {names[role.partition(':')[2]]}", **ticket.facts["licence"]})
    for character, voice in sorted(recipe_of(job, "speak")["settings"]["voices"].items()):
        licence = job.backend("speak", voice["backend"]["name"]).licence
        found.append({"what": f"voice of {names[character]} ({voice['backend']['name']})", "name": licence})
    lips = recipe_of(job, "lipsync")["settings"]
    for character, told in sorted(lips.get("figures", {}).items()):
        for name in dict.fromkeys(told["lines"][kind]["backend"]["name"] for kind in lips["kinds"]):
            maker = job.backend("lipsync", name)
            if is_paid(maker):
                found.append({"what": f"lips of {names[character]} ({name})", "name": maker.licence})
    for recording in recipe_of(job, "speak")["settings"]["recordings"].values():
        entry = {"what": f"recording {recording['files']['recording']['path']}", "name": "your own"}
        found += [entry] if entry not in found else []
    if music := recipe_of(job, "clean")["settings"]["music"]:
        found.append({"what": f"music {music['file']['path']}", "name": "your own"})
    fonts = job.tickets["caption"].facts.get("fonts", [])
    licence = job.backend("caption", recipe_of(job, "caption")["settings"]["backend"]["name"]).licence
    for family in dict.fromkeys(font["family"] for font in fonts):
        found.append({"what": f"caption font {family}", "name": licence})
    return found


def attribution(credit: Mapping[str, str]) -> str:
    """The line that names a creator: "Portrait of Ada: Toon Head by Johan Melin, CC BY 4.0"; empty where none is named."""
    if not credit.get("creator"):
        return ""
    what = credit["what"][0].upper() + credit["what"][1:]
    return f"{what}: drawn by {credit['creator']}, {credit['name']}, {credit.get('url', '')}".rstrip(", ")


def recipe_of(job: Job, role: str) -> Mapping[str, Any]:
    """The recipe of one of the tickets upstream."""
    return job.store.recipe(job.tickets[role].recipe)


def backends_used(job: Job) -> dict[str, list[dict[str, Any]]]:
    """Which backends made what, by verb, with the versions of what shaped their results."""
    used: dict[str, list[dict[str, Any]]] = {}
    for role in job.recipe["inputs"]:
        for value in _backends_in(recipe_of(job, role)["settings"]):
            entries = used.setdefault(value["verb"], [])
            if value not in entries:
                entries.append(value)
    return used


def _backends_in(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, dict):
        if {"verb", "name", "version", "engine"} <= value.keys():
            return [value]
        return [found for item in value.values() for found in _backends_in(item)]
    return []
