"""Reading one YAML file: plain data, with the line of every value, and every problem in our own words.

What is refused, since it surprises people or harms machines: aliases and anchors (a few bytes can unfold to gigabytes),
tags, keys given twice, a second document, text that is not UTF-8, control characters, files over `MAX_BYTES`, nesting over
`MAX_DEPTH`.

A scalar without quotes stays the text that was written (`Plain`); the field it lands in decides what it means. So `no`,
`12:30`, `0123` and `1.10` are those very texts in a text field, and a number field takes plain decimals only.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from talkmill.errors import Problem

MAX_BYTES = 256 * 1024
"""A schedule of a year is about 200 kB; what is larger is not a spec, or should be two."""

MAX_DEPTH = 32
"""The specs nest nine deep at most."""

MOST_PROBLEMS = 50
"""A file with more of them is not meant for this program."""

Where = tuple[str | int, ...]
"""The keys and list indices that lead to a value."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULL = {"~", "null", "Null", "NULL"}
_UNREADABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
_QUOTED_START = re.compile(r"""(?:^|- |: )\s*(["']).*\1\s*[^\s,\]}:#]""")
_SIMPLE_KEY = re.compile(r"[^\s.\[\]'\"]{1,60}")


class Plain(str):
    """A scalar that was written without quotes, as it was written; `Plain("")` is a key with nothing behind it."""

    __slots__ = ()


@dataclass
class Sheet:
    """One YAML file that has been read: its value, the line of each value and what is wrong with it."""

    file: str
    value: Any = None
    lines: dict[Where, int] = field(default_factory=dict)
    source: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    readable: bool = True
    """False where the file could not be read to its end, so that `value` says nothing."""
    holes: set[Where] = field(default_factory=set)
    """Places with a problem of their own: what is found there says nothing for other checks."""

    def spoilt(self, where: Where) -> bool:
        """Whether a value has a problem of its own, or lies in one that has."""
        return any(where[:length] in self.holes for length in range(len(where) + 1)) if self.holes else False

    def touched(self, where: Where) -> bool:
        """Whether a value has a problem of its own, lies in one that has, or holds one."""
        return self.spoilt(where) or any(hole[: len(where)] == where for hole in self.holes)

    def line(self, where: Where) -> int:
        """The 1-based line of a value, or of the nearest value around it; 0 in a file without any."""
        while where not in self.lines and where:
            where = where[:-1]
        return self.lines.get(where, 0)

    def problem(self, where: Where, what: str, cure: str) -> Problem:
        """A problem at a value."""
        return Problem(self.file, self.line(where), show_path(where), what, cure)


def show_path(where: Where) -> str:
    """`("episodes", 2, "id")` as people read it: `episodes[2].id`."""
    shown = ""
    for part in where:
        if isinstance(part, int):
            shown += f"[{part}]"
        elif _SIMPLE_KEY.fullmatch(part):
            shown += f".{part}" if shown else part
        else:
            shown += f"[{quote(part)}]"
    return shown


def quote(text: str, limit: int = 40) -> str:
    """A text in quotes on one line, cut after `limit` characters."""
    flat = "".join(" " if unicodedata.category(char) in ("Cc", "Zl", "Zp", "Cs") else char for char in text)
    return f"'{flat}'" if len(flat) <= limit else f"'{flat[: limit - 1]}…'"


def read(path: Path, file: str) -> Sheet:
    """Read one YAML file; problems are on the sheet, nothing is raised for what the file holds."""
    sheet = Sheet(file)
    text = _text(path, sheet)
    if text is None:
        sheet.readable = False
        return sheet
    sheet.source = text.splitlines()
    try:
        _Builder(sheet).build(yaml.parse(text, Loader=_LOADER))
    except _StopError:
        sheet.readable = False
    except yaml.YAMLError as error:
        sheet.problems.append(_syntax(error, sheet))
        sheet.readable = False
    return sheet


