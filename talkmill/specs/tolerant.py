"""Validation that goes on: every error of a file, also those that others hide, and a value with all that is right.

pydantic tells the errors of one layer at a time: a field that is wrong keeps a check of the whole model from running, a
mapping that is not of a known kind keeps its own keys from being looked at. So what is wrong is told, replaced by
something that is right, and the whole is validated anew, until nothing is wrong any more. The places that were replaced are the
sheet's `holes`: what stands there is of no interest to anybody else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import NoneType
from typing import Any, Literal, TypeVar, get_args, get_origin

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from talkmill.errors import Problem
from talkmill.specs.base import LANGUAGE_PATTERN
from talkmill.specs.models import COLOUR_PATTERN, Background, Line, Spec
from talkmill.specs.routes import Route
from talkmill.specs.scalars import LACK, leaves
from talkmill.specs.shorthand import LINE_KEYS
from talkmill.specs.wording import TAG_ERRORS, Place, nearest, place_of, problem
from talkmill.specs.yaml_file import Sheet, Where

S = TypeVar("S", bound=Spec)

ROUNDS = 12
"""Validations of one file at most; each round replaces all that is known to be wrong, and the specs nest nine deep."""

_BY_PATTERN = {COLOUR_PATTERN: "#000000", LANGUAGE_PATTERN: "en"}
_GONE = object()
"""A list's item that is to be taken away; indices are kept until all of a round's errors are placed."""


def validate(model: type[S], sheet: Sheet) -> tuple[S | None, list[Problem]]:
    """The file's value, and every problem in it.

    A value that is not as it was written has its replaced places in `sheet.holes`; it is None where nothing can be made
    of the file.
    """
    try:
        return model.model_validate(sheet.value), []
    except ValidationError as error:
        return _Mender(model, sheet).mend(error)


class _Mender:
    """One file that is validated until it is valid."""

    def __init__(self, model: type[Spec], sheet: Sheet) -> None:
        self.model, self.sheet = model, sheet
        self.raw = _copy(sheet.value)
        self.problems: dict[Problem, None] = {}
        self.tries: dict[Where, int] = {}
        self.guessed: set[Where] = set()  # mappings whose kind is a guess: their keys say nothing
        self.thinned: set[Where] = set()  # lists that lost an item

    def mend(self, error: ValidationError) -> tuple[Any, list[Problem]]:
        """The value and the problems, from the first validation's error."""
        value = None
        for _ in range(ROUNDS):
            items = [dict(item) for item in error.errors(include_url=False)]
            placed = [(item, place_of(self.model, item["loc"], self.raw)) for item in items]
            if any(not place.where for _, place in placed):  # the file as a whole is no mapping
                self._tell([(item, place) for item, place in placed if not place.where])
                return None, list(self.problems)
            self._tell(placed)
            for item, place in placed:
                self._replace(item, place)
            self.raw = _swept(self.raw)
            try:
                value = self.model.model_validate(self.raw)
                break
            except ValidationError as again:
                error = again
        return value, list(self.problems)

    def _tell(self, placed: list[tuple[dict[str, Any], Place]]) -> None:
        for item, place in placed:
            where = place.where
            consequence = (item["type"] == "too_short" and where in self.thinned) or (
                item["type"] == "extra_forbidden" and where[:-1] in self.guessed
            )
            consequence |= item["type"] == LACK and any(hole[: len(where)] == where for hole in self.sheet.holes)
            if not consequence and not self.sheet.spoilt(self._hole(item, place)):
                self.problems[problem(item, place, self.sheet)] = None

    def _hole(self, item: Mapping[str, Any], place: Place) -> Where:
        """What a problem makes useless: of a line that is a bare text, the text."""
        where = place.where
        if item["type"] in TAG_ERRORS:
            return (*where, "backend")
        return (*where, "text") if place.parent is Line and isinstance(_at(self.raw, where), str) else where

    def _replace(self, item: Mapping[str, Any], place: Place) -> None:
        """Put something right in the place of what is wrong."""
        where, kind = place.where, item["type"]
        holder = _at(self.raw, where[:-1])
        if not isinstance(holder, (dict, list)):
            self._give_up(where)
            return
        hole = self._hole(item, place)
        if kind == "extra_forbidden":
            holder.pop(where[-1], None)
            meant = nearest(str(where[-1]), place.parent.model_fields) if place.parent else None
            self.sheet.holes |= {where} | ({(*where[:-1], meant)} if meant and meant not in holder else set())
            return
        if place.allowed == (Line,) and isinstance(_at(self.raw, where), dict):
            self.sheet.holes |= {(*where, "speaker"), (*where, "text")}  # pause and emotion are still to be seen
        else:
            self.sheet.holes.add(hole)
        if item["loc"][-1] == "[key]":
            holder.pop(where[-1], None)
        elif kind in TAG_ERRORS and isinstance(_at(self.raw, where), dict):
            self._backend(_at(self.raw, where), place)
        elif hole[-1] == "text" and isinstance(holder, list):  # the text of a line that is nothing else
            holder[int(where[-1])] = "x"
        elif isinstance(holder, list) and not any(map(_is_spec, place.allowed)):
            holder[int(where[-1])] = _GONE
            self.thinned.add(where[:-1])
        else:
            self._stand_in(holder, where[-1], place)

    def _backend(self, mapping: dict[str, Any], place: Place) -> None:
        """Give a mapping the `backend` that is most likely meant: the nearest name, else the one that has most of its keys."""
        kinds = {str(kind.model_fields["backend"].default): kind for kind in place.allowed if _is_spec(kind)}
        found = mapping.get("backend")
        close = nearest(found, kinds) if isinstance(found, str) else None
        if close is None:
            self.guessed.add(place.where)
            close = max(kinds, key=lambda name: len(mapping.keys() & kinds[name].model_fields.keys()))
        mapping["backend"] = close

    def _stand_in(self, holder: Any, key: Any, place: Place) -> None:
        old = _at(holder, (key,))
        info = place.info
        if isinstance(old, list) and (kept := _kept(old, info)) and kept != old:
            holder[key] = kept  # of such a list the rest is right
            self.sheet.holes.discard(place.where)
            return
        tried = self.tries[place.where] = self.tries.get(place.where, 0) + 1
        choices = [*_stand_ins(place.allowed, info, old)]
        if info is not None and not info.is_required():
            choices.append(_GONE)
        if tried > len(choices):  # whatever stands there, it does not help
            self._give_up(place.where)
            return
        choice = choices[tried - 1]
        if choice is _GONE and isinstance(holder, dict):
            holder.pop(key, None)
        else:
            holder[key] = choice

    def _give_up(self, where: Where) -> None:
        """Take the whole away that a hopeless value is in."""
        outer = where[:-1]
        while len(outer) > 1 and not isinstance(_at(self.raw, outer[:-1]), dict):
            outer = outer[:-1]
        holder = _at(self.raw, outer[:-1]) if outer else None
        if isinstance(holder, dict) and outer[-1] in holder:
            del holder[outer[-1]]
        self.sheet.holes.add(outer)


