"""The short forms that the YAML allows, and the checks that one field's type cannot say."""

from __future__ import annotations

import re
from datetime import date, datetime
from itertools import combinations
from typing import Any

from pydantic import GetJsonSchemaHandler
from pydantic_core import CoreSchema

from talkmill.specs.scalars import core, wrong
from talkmill.specs.yaml_file import Plain, quote

ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$"
OPTIONS = ("pause", "emotion", "overlap", "shot")
RECORDING_KEYS = ("recording", "start", "end", "sung")
"""Keys that the short form `character: text` does not have: that needs a line of several keys anyhow."""
LINE_KEYS = ("speaker", "text", *OPTIONS, *RECORDING_KEYS)

_LANGUAGE_KEY = re.compile(r"[a-z]{2}(-[A-Za-z0-9]{2,8})?")
_DATE = re.compile(r"(19|20|21)\d\d-\d\d-\d\d([Tt ].+)?")


def short_speaker(value: Any) -> str | None:
    """The character of a line that is written `character: text`; None where it is written in another way."""
    if not isinstance(value, dict) or "text" in value or "speaker" in value:
        return None
    others = [key for key in value if key not in LINE_KEYS]
    return others[0] if len(others) == 1 and re.match(ID_PATTERN, others[0]) else None


def line(value: Any) -> Any:
    """A bare text is a line of the episode's speaker; `{ada: text}` is a line of ada's, also with a pause or an emotion."""
    if isinstance(value, str):
        return {"text": value}
    speaker = short_speaker(value)
    if speaker is not None and (given := [key for key in RECORDING_KEYS if key in value]):
        cure = f"Write it as {{speaker: {speaker}, text: ..., {given[0]}: ...}}."
        raise wrong(f"has {given[0]} in the short form", cure)
    if speaker is not None:
        return {"speaker": speaker, "text": value[speaker], **{key: item for key, item in value.items() if key in LINE_KEYS}}
    if isinstance(value, dict) and "text" not in value and "speaker" not in value:
        others = [key for key in value if key not in LINE_KEYS]
        cure = "Write a text, or `character: text`; a text that holds ': ' goes in quotes."
        if len(others) > 1 and all(_LANGUAGE_KEY.fullmatch(key) for key in others):
            cure = f"Write the languages under `text:`, like {{text: {{{others[0]}: ..., {others[1]}: ...}}}}."
        if others:
            raise wrong(f"is no line (found {quote(', '.join(others))})", cure)
    return value


def texts_kind(value: Any) -> str | None:
    """Which form of "a text, or one for each language" a value has; the tag of a pydantic union."""
    return "by_language" if isinstance(value, dict) else "text" if isinstance(value, str) else None


def backend_of(value: Any) -> str | None:
    """The name of the backend that a mapping or a spec chooses; the tag of a pydantic union."""
    found = value.get("backend") if isinstance(value, dict) else getattr(value, "backend", None)
    return str(found) if isinstance(found, str) else None


def portrait_kind(value: Any) -> str | None:
    """The backend of a portrait; without one, a mapping with `folder` is a sheet, one with `file` or `clip` a photograph, and
    anything else an avatar."""
    found = backend_of(value)
    if found is None and isinstance(value, dict) and "folder" in value:
        return "sheet"
    if found is None and isinstance(value, dict) and ("file" in value or "clip" in value):
        return "file"
    return "avatar" if found is None or found == "photo" else found


def moment(value: Any) -> Any:
    """Only ISO dates and times: a bare number would be read as seconds since 1970."""
    if isinstance(value, (datetime, date)) or value is None:
        return value
    if isinstance(value, str) and _DATE.fullmatch(value):
        return value
    found = quote(value) if isinstance(value, str) else "something else"
    raise wrong(f"is no date (found {found})", "Write it as 2027-03-01 or 2027-03-01T18:00:00+01:00.")


def one_line(value: str) -> str:
    """The text with every run of white space as one space: it is shown in one line."""
    return " ".join(value.split())


def unique(values: list[str]) -> list[str]:
    """Each value once, without regard to case: each becomes a folder or file name."""
    folded = [value.lower() for value in values]
    for index, value in enumerate(values):
        if folded.index(folded[index]) < index:
            raise wrong(f"names {quote(value)} twice", "Keep one of the two.")
    return values


def trait(value: Any) -> Any:
    """One trait of a portrait: a text, a number, true or false, or a list of texts."""
    if value == "":
        raise wrong("is empty", "Give a value, or take the key away.")
    if isinstance(value, Plain):
        value = core(value)
    if isinstance(value, list) and value and all(isinstance(item, str) and item for item in value):
        return [str(item) for item in value]
    if isinstance(value, (str, bool, int, float)):
        return value
    raise wrong("is no trait's value", "Give a text, a number, true or false, or a list of texts.")


class Shorthand:
    """Tells the JSON schema of a script's line about `text` and `character: text`."""

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Any of the three forms."""
        line = handler(schema)
        text = handler.resolve_ref_schema(line)["properties"]["text"]
        texts = {key: value for key, value in text.items() if key in ("oneOf", "anyOf")}
        options = {name: handler.resolve_ref_schema(line)["properties"][name] for name in OPTIONS}
        counts = [
            {"required": list(given), "minProperties": len(given) + 1, "maxProperties": len(given) + 1}
            for count in range(len(OPTIONS) + 1)
            for given in combinations(OPTIONS, count)
        ]
        short = {
            "title": "character: text",
            "type": "object",
            "properties": {**options, "speaker": False, "text": False},
            "patternProperties": {f"^(?!({'|'.join(OPTIONS)})$)[A-Za-z0-9][A-Za-z0-9._-]{{0,79}}$": texts},
            "additionalProperties": False,
            "anyOf": counts,  # the options that are given, and one key more
        }
        bare = next(item for item in texts["oneOf"] if item.get("type") == "string")
        return {"anyOf": [bare, line, short]}
