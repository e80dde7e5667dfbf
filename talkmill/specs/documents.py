"""What is generated from the models: the JSON schemas that editors read, and the reference pages that people read.

`python -m talkmill.specs.documents --write` writes them into `schemas/` and `docs/reference/`, `--check` says whether they are
what the models say.
"""

from __future__ import annotations

import argparse
import difflib
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from talkmill.specs import defaults, templates
from talkmill.specs.base import LANGUAGE_PATTERN
from talkmill.specs.models import COLOUR_PATTERN, HASHTAG_PATTERN, Character, Config, Schedule, Spec
from talkmill.specs.shorthand import ID_PATTERN

REPAIR = "python -m talkmill.specs.documents --write"
"""The command that brings the files up to date."""

KINDS: dict[str, type[Spec]] = {"character": Character, "schedule": Schedule, "config": Config}

_DATE = r"^(19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}([Tt ].+)?$"
_LOOK = {"Scene": defaults.SCENE, "NameLine": defaults.NAME_LINE, "CaptionStyle": defaults.CAPTIONS}
_LOOK |= {"Lipsync": defaults.LIPSYNC}
_PATTERNS = {
    ID_PATTERN: "id",
    LANGUAGE_PATTERN: "language tag",
    COLOUR_PATTERN: "colour",
    HASHTAG_PATTERN: "word",
    _DATE: "date",
}

_CONFIG = """\
# yaml-language-server: $schema=schemas/config.schema.json
fps: 30
formats: [vertical, square]
scene:
  captions:
    highlight: "#7CE0C3"
"""


def documents() -> dict[str, str]:
    """Every generated file: its path from the project's root, and its text."""
    files = {f"schemas/{name}.schema.json": _json(schema(model)) for name, model in KINDS.items()}
    return files | {f"docs/reference/{name}.md": page(name) for name in KINDS}


def stale(root: Path) -> Iterator[str]:
    """A diff for each generated file that is not what the models say."""
    for path, text in documents().items():
        file = root / path
        found = file.read_text(encoding="utf-8") if file.is_file() else ""
        if found != text:
            lines = difflib.unified_diff(found.splitlines(), text.splitlines(), path, f"{path} (from the models)", lineterm="")
            yield "\n".join(lines)


# --- schemas -------------------------------------------------------------------------------------


def schema(model: type[Spec]) -> dict[str, Any]:
    """The JSON schema of one kind of file: it takes what the loader takes, as far as one file by itself can say."""
    raw = model.model_json_schema()
    for name, part in raw.get("$defs", {}).items():
        _describe(name, part)
    _describe(model.__name__, raw)
    _adapt(raw)
    description = raw.pop("description", "")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Talkmill {model.__name__.lower()}",
        "description": description,
        **raw,
    }


def _describe(name: str, part: dict[str, Any]) -> None:
    """What pydantic cannot say of a model: defaults that `resolve` fills in, and rules between keys."""
    look = _LOOK.get(name, {})
    for key, value in part.get("properties", {}).items():
        value.pop("title", None)
        if value.get("default", 0) is None:
            del value["default"]
        if look.get(key) is not None:
            value["default"] = look[key]
        if "$ref" in value:
            value.pop("default", None)  # a model's defaults are told key by key
        if "const" in value:
            value.setdefault("description", "Chooses this engine.")
    part.pop("title", None)
    if "backend" in part.get("properties", {}) and (name.endswith("Voice") or name in _NAMED):
        part["required"] = ["backend", *part.get("required", [])]
    if choice := _ONE_OF.get(name):
        given = [{"required": [key], "properties": {key: {"not": {"type": "null"}}}} for key in choice]
        part["oneOf"] = given


_NAMED = ("KlingPortrait", "FalPortrait", "KlingMotion", "FalMotion")
"""Models that are told from others by their `backend` alone."""

_ONE_OF = {"Background": ("colour", "gradient", "image"), "PhotoPortrait": ("file", "clip")}
"""Models of whose keys exactly one is given."""


def _adapt(part: Any) -> None:
    """Editors read YAML by its own types, the loader by the field's: a text may look like a number."""
    if isinstance(part, list):
        for item in part:
            _adapt(item)
    if not isinstance(part, dict):
        return
    if part.get("format") == "date-time":
        del part["format"]
        part["pattern"] = _DATE
    elif part.get("type") == "string" and not part.keys() & {"enum", "const", "pattern"}:
        part["type"] = ["string", "number", "boolean"]
    elif part.get("pattern") in (ID_PATTERN, HASHTAG_PATTERN):
        part["type"] = ["string", "number"]
    if "patternProperties" in part:
        part.setdefault("additionalProperties", False)
    items = part.get("items", {})
    if items.get("pattern") == LANGUAGE_PATTERN or "enum" in items:
        part["uniqueItems"] = True
    for key, item in part.items():
        if key not in ("default", "examples", "enum", "const", "required"):
            _adapt(item)


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


# --- reference pages -----------------------------------------------------------------------------