def _kept(old: list[Any], info: FieldInfo | None) -> list[Any] | None:
    """A list of texts with no more items than may be, or without repetitions."""
    if not all(isinstance(item, str) for item in old):
        return None
    most = next((item.max_length for item in (info.metadata if info else ()) if getattr(item, "max_length", None)), None)
    if most and len(old) > most:
        return old[:most]
    folded: dict[str, Any] = {}
    for item in old:
        folded.setdefault(item.lower(), item)
    return list(folded.values())


def _stand_ins(allowed: tuple[Any, ...], info: FieldInfo | None, old: Any) -> Iterator[Any]:
    """Values that may do where something wrong was found, the likeliest first."""
    if info is not None and info.examples:
        yield info.examples[0]
    for rule in info.metadata if info else ():
        yield from (getattr(rule, name) for name in ("ge", "le") if getattr(rule, name, None) is not None)
        if getattr(rule, "pattern", None) in _BY_PATTERN:
            yield _BY_PATTERN[rule.pattern]
    for kind in allowed:
        yield from _of_kind(kind, old)


def _of_kind(kind: Any, old: Any) -> Iterator[Any]:
    if kind is Line:
        known = {key: value for key, value in old.items() if key in LINE_KEYS} if isinstance(old, dict) else {}
        yield {"text": "x"} | known
        yield {"text": "x"}
    elif _is_spec(kind):
        if kind is Background and isinstance(old, dict):  # of two pictures, the file: that it is there is still to be seen
            kept = {key: value for key, value in old.items() if key not in ("colour", "gradient", "image")}
            shown = next((key for key in ("image", "gradient", "colour") if old.get(key)), None)
            yield kept | ({shown: old[shown]} if shown else {"colour": "#000000"})
        yield _smallest(kind)
    elif get_origin(kind) is Literal or kind in (NoneType, Any):
        yield from get_args(kind)[:1]
    elif get_origin(kind) is dict:
        yield {}
    elif get_origin(kind) is list:
        yield [next(_of_kind(next(leaves(get_args(kind)[0])), None), "x")]
    elif kind is str:
        yield "x"
    elif kind in (int, float):
        yield 1


def _smallest(kind: type[Spec]) -> dict[str, Any]:
    """The keys that a model must have."""
    made: dict[str, Any] = {"lipsync": {}} if issubclass(kind, Route) else {}
    for name, info in kind.model_fields.items():
        if name == "backend":
            made[name] = info.default
        elif info.is_required():
            made[name] = next(_stand_ins(tuple(leaves(info.annotation)), info, None), "x")
    return made


def _is_spec(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Spec)


def _at(raw: Any, where: Where) -> Any:
    """What lies at a place; None where there is nothing."""
    for part in where:
        if isinstance(raw, dict):
            raw = raw.get(str(part))
        elif isinstance(raw, list) and isinstance(part, int) and part < len(raw):
            raw = raw[part]
        else:
            return None
    return raw


def _copy(raw: Any) -> Any:
    if isinstance(raw, dict):
        return {key: _copy(value) for key, value in raw.items()}
    return [_copy(item) for item in raw] if isinstance(raw, list) else raw


def _swept(raw: Any) -> Any:
    """Without the items that are gone."""
    if isinstance(raw, dict):
        return {key: _swept(value) for key, value in raw.items()}
    return [_swept(item) for item in raw if item is not _GONE] if isinstance(raw, list) else raw
