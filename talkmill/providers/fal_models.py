"""fal's models as data: which input takes what, what the price counts, what the model refuses. Any model can be declared so.

A declaration (`fal_models.json` has the ready-made ones; a user's stands in the YAML as `declare:`)::

    operation   lip-sync, avatar, image or image-to-video: what its price is found under
    files       role -> field that takes its address: clip (a video), sound, image
    result      (ready-made ones only) where the answer has the result's address; elsewhere the first of its kind is it
    prompt, seed, size, duration    the fields that take these, where there are any
    durations   the seconds that `duration` can be
    input       fields that are always sent
    unit, of    what is priced: second of clip, sound or duration; megapixel; or call
    step        seconds to which the price is rounded up (for estimates; the price table decides)
    seconds, megabytes, sides       limits: role -> [least, most]; role -> most; [least, most] of a clip's sides
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Any

from talkmill.errors import RequestError
from talkmill.model.calls import Call

OPERATIONS = {"lip-sync": "video", "avatar": "video", "image-to-video": "video", "image": "image"}
"""Operation -> the kind of its result."""
ROLES = frozenset({"clip", "sound", "image"})
RESULTS = {"video": "clip", "image": "image"}
"""Kind of a result -> its role."""


@dataclass(frozen=True)
class Model:
    """One model; the module's docstring says what the fields are."""

    id: str
    operation: str
    files: Mapping[str, str] = field(default_factory=dict)
    result: str = ""
    prompt: str = ""
    seed: str = ""
    size: str = ""
    duration: str = ""
    durations: tuple[int, ...] = ()
    input: Mapping[str, Any] = field(default_factory=dict)
    unit: str = "call"
    of: str = ""
    step: int = 1
    seconds: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    megabytes: Mapping[str, float] = field(default_factory=dict)
    sides: tuple[int, int] | None = None

    @property
    def kind(self) -> str:
        """What it makes: "video" or "image"."""
        return OPERATIONS[self.operation]

    def amount(self, seconds: Mapping[str, float], size: tuple[int, int] = (0, 0)) -> Decimal:
        """How much of the price's unit a call is; `seconds` by role, `size` of the picture in pixels."""
        if self.unit == "second":
            return Decimal(str(round(seconds[self.of], 3)))
        if self.unit == "megapixel":
            return Decimal(max(math.ceil(size[0] * size[1] / 1_000_000), 1))  # billed by the whole megapixel
        return Decimal(1)

    def call(
        self, values: Mapping[str, Any], seconds: Mapping[str, float], exact: bool, size: tuple[int, int] = (0, 0)
    ) -> Call:
        """The request as it is sent, but for the addresses of its files. `values`: field -> value, of the model's own."""
        body = {"input": {**self.input, **values}, "files": dict(self.files)}
        return Call("fal", self.operation, self.id, body, amount=self.amount(seconds, size), exact=exact)

    def refusal(self, seconds: Mapping[str, float], size: tuple[int, int] | None = None) -> str | None:
        """Why it does not take files that long or a clip that large: *what (found)*; None: it does."""
        for role, (least, most) in self.seconds.items():
            if role in seconds and not least - 1e-6 <= seconds[role] <= most + 1e-6:
                return f"its {role} is {seconds[role]:.2f} s long ({least:g} to {most:g} s are taken)"
        if size and self.sides and not all(self.sides[0] <= side <= self.sides[1] for side in size):
            return f"its clip is {size[0]}x{size[1]} (sides of {self.sides[0]} to {self.sides[1]} pixels are taken)"
        return None


def chosen(options: Mapping[str, Any], usual: str) -> Model:
    """The model that a backend's options name (`model`, `declare`), else the usual one.

    Raises:
        RequestError: as `model`.
    """
    return model(options.get("model") or usual, options.get("declare"))


def model(name: str, declared: Mapping[str, Any] | None = None) -> Model:
    """A ready-made model, or one that the user declares (which stands over the ready-made one, field by field).

    Raises:
        RequestError: the model is not ready-made and not declared, or the declaration makes no sense.
    """
    known = ready().get(name)
    if known is None and not declared:
        raise RequestError(
            f"fal: the model is not one of the ready-made ones ({name!r}). Declare its inputs under `declare:`, or "
            f"choose one of: {', '.join(sorted(ready()))}."
        )
    facts = {**(known or {}), **(declared or {})}
    fields = [name for name in Model.__dataclass_fields__ if name not in ("id", "result")]
    if unknown := sorted(set(declared or {}) - set(fields)):
        raise RequestError(f"fal: {name}: unknown words in `declare` ({', '.join(unknown)}). Known are: {', '.join(fields)}.")
    if facts.get("operation") not in OPERATIONS:
        raise RequestError(f"fal: {name}: `operation` is {facts.get('operation')!r}. Write one of: {', '.join(OPERATIONS)}.")
    if strange := sorted(set(facts.get("files", {})) - ROLES):
        raise RequestError(f"fal: {name}: `files` has unknown roles ({', '.join(strange)}). Known are: clip, image, sound.")
    if facts.get("unit", "call") not in ("second", "megapixel", "call"):
        raise RequestError(f"fal: {name}: `unit` is {facts['unit']!r}. Write second, megapixel or call.")
    if facts.get("unit") == "second" and facts.get("of") not in ("clip", "sound", "duration"):
        raise RequestError(f"fal: {name}: `of` does not say whose seconds are counted. Write clip, sound or duration.")
    try:
        limits = {role: (float(least), float(most)) for role, (least, most) in facts.get("seconds", {}).items()}
        sides = (int(facts["sides"][0]), int(facts["sides"][1])) if facts.get("sides") else None
        durations = tuple(int(seconds) for seconds in facts.get("durations", ()))
    except (TypeError, ValueError, LookupError, AttributeError):
        raise RequestError(
            f"fal: {name}: `seconds`, `sides` or `durations` are not of their form. Write them like "
            "seconds: {clip: [2, 10]}, sides: [720, 1920], durations: [5, 10]."
        ) from None
    return Model(id=name, **{**facts, "durations": durations, "seconds": limits, "sides": sides})


@cache
def ready() -> Mapping[str, Mapping[str, Any]]:
    """The ready-made declarations, by model."""
    found: dict[str, dict[str, Any]] = json.loads(
        resources.files("talkmill.providers").joinpath("fal_models.json").read_text("utf-8")
    )
    return found
