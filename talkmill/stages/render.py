"""render: one finished video a format."""

from __future__ import annotations

from talkmill.model import Timeline
from talkmill.stages import Job, Outcome
from talkmill.stages.lipsync import staged

FIGURE = ("width", "height", "box")
"""What render is told of somebody's clip: its size, and where the face is in it."""


def run(job: Job) -> Outcome:
    """One making a format, named by it: `video` and `cover`."""
    settings = job.settings
    plan = Timeline.from_json(job.tickets["clean"].facts["timeline"])
    shots, faces = staged(plan, settings["shots"])
    captions = job.tickets["caption"].makings["captions"].files
    inputs = {"master": job.tickets["clean"].makings["master"].files["sound"]}
    for name, making in job.tickets["lipsync"].makings.items():
        inputs |= {f"{role}:{name}": made for role, made in making.files.items() if role in ("curves", "frames")}
    figures = {role.partition(":")[2]: ticket.facts for role, ticket in job.tickets.items() if role.startswith("inspect:")}
    for character in settings["scenes"].keys() - figures.keys():
        rig = job.tickets[f"portray:{character}"].makings["rig"].files
        inputs |= {f"rig:{character}" if role == "rig" else f"layer:{character}:{role}": name for role, name in rig.items()}
    inputs |= {name: file["digest"] for name, file in settings["files"].items()}
    files = {name: job.root / file["path"] for name, file in settings["files"].items()}
    makings = {}
    for shape in settings["formats"]:
        request = {
            "format": shape,
            "fps": plan.fps,
            "shots": [{"cast": shot.cast, "start": shot.start, "frames": shot.frames} for shot in shots],
            "faces": [
                {
                    "curves": name,
                    "character": face.character,
                    "start": face.start,
                    "frames": face.frames,
                    "speaks": face.speaks,
                    "towards": face.towards,
                }
                for name, face in faces.items()
            ],
            "order": settings["shots"]["together"],
            "scenes": settings["scenes"],
            **({"figures": {one: {key: facts[key] for key in FIGURE} for one, facts in figures.items()}} if figures else {}),
            "seed": settings["seed"],
            "loudness": settings["loudness"],
        }
        burnt = {}
        if settings["burn"]:
            burnt = {role: name for role, name in captions.items() if role.startswith("fonts-")}
            burnt["ass"] = captions[f"ass-{shape}"]
        makings[shape] = job.make(settings["backend"], request, inputs | burnt, files)
    return Outcome(makings, {"frames": plan.frames, "fps": plan.fps})
