"""deliver: the files that people get, copied out of the store, and the manifest that says how each came about."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from talkmill.stages import Job
from talkmill.store import canonical, file_digest
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
    write_file(post, canonical(post_fields(job)) + b"\n")
    files["post.json"] = file_digest(post)
    write_file(manifest_path, canonical(manifest(job, recipe, files)) + b"\n")


def post_fields(job: Job) -> dict[str, Any]:
    """What a person or a tool needs to post the video."""
    settings = job.settings
    return {
        "title": settings["title"],
        "text": settings["post"]["text"],
        "tags": settings["post"]["tags"],
        "language": settings["language"],
        "publish_at": settings["publish_at"],
        # Every voice is synthesised: platforms ask for this to be declared. The characters are drawn, not photographed.
        "ai_label": {"contains_synthetic_media": True, "synthetic_voice": True, "realistic_person": False},
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
        "cost": {"amount": 0, "currency": "USD"},
        "licences": licences(job),
        "stages": {
            role: {"ticket": path, "makings": {name: making.to_json() for name, making in job.tickets[role].makings.items()}}
            for role, path in sorted(job.recipe["inputs"].items())
        },
        "backends": backends(job),
    }


def licences(job: Job) -> list[dict[str, str]]:
    """Whose work is in the video and under which licence: drawings, voices, fonts."""
    found: list[dict[str, str]] = []
    for ticket in job.tickets.values():
        for making in ticket.makings.values():
            for entry in making.facts.get("licences", []):
                if entry not in found:
                    found.append(entry)
    return sorted(found, key=lambda entry: (entry.get("what", ""), entry.get("name", "")))


def backends(job: Job) -> dict[str, list[dict[str, Any]]]:
    """Which backends made what, with the versions of what shaped their results."""
    used: dict[str, list[dict[str, Any]]] = {}
    for path in job.recipe["inputs"].values():
        digest = path.removesuffix(".json").rpartition("-")[2]
        recipe = job.store.recipe(digest)
        for value in _backends_in(recipe["settings"]):
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
