"""What pydantic found wrong, in our own words and at the place in the YAML where it was written."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, get_args, get_origin

from pydantic.fields import FieldInfo

from talkmill.errors import Problem
from talkmill.specs.base import LANGUAGE_PATTERN
from talkmill.specs.models import COLOUR_PATTERN, HASHTAG_PATTERN, Line, Spec
from talkmill.specs.money import ACCOUNT_PATTERN, CURRENCY_PATTERN, HOST_PATTERN
from talkmill.specs.scalars import LACK, leaves
from talkmill.specs.shorthand import ID_PATTERN, short_speaker
from talkmill.specs.yaml_file import Sheet, Where, quote

TAG_ERRORS = ("union_tag_invalid", "union_tag_not_found")
"""pydantic's names of a `backend:` that is unknown or missing."""

_PATTERNS = {
    ID_PATTERN: (
        "must be a short name (found {found})",
        "Use letters, digits, '.', '_' and '-', starting with a letter or digit, 80 at most.",
    ),
    LANGUAGE_PATTERN: ("is no language tag (found {found})", "Write it like en, es or pt-BR."),
    COLOUR_PATTERN: ("is no colour (found {found})", 'Write it as six hex digits in quotes, like "#1A2B3C".'),
    HASHTAG_PATTERN: ("is no hashtag (found {found})", "Write one word without the #, 60 characters at most."),
    CURRENCY_PATTERN: ("is no currency (found {found})", "Write its three capital letters, like USD or EUR."),
    HOST_PATTERN: ("is no host (found {found})", "Write its name alone in small letters, like cdn.example.com."),
    ACCOUNT_PATTERN: (
        "must be a short name (found {found})",
        "Use letters, digits, '.', '_' and '-', starting with a letter or digit, 60 at most.",
    ),
}


@dataclass(frozen=True)
class Place:
    """Where in the YAML an error lies."""

    where: Where
    parent: type[Spec] | None  # the model that holds the key
    allowed: tuple[Any, ...]  # the types that may stand there
    info: FieldInfo | None  # the field, where the place is one and no item of a list or mapping


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known name that somebody who wrote `word` most likely meant."""
    names = {name.lower(): name for name in known}
    close = difflib.get_close_matches(word.lower(), names, n=1, cutoff=0.6)
    return names[close[0]] if close else None


def did_you_mean(word: str, known: Iterable[str], kind: str = "Known here") -> str:
    """A cure for an unknown name: the nearest known one, or all of them."""
    names = sorted(known)
    if close := nearest(word, names):
        return f"Did you mean '{close}'?"
    return f"{kind}: {', '.join(names)}." if names else f"{kind}: none."


def found_text(value: Any) -> str:
    """What was found, short and on one line."""
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, (list, dict)):
        return "a list" if isinstance(value, list) else "a mapping"
    if value is None:
        return "null"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value).lower() if isinstance(value, bool) else str(value)


def problem(item: Mapping[str, Any], place: Place, sheet: Sheet) -> Problem:
    """One of pydantic's errors in our own words."""
    where, kind = place.where, item["type"]
    if kind in TAG_ERRORS:
        where = (*where, "backend")
    what, cure = _words(kind, item["input"], item.get("ctx", {}), place.parent, where)
    if what == "is empty" and _has_comment(sheet, where):
        cure = "# starts a comment in YAML: put the value in quotes."
    return sheet.problem(where, what, cure)


def _has_comment(sheet: Sheet, where: Where) -> bool:
    number = sheet.line(where)
    return bool(re.search(r"[:-]\s+#", sheet.source[number - 1])) if 0 < number <= len(sheet.source) else False