def page(kind: str) -> str:
    """The reference page of one kind of file."""
    model = KINDS[kind]
    whole = model.model_json_schema()
    parts = {model.__name__: whole, **whole.get("$defs", {})}
    for name, part in parts.items():
        _describe(name, part)
    start = {
        "character": templates.CHARACTER.format(id="nora", name="Nora"),
        "schedule": templates.SCHEDULE.format(id="hello", speaker="nora"),
        "config": _CONFIG,
    }[kind]
    told = "An example:" if kind == "config" else f"`talkmill new {kind} ID` writes a file to start from:"
    lines = [
        f"# The {kind} file",
        "",
        f"<!-- Generated from talkmill/specs/models.py by `{REPAIR}`: edit the models, not this page. -->",
        "",
        *_paragraphs(whole["description"]),
        "",
        told,
        "",
        "```yaml",
        start.rstrip("\n"),
        "```",
    ]
    for name in _order(model.__name__, parts):
        lines += ["", *_table(name, parts[name], name == model.__name__)]
    return "\n".join(lines) + "\n"


def _order(first: str, parts: Mapping[str, Any]) -> list[str]:
    """The models in the order in which a reader meets them."""
    found: list[str] = []

    def visit(name: str) -> None:
        if name in found:
            return
        found.append(name)
        for target in _references(parts[name].get("properties", {})):
            visit(target)

    visit(first)
    return found


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"].rpartition("/")[2]
        for key, item in value.items():
            if key != "mapping":
                yield from _references(item)
    elif isinstance(value, list):
        for item in value:
            yield from _references(item)


def _table(name: str, part: Mapping[str, Any], top: bool) -> list[str]:
    lines = ["## Keys"] if top else [f"## {_heading(name)}", "", *_paragraphs(part.get("description", ""))]
    lines += ["", "| key | value | default | what it is |", "| --- | --- | --- | --- |"]
    required = part.get("required", [])
    for key, value in part.get("properties", {}).items():
        default = "**required**" if key in required else _default(value)
        lines.append(f"| `{key}` | {_kind(value)} | {default} | {_what(value)} |")
    return lines


def _paragraphs(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines()]


def _heading(name: str) -> str:
    words = "".join(f" {char.lower()}" if char.isupper() else char for char in name).strip()
    return words.capitalize()


def _kind(value: Mapping[str, Any]) -> str:
    """The type of a key's value, in words."""
    if "$ref" in value:
        name = value["$ref"].rpartition("/")[2]
        return f"[{_heading(name).lower()}](#{_heading(name).lower().replace(' ', '-')})"
    if "const" in value:
        return f"`{value['const']}`"
    if "enum" in value:
        return ", ".join(f"`{choice}`" for choice in value["enum"])
    if value.get("title") == "character: text":
        return "`character: text`"
    for union in ("oneOf", "anyOf"):
        if union in value:
            shown = [_kind(item) for item in value[union] if item.get("type") != "null"]
            if "number" in shown and "whole number" in shown:
                shown.remove("whole number")
            return " or ".join(dict.fromkeys(shown))
    return _plain_kind(value)


def _plain_kind(value: Mapping[str, Any]) -> str:
    kind = value.get("type")
    if kind == "array":
        return f"list of: {_kind(value['items'])}"
    if kind == "object":
        inner = value.get("additionalProperties") or next(iter(value.get("patternProperties", {}).values()), {})
        if inner is True:
            return "mapping"
        by = "by language" if LANGUAGE_PATTERN in value.get("patternProperties", {}) else "by name"
        return f"{by}: {_kind(inner)}" if inner else "mapping"
    low, high = value.get("minimum"), value.get("maximum")
    number = {"integer": "whole number", "number": "number"}.get(str(kind))
    if number:
        return f"{number}, {low:.10g} to {high:.10g}" if low is not None and high is not None else number
    if kind == "string" and value.get("format") == "date-time":
        return "date, or date and time"
    return {"boolean": "`true` or `false`", "string": _PATTERNS.get(value.get("pattern", ""), "text")}.get(str(kind), "value")


def _default(value: Mapping[str, Any]) -> str:
    default = value.get("default")
    return "" if default in (None, "", {}, []) else f"`{json.dumps(default, ensure_ascii=False)}`"


def _what(value: Mapping[str, Any]) -> str:
    shown = value.get("description", "").replace("\n", " ")
    examples = [f"`{json.dumps(example, ensure_ascii=False)}`" for example in value.get("examples", [])]
    return f"{shown} Example: {', '.join(examples)}" if examples else shown


def main() -> int:
    """`--check` or `--write`; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m talkmill.specs.documents", description=main.__doc__)
    choice = parser.add_mutually_exclusive_group(required=True)
    choice.add_argument("--check", action="store_true", help="tell what is out of date")
    choice.add_argument("--write", action="store_true", help="bring everything up to date")
    arguments = parser.parse_args()
    root = Path(__file__).parents[2]
    if arguments.check:
        differences = list(stale(root))
        if differences:
            print("\n".join(differences), f"\nout of date. Run: {REPAIR}", file=sys.stderr)
        return 1 if differences else 0
    for path, text in documents().items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
