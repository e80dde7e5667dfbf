"""Why something is made again: each stage of a release, whether it is in place, and what differs from what is on disk.

A ticket is named by its recipe, so a stage that must run has no ticket of the planned name. The newest other ticket of the
stage in the same folder is what was made before; its recipe lies in the store, and where the two differ is the reason.
Nothing is written.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from talkmill.errors import RequestError, StoreError
from talkmill.plan import MEMO, Plan, Release, make_plan, store_of, ticket_path
from talkmill.store import Store
from talkmill.store.digests import SHORT, Memo
from talkmill.store.tickets import NAME, Ticket

ORDER = ("portray", "write", "speak", "clean", "lipsync", "caption", "render", "check", "deliver")
END = {
    (True, True): "Nothing is to be made: out/ holds what the specs say.",
    (True, False): "Nothing is to be made: out/ holds what the specs say.",
    (False, True): "`snakemake` makes what is not in place.",
    (False, False): "It is made when it is due (`publish_at`, `horizon`, `skip`), or when it is asked for by name.",
}
"""Last line for people, by (in place, due)."""

LONGEST = 60
"""Characters of a value that are shown."""


@dataclass(frozen=True)
class Stage:
    """One stage of a release."""

    stage: str
    folder: str
    in_place: bool
    reasons: list[str] = field(default_factory=list)  # sentences; empty where it is in place


@dataclass(frozen=True)
class Answer:
    """A release and its stages, upstream first."""

    episode: str
    language: str
    due: bool
    stages: list[Stage]

    @property
    def in_place(self) -> bool:
        """Whether nothing is to be made: what is in out/ is what the specs say, whatever has become of the tickets."""
        return self.stages[-1].in_place

    def to_json(self) -> dict[str, Any]:
        """For programs: `{episode, language, due, in_place, stages: [{stage, folder, in_place, reasons}]}`."""
        return {
            "episode": self.episode,
            "language": self.language,
            "due": self.due,
            "in_place": self.in_place,
            "stages": [asdict(stage) for stage in self.stages],
        }

    def to_text(self) -> str:
        """For people: a line a stage."""
        lines = [f"{self.episode} ({self.language}){'' if self.due else ', which is not due now'}:"]
        for stage in self.stages:
            name = f"{stage.stage} {Path(stage.folder).name}" if stage.stage == "portray" else stage.stage
            lines += [f"  {name}: in place"] if stage.in_place else [f"  {name}: {reason}" for reason in stage.reasons]
        return "\n".join([*lines, END[self.in_place, self.due]])


def why(root: Path, episode: str, language: str | None = None) -> list[Answer]:
    """What is in place and what is not, of an episode in one language or in all of its.

    Raises:
        SpecError: the specs are wrong.
        RequestError: no schedule has the episode, or not in that language.
    """
    memo = Memo(root / MEMO)
    plan = make_plan(root, memo=memo)
    if language is not None:
        releases = [plan.release(episode, language)]
    else:
        releases = [release for release in plan.releases.values() if release.episode == episode]
    if not releases:
        known = ", ".join(dict.fromkeys(release.episode for release in plan.releases.values())) or "none"
        raise RequestError(f"{episode}: no schedule has this episode (known: {known}). Correct the name.")
    look = _Look(root, plan, store_of(root, plan.project), memo)
    return [look.answer(release) for release in releases]


class _Look:
    """One look at a project's disk."""

    def __init__(self, root: Path, plan: Plan, store: Store, memo: Memo) -> None:
        self.root, self.plan, self.store, self.memo = root, plan, store, memo

    def answer(self, release: Release) -> Answer:
        deliver = self.plan.recipes[release.recipe]
        names = [path.removesuffix(".json")[-SHORT:] for path in deliver["inputs"].values()]
        recipes = sorted(((self.plan.recipes[name], name) for name in names), key=lambda pair: ORDER.index(pair[0]["stage"]))
        stages: list[Stage] = []
        for recipe, name in recipes:
            reasons = list(self._missing(recipe, name))
            stages.append(Stage(recipe["stage"], recipe["folder"], not reasons, reasons))
        reasons = list(self._undelivered(release, deliver))
        return Answer(
            release.episode, release.language, release.due, [*stages, Stage("deliver", release.folder, not reasons, reasons)]
        )

    def _missing(self, recipe: Mapping[str, Any], name: str) -> Iterator[str]:
        """Why a ticket is not in place; nothing where it is."""
        path = self.root / ticket_path(recipe, name)
        if path.is_file():
            try:
                lost = Ticket.read(path).missing(self.store)
            except StoreError as error:
                yield f"its ticket is damaged ({error})"
                return
            if lost:
                yield f"the store has lost {len(lost)} of the files that its ticket names"
            return
        before = self._newest(path.parent, recipe["stage"])
        if before is None:
            yield "it was never made here, or build/ was deleted"
        else:
            yield from self._differences(before, recipe)

    def _newest(self, folder: Path, stage: str) -> str | None:
        """The digest of the newest ticket of a stage in a folder."""
        found = [
            (path.stat().st_mtime_ns, match["digest"])
            for path in folder.glob(f"{stage}-*.json")
            if (match := NAME.fullmatch(path.name))
        ]
        return max(found)[1] if found else None

    def _differences(self, before: str, recipe: Mapping[str, Any]) -> Iterator[str]:
        """What a planned recipe has otherwise than the one of an older ticket."""
        try:
            old = self.store.recipe(before)
        except StoreError:
            yield "something that it depends on has changed; the store does not know any more what the last one was made from"
            return
        yield from changes(old["settings"], recipe["settings"])
        roles = [*recipe["inputs"], *(role for role in old["inputs"] if role not in recipe["inputs"])]
        changed = [_role(role) for role in roles if old["inputs"].get(role) != recipe["inputs"].get(role)]
        if changed:
            *first, last = changed
            yield f"{', '.join(first)} and {last} have changed" if first else f"{last} has changed"

    def _undelivered(self, release: Release, deliver: Mapping[str, Any]) -> Iterator[str]:
        """Why out/ is not what the specs say; nothing where it is."""
        folder = self.root / release.folder
        try:
            manifest = json.loads((folder / "manifest.json").read_bytes())
            recipe, files = manifest["recipe"], dict(manifest["files"])
        except FileNotFoundError:
            yield f"{release.folder}/ has no manifest.json: it was never delivered, or the file was deleted"
            return
        except (OSError, ValueError, KeyError, TypeError):
            yield f"{release.folder}/manifest.json cannot be read"
            return
        if recipe != release.recipe:
            yield from self._differences(recipe, deliver)
        for name, digest in files.items():
            found = self.memo.digest(folder / name)
            if found != digest:
                yield f"{release.folder}/{name} {'is not there' if found is None else 'was altered after it was delivered'}"


def _role(role: str) -> str:
    stage, _, character = role.partition(":")
    return f"{stage} of {character}" if character else stage


def changes(old: Any, new: Any, path: str = "") -> Iterator[str]:
    """Where two values differ: `styles.ada.colour: "#FFFFFF" -> "#00FF88"`, a sentence each."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        if old.keys() == new.keys() == {"path", "digest"} and old["path"] == new["path"]:
            if old["digest"] != new["digest"]:
                yield f"the file {new['path']} has changed"
            return
        for key in [*new, *(key for key in old if key not in new)]:
            inner = f"{path}.{key}" if path else str(key)
            if key not in old:
                yield f"{inner}: {_shown(new[key])} is new"
            elif key not in new:
                yield f"{inner}: {_shown(old[key])} is gone"
            else:
                yield from changes(old[key], new[key], inner)
    elif isinstance(old, list) and isinstance(new, list) and any(isinstance(item, dict) for item in [*old, *new]):
        for index, (one, other) in enumerate(zip(old, new, strict=False)):
            yield from changes(one, other, f"{path}[{index}]")
        if len(old) != len(new):
            yield f"{path}: {len(old)} -> {len(new)} items"
    elif old != new:
        yield f"{path}: {_shown(old)} -> {_shown(new)}"


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