def place_of(model: type[Spec], loc: tuple[str | int, ...], raw: Any) -> Place:
    """Where in the YAML an error lies, by pydantic's location of it.

    pydantic's own location also names union members and key checks, and counts a shorthand as what it stands for.
    """
    allowed: tuple[Any, ...] = (model,)
    where: list[str | int] = []
    parent: type[Spec] | None = None
    info: FieldInfo | None = None
    for part in loc:
        specs = [kind for kind in allowed if isinstance(kind, type) and issubclass(kind, Spec)]
        if part == "[key]":
            continue
        if where and not isinstance(raw, (dict, list)) and not (parent is Line and not specs) and not specs:
            continue  # the member of a union of plain values that pydantic tried
        if len(specs) > 1:
            allowed = tuple(kind for kind in specs if kind.model_fields["backend"].default == part)
            continue
        if not specs and len(allowed) > 1 and part in ("text", "by_language"):
            allowed = tuple(kind for kind in allowed if (get_origin(kind) is dict) == (part == "by_language"))
            continue
        if specs:
            parent = specs[0]
            info = parent.model_fields.get(str(part))
            allowed = tuple(leaves(info.annotation)) if info else (Any,)
            if parent is Line and isinstance(raw, str):
                continue
            if parent is Line and part in ("text", "speaker"):
                part = short_speaker(raw) or part
        else:
            info, allowed = None, tuple(leaf for kind in allowed for leaf in _items(kind))
        where.append(part)
        raw = _inside(raw, part)
    return Place(tuple(where), parent, allowed, info)


def _items(kind: Any) -> Iterable[Any]:
    arguments = get_args(kind)
    return leaves(arguments[-1]) if get_origin(kind) in (list, dict) and arguments else ()


def _inside(raw: Any, part: str | int) -> Any:
    if isinstance(raw, dict):
        return raw.get(str(part))
    return raw[part] if isinstance(raw, list) and isinstance(part, int) and part < len(raw) else None


def _words(kind: str, value: Any, context: dict[str, Any], parent: type[Spec] | None, where: Where) -> tuple[str, str]:
    """What is wrong and what to do, for one of pydantic's error types."""
    if kind in ("own", LACK):
        return context["what"], context["cure"]
    if kind == "missing":
        return "is missing", f"Add it: {_description(parent, where)}"
    if value is None and kind != "extra_forbidden":
        return "is null", "Give a value, or take the key away."
    if value == "" and kind in ("string_pattern_mismatch", "string_too_short"):
        return "is empty", "Give a value, or take the key away."
    words = _WORDS.get(kind)
    if words is not None:
        return words(value, context, parent, where)
    if kind in ("value_error", "assertion_error"):
        return f"{context['error']}".rstrip("."), "See docs/reference for what may stand here."
    return f"cannot be used here (found {found_text(value)})", "See docs/reference for what may stand here."


def _description(parent: type[Spec] | None, where: Where) -> str:
    info = parent.model_fields.get(str(where[-1])) if parent and where else None
    return " ".join((info.description or "see docs/reference.").split()) if info else "see docs/reference."


def _range(parent: type[Spec] | None, where: Where) -> str:
    """The bounds of a number's field, as a cure."""
    info = parent.model_fields.get(str(where[-1])) if parent and where else None
    bounds: dict[str, Any] = {}
    for item in info.metadata if info else ():
        bounds |= {name: getattr(item, name) for name in ("ge", "gt", "le", "lt") if getattr(item, name, None) is not None}
    low, high = bounds.get("ge", bounds.get("gt")), bounds.get("le", bounds.get("lt"))
    if low is not None and high is not None:
        return f"Choose a number from {low:g} to {high:g}."
    return "Choose another number."


Words = Callable[[Any, dict[str, Any], type[Spec] | None, Where], tuple[str, str]]


def _bound(word: str, name: str) -> Words:
    return lambda value, context, parent, where: (
        f"must be {word} {context[name]:g} (found {found_text(value)})",
        _range(parent, where),
    )


def _wanted(what: str, cure: str) -> Words:
    return lambda value, context, parent, where: (f"must be {what} (found {found_text(value)})", cure)


def _extra(value: Any, context: dict[str, Any], parent: type[Spec] | None, where: Where) -> tuple[str, str]:
    known = [name for name in (parent.model_fields if parent else ()) if name != where[-1]]
    return "is not a key that is known here", did_you_mean(str(where[-1]), known)


def _literal(value: Any, context: dict[str, Any], parent: type[Spec] | None, where: Where) -> tuple[str, str]:
    choices = [text or number for text, number in re.findall(r"'([^']*)'|(\d+)", context["expected"])]
    return f"must be {_either(choices)} (found {found_text(value)})", _choose(value, choices)