def _text(path: Path, sheet: Sheet) -> str | None:
    """The file's text; None with a problem on the sheet where it has none."""

    def wrong(line: int, what: str, cure: str) -> None:
        sheet.problems.append(Problem(sheet.file, line, "", what, cure))

    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        return wrong(0, f"cannot be read ({error.strerror or error})", "Make it a readable file.")
    if len(data) > MAX_BYTES:
        kilobytes = path.stat().st_size // 1024
        return wrong(0, f"is too large ({kilobytes} kB, the limit is {MAX_BYTES // 1024} kB)", "Split it into several files.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return wrong(line, f"is not UTF-8 text (found the byte 0x{data[error.start]:02X})", "Save the file as UTF-8.")
    if found := _UNREADABLE.search(text):
        line = text.count("\n", 0, found.start()) + 1
        return wrong(line, f"holds a control character (found U+{ord(found[0]):04X})", "Take it away.")
    return text


class _StopError(Exception):
    """The file cannot be read further; the problem is on the sheet."""


@dataclass
class _Frame:
    """A list or mapping that is being read."""

    container: list[Any] | dict[str, Any]
    where: Where
    key: str | None = None  # of the value that comes next; None: a key comes next (mappings only)
    key_line: int = 0
    repeated: bool = False  # the key was there before, or is none: its value is dropped
    is_key: bool = False  # a list or mapping where a key must be


class _Builder:
    """Builds the value from the parser's events, without recursion."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self.frames: list[_Frame] = []
        self.documents = 0

    def wrong(self, line: int, where: Where, what: str, cure: str) -> None:
        self.sheet.problems.append(Problem(self.sheet.file, line, show_path(where), what, cure))
        if len(self.sheet.problems) >= MOST_PROBLEMS:
            raise _StopError

    def build(self, events: Iterator[Any]) -> None:
        for event in events:
            line = event.start_mark.line + 1
            if isinstance(event, yaml.DocumentStartEvent):
                self.documents += 1
                if self.documents > 1:
                    self.wrong(line, (), "starts a second YAML document", "Take the line '---' away, or make it a second file.")
                    return
            elif isinstance(event, yaml.AliasEvent):
                cure = "Write the value out; a text that starts with * goes in quotes."
                self.wrong(line, self._here(), f"is a YAML alias (found {quote('*' + event.anchor)})", cure)
                self.sheet.holes.add(self._here())
                if self._wants_key():
                    self._no_key(line)
                else:
                    self._put(None, line)
            elif isinstance(event, yaml.ScalarEvent):
                self._refuse_properties(event, line)
                self._scalar(event, line)
            elif isinstance(event, (yaml.SequenceStartEvent, yaml.MappingStartEvent)):
                self._refuse_properties(event, line)
                self._open([] if isinstance(event, yaml.SequenceStartEvent) else {}, line)
            elif isinstance(event, (yaml.SequenceEndEvent, yaml.MappingEndEvent)):
                if self.frames.pop().is_key:
                    self._no_key(line)

    def _wants_key(self) -> bool:
        return bool(self.frames) and isinstance(self.frames[-1].container, dict) and self.frames[-1].key is None

    def _no_key(self, line: int) -> None:
        """Go on behind something that stands where a key must be: its value is dropped, and so is what is around it."""
        frame = self.frames[-1]
        frame.key, frame.key_line, frame.repeated = "?", line, True
        self.sheet.holes.add(frame.where)

    def _here(self) -> Where:
        """Where the next value goes."""
        if not self.frames:
            return ()
        frame = self.frames[-1]
        if isinstance(frame.container, list):
            return (*frame.where, len(frame.container))
        return frame.where if frame.key is None else (*frame.where, frame.key)

    def _refuse_properties(self, event: Any, line: int) -> None:
        if event.anchor is not None:
            cure = "Take it away; a text that starts with & goes in quotes."
            self.wrong(line, self._here(), f"has a YAML anchor (found {quote('&' + event.anchor)})", cure)
        if event.tag is not None:
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            cure = "Take it away; a text that starts with ! goes in quotes."
            self.wrong(line, self._here(), f"has a YAML tag (found {quote(tag)})", cure)

    def _scalar(self, event: Any, line: int) -> None:
        if self._wants_key():
            self._key(self.frames[-1], event.value, line)
            return
        if found := _UNREADABLE.search(event.value):
            self.wrong(line, self._here(), f"holds a control character (found U+{ord(found[0]):04X})", "Take it away.")
        value: str | None = event.value
        if event.implicit[0]:
            value = None if event.value in _NULL else Plain(event.value)
        self._put(value, line)

    def _key(self, frame: _Frame, key: str, line: int) -> None:
        where = (*frame.where, key)
        frame.repeated = key in frame.container
        if frame.repeated:
            first = self.sheet.lines.get(where, 0)
            self.wrong(line, where, f"is given twice (first in line {first})", "Keep one of the two.")
        elif not key.strip() or _UNREADABLE.search(key):
            self.wrong(line, frame.where, f"holds a key that is no word (found {quote(key)})", "Give the key a name.")
        frame.key, frame.key_line = key, line

    def _open(self, container: list[Any] | dict[str, Any], line: int) -> None:
        if len(self.frames) >= MAX_DEPTH:
            self.wrong(line, (), f"is nested too deep (more than {MAX_DEPTH} levels)", "No spec needs that; see the reference.")
            raise _StopError
        if self._wants_key():
            cure = "A key is one word; a text that starts with [ or { goes in quotes."
            self.wrong(line, self._here(), "has a list or mapping as a key", cure)
            self.frames.append(_Frame(container, self._here(), is_key=True))
            return
        where = self._here()
        self._put(container, line)
        self.frames.append(_Frame(container, where))

    def _put(self, value: Any, line: int) -> None:
        where = self._here()
        if not self.frames:
            self.sheet.value = value
        else:
            frame = self.frames[-1]
            if isinstance(frame.container, list):
                frame.container.append(value)
            else:
                line = frame.key_line
                if not frame.repeated:
                    frame.container[str(frame.key)] = value
                frame.key = None
        self.sheet.lines.setdefault(where, line)


_SYNTAX = (
    ("mapping values are not allowed", "': ' stands where no key can be", "Put a text that holds ': ' in quotes, as a whole."),
    ("character that cannot start", "a text starts with {char}, which means something in YAML", "Put the text in quotes."),
    ("alphabetic or numeric", "a text starts with {char}, which means something in YAML", "Put the text in quotes."),
    ("unexpected end of stream", "a quote is opened and never closed", "Close the quote."),
    ("document indicator", "a quote is opened and never closed", "Close the quote."),
    (
        "unknown escape",
        "a backslash in double quotes means nothing here",
        "Use single quotes, or write \\\\ for \\.",
    ),
    ("find expected ':'", "a key has no ':' behind it", "Write `key: value`, or put the text in quotes."),
    ("',' or ']'", "a list that starts with [ is not closed", "Close it with ]."),
    ("',' or '}'", "a mapping that starts with { is not closed", "Close it with }, and put texts with commas in quotes."),
    ("expected '-'", "a list goes on with something that is no item", "Start each item with '- ', all in the same column."),
    (
        "did not find expected key",
        "the indentation or a quote is off",
        "Start keys of one mapping in the same column; a text that starts with a quote ends with one.",
    ),
    ("expected <block end>", "the indentation or a quote is off", "Start keys of one mapping in the same column."),
    ("tag", "a text starts with '!', which means something in YAML", "Put the text in quotes."),
)


def _syntax(error: yaml.YAMLError, sheet: Sheet) -> Problem:
    """What the parser stumbled over, in our own words."""
    said = str(getattr(error, "problem", None) or "it cannot be parsed")
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if "unexpected end" in said or "document indicator" in said:
        mark = getattr(error, "context_mark", None) or mark
    number = min(mark.line + 1, len(sheet.source)) if mark else 0
    line = sheet.source[number - 1] if number else ""
    char = line[mark.column] if mark and mark.column < len(line) else ""
    if line[: len(line) - len(line.lstrip())].count("\t") or char == "\t":
        return Problem(sheet.file, number, "", "a tab indents this line", "Indent with spaces.")
    if said.startswith("did not find expected") and _QUOTED_START.search(line):
        cure = "Put the whole text in quotes of the other kind, or begin it with another word."
        return Problem(sheet.file, number, "", f"a text goes on after its closing quote (found {quote(line.strip())})", cure)
    for part, what, cure in _SYNTAX:
        if part in said:
            if "{char}" in what:
                char = line.lstrip(" -")[:1] if "alphabetic" in part else char
                what = what.format(char=quote(char or "?"))
            return Problem(sheet.file, number, "", f"{what} (found {quote(line.strip())})", cure)
    return Problem(sheet.file, number, "", f"is not YAML here: {said} (found {quote(line.strip())})", "Mend the line.")
