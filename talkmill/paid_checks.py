"""What is missing before what is due can be bought: keys, a place for uploads, prices. Asks nobody."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from talkmill import backends, providers
from talkmill.errors import PrerequisiteError, RequestError
from talkmill.plan import Plan, ticket_path
from talkmill.quote import digest_of, needed
from talkmill.stages.paying import buyer_of
from talkmill.store import Store

Find = Callable[[str], Mapping[str, Any]]
"""A recipe by its digest."""


def lacking(plan: Plan, store: Store, root: Path, products: Collection[str] | None = None) -> list[str]:
    """Every sentence of what is missing, for these tickets; None: for the episodes that are due."""
    used: dict[str, set[str]] = {}
    found: dict[str, None] = {}
    buyer = None
    for chosen, request in _paid(plan, products):
        maker: Any = backends.load(chosen["verb"], chosen["name"])
        operations = used.setdefault(maker.provider, set())
        try:
            calls = maker.estimate(request, 3.0)
        except RequestError as error:
            found[str(error)] = None
            continue
        for call in calls:
            operations.add(call.operation)
            buyer = buyer or buyer_of(root, store, plan.project.config)
            try:
                buyer.cost(call)
            except RequestError as error:
                found[str(error)] = None
    settings = plan.project.config.providers.model_dump(mode="json", exclude_none=True)
    for name, operations in sorted(used.items()):
        for sentence in providers.load(name, settings[name]).missing(frozenset(operations)):  # type: ignore[attr-defined]
            found[sentence] = None
    return list(found)


def pays(plan: Plan, products: Collection[str] | None = None) -> bool:
    """Whether any of these tickets is paid for; None: of those behind what is due."""
    return next(_paid(plan, products), None) is not None


def require(plan: Plan, store: Store, root: Path, products: Collection[str] | None = None) -> None:
    """Raise unless these tickets (None: what is due) can be bought.

    Raises:
        PrerequisiteError: it cannot; all that is missing is named.
    """
    if sentences := lacking(plan, store, root, products):
        cure = "A free route makes drafts without it: see docs/how-to/routes.md."
        raise PrerequisiteError("\n".join([*sentences, cure]))


def _paid(plan: Plan, products: Collection[str] | None) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Every paid backend behind what is asked for, with a request that it can be asked an estimate for."""
    names = plan.recipes if products is not None else {name: None for one in plan.due for name in needed(plan, one)}
    for name in names:
        if products is None or ticket_path(plan.recipes[name], name) in products:
            yield from _paid_in(plan.recipes.__getitem__, plan.recipes[name])


def is_paid_for(find: Find, recipe: Mapping[str, Any]) -> bool:
    """Whether making a recipe's ticket may pay a provider; `find` gives the recipes that it names."""
    return next(_paid_in(find, recipe), None) is not None


def _paid_in(find: Find, recipe: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    settings, stage = recipe["settings"], recipe["stage"]
    if stage == "speak":
        for voice in settings["voices"].values():
            asked = {"text": "A line.", "language": "en", "seed": 1, **voice["options"], "context": {}}
            yield from _of(voice["backend"], asked)
    elif stage == "lipsync":
        for speaker, told in settings.get("figures", {}).items():
            for kind in _kinds(find, recipe, speaker):
                chosen = told["lines"][kind]
                yield from _of(chosen["backend"], {**chosen["options"], "fps": 30, "frames": 90, "speaks": True})
    elif stage in ("portray", "animate"):
        yield from _of(settings["backend"], settings["request"])


def _kinds(find: Find, recipe: Mapping[str, Any], speaker: str) -> list[str]:
    """The kinds of lines that a character says in an episode."""
    lines = find(digest_of(recipe["inputs"]["write"]))["settings"]["utterances"]
    kinds = recipe["settings"]["kinds"]
    return sorted({kind for line, kind in zip(lines, kinds, strict=True) if line["speaker"] == speaker})


def _of(chosen: Mapping[str, Any], request: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    if getattr(backends.load(chosen["verb"], chosen["name"]), "provider", ""):
        yield chosen, request