def _tag(value: Any, context: dict[str, Any], parent: type[Spec] | None, where: Where) -> tuple[str, str]:
    choices = re.findall(r"'([^']*)'", context["expected_tags"])
    return f"is not known (found {found_text(context['tag'])})", did_you_mean(context["tag"], choices)


def _no_tag(value: Any, context: dict[str, Any], parent: type[Spec] | None, where: Where) -> tuple[str, str]:
    if not isinstance(value, dict):
        return f"is missing (found {found_text(value)} in its place)", "Write the keys below, `backend:` first."
    return "is missing", "Add it: which engine makes this, for example `backend: piper`."


def _pattern(value: Any, context: dict[str, Any], parent: type[Spec] | None, where: Where) -> tuple[str, str]:
    what, cure = _PATTERNS.get(context["pattern"], ("has the wrong form (found {found})", "See docs/reference."))
    return what.format(found=found_text(value)), cure


def _too_long(value: Any, context: dict[str, Any], parent: type[Spec] | None, where: Where) -> tuple[str, str]:
    cure = "Split it into several lines." if parent is Line else "Shorten it."
    return f"is too long ({len(value):,} characters, the limit is {context['max_length']:,})", cure


def _few(value: Any, context: dict[str, Any], parent: type[Spec] | None, where: Where) -> tuple[str, str]:
    count = context["actual_length"]
    if count == 0:
        return "is empty", "Give at least one, or take the key away."
    return f"holds too few (found {count}, at least {context['min_length']})", "Add some."


def _many(value: Any, context: dict[str, Any], parent: type[Spec] | None, where: Where) -> tuple[str, str]:
    count = len(value) if isinstance(value, (list, dict)) else context["actual_length"]
    return f"holds too many (found {count}, {context['max_length']} at most)", "Take some away."


def _date(value: Any, context: dict[str, Any], parent: type[Spec] | None, where: Where) -> tuple[str, str]:
    return f"is no date (found {found_text(value)})", "Write it as 2027-03-01 or 2027-03-01T18:00:00+01:00."


def _mapping(value: Any, context: dict[str, Any], parent: type[Spec] | None, where: Where) -> tuple[str, str]:
    return f"must be a mapping (found {found_text(value)})", "Write `key: value` lines under it, indented."


def _either(choices: list[str]) -> str:
    return choices[0] if len(choices) == 1 else f"{', '.join(choices[:-1])} or {choices[-1]}"


def _choose(value: Any, choices: list[str]) -> str:
    close = nearest(str(value), choices) if isinstance(value, str) else None
    return f"Did you mean '{close}'?" if close else "Choose one of them."


_WORDS: dict[str, Words] = {
    "extra_forbidden": _extra,
    "literal_error": _literal,
    "union_tag_invalid": _tag,
    "union_tag_not_found": _no_tag,
    "string_pattern_mismatch": _pattern,
    "string_type": _wanted("a text", "Write one text; a text that holds ': ' or starts with [ or { goes in quotes."),
    "string_too_short": lambda value, context, parent, where: ("is empty", "Give a value, or take the key away."),
    "string_too_long": _too_long,
    "too_short": _few,
    "too_long": _many,
    "list_type": _wanted("a list", "Start each item with '- ', one a line."),
    "dict_type": _mapping,
    "model_type": _mapping,
    "model_attributes_type": _mapping,
    "greater_than_equal": _bound("at least", "ge"),
    "greater_than": _bound("more than", "gt"),
    "less_than_equal": _bound("at most", "le"),
    "less_than": _bound("less than", "lt"),
    "bool_type": _wanted("true or false", "Write true or false, without quotes."),
    "bool_parsing": _wanted("true or false", "Write true or false, without quotes."),
    "int_type": _wanted("a whole number", "Write it in plain decimals, like 12."),
    "float_type": _wanted("a number", "Write it in plain decimals, like 12 or 0.5."),
    "finite_number": _wanted("a finite number", "Write it in plain decimals, like 12 or 0.5."),
    "datetime_type": _date,
    "datetime_parsing": _date,
    "datetime_from_date_parsing": _date,
    "datetime_object_invalid": _date,
}
