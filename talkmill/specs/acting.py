"""How a line is played and who is seen in it: the forms the YAML allows for `emotion`, `shot` and `shots`."""

from __future__ import annotations

import difflib
import re
from typing import Any, Literal, get_args

from pydantic import GetJsonSchemaHandler, WithJsonSchema
from pydantic_core import CoreSchema

from talkmill.specs.scalars import core, wrong
from talkmill.specs.shorthand import ID_PATTERN, unique
from talkmill.specs.yaml_file import Plain, quote

ShotRule = Literal["speaker", "together", "auto"]

EMOTIONS = ("neutral", "happy", "sad", "angry", "surprised", "tender")
TOGETHER = "together"
"""The `shot:` that shows everyone."""
MOST = 3
"""Characters in one frame."""


def feeling(value: Any) -> Any:
    """The name of an emotion, or a mapping of one name to its strength."""
    one = next(iter(value)) if isinstance(value, dict) and len(value) == 1 else value
    if not isinstance(one, str):
        found = "nothing" if value in (None, {}) else "several" if isinstance(value, dict) else "something else"
        raise wrong(f"is no emotion (found {found})", "Write `happy`, or `{happy: 0.6}` with its strength from 0 to 1.")
    if one not in EMOTIONS:
        close = difflib.get_close_matches(one.lower(), EMOTIONS, n=1, cutoff=0.6)
        cure = f"Did you mean '{close[0]}'?" if close else "Choose one of them."
        raise wrong(f"must be {', '.join(EMOTIONS[:-1])} or {EMOTIONS[-1]} (found {quote(one)})", cure)
    if isinstance(value, dict):
        strength = core(value[one]) if isinstance(value[one], Plain) else value[one]
        if isinstance(strength, bool) or not isinstance(strength, (int, float)) or not 0 <= strength <= 1:
            found = quote(strength) if isinstance(strength, str) else f"{strength}"
            raise wrong(f"has no strength from 0 to 1 (found {found})", f"Write it as {{{one}: 0.6}}.")
        return {str(one): float(strength)}
    return str(one)


def view(value: Any) -> Any:
    """`together`, one character, or up to `MOST` characters from left to right."""
    names = [value] if isinstance(value, str) else value
    right = isinstance(names, list) and names and all(isinstance(one, str) and re.match(ID_PATTERN, one) for one in names)
    if value is None:
        return value
    if not right:
        raise wrong("is no shot", "Write `together`, a character's id, or a list of ids from left to right.")
    if len(names) > MOST:
        raise wrong(f"shows too many (found {len(names)})", f"A frame holds {MOST} characters at most.")
    return str(value) if isinstance(value, str) else unique([str(one) for one in names])


def rule(value: Any) -> Any:
    """`auto` is short for `{by: auto}`."""
    return {"by": str(value)} if isinstance(value, str) else value


class _OrRule:
    """Tells the JSON schema of the short form."""

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """A rule's name, or the mapping."""
        return {"anyOf": [{"type": "string", "enum": list(get_args(ShotRule))}, handler(schema)]}


SHOTS = _OrRule()
_NAME = {"type": "string", "enum": list(EMOTIONS)}
_STRENGTH = {"type": "number", "minimum": 0, "maximum": 1}
_WITH_STRENGTH = {
    "type": "object",
    "properties": {name: _STRENGTH for name in EMOTIONS},
    "additionalProperties": False,
    "minProperties": 1,
    "maxProperties": 1,
}
FEELING = WithJsonSchema({"anyOf": [_NAME, _WITH_STRENGTH]})
_ID = {"type": "string", "pattern": ID_PATTERN}
VIEW = WithJsonSchema({"anyOf": [_ID, {"type": "array", "items": _ID, "minItems": 1, "maxItems": MOST}]})
