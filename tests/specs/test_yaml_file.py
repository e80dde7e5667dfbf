"""Reading YAML: what a scalar means, which line it is in, and what is refused."""

# ruff: noqa: E501 -- a message is one line, here as on the terminal

from __future__ import annotations

import time

import pytest

from talkmill.specs.yaml_file import MAX_BYTES, Plain, read, show_path


@pytest.fixture
def sheet(tmp_path):
    def reader(text: str | bytes):
        path = tmp_path / "x.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read(path, "x.yaml")

    return reader


@pytest.mark.parametrize(
    "text", ["no", "yes", "on", "12:30", "0123", "1_000", "1.10", "1e3", ".inf", "0x1F", "2026-11-25", "true"]
)
def test_a_scalar_without_quotes_stays_what_was_written(sheet, text):
    """The field decides what a scalar means, so its text must be all there."""
    value = sheet(f"key: {text}").value["key"]
    assert (value, type(value)) == (text, Plain)


def test_a_key_stays_what_was_written(sheet):
    """Norwegian is `no`, not false."""
    assert list(sheet("no: Hei\n1.10: x\ntrue: y").value) == ["no", "1.10", "true"]


def test_null_is_nothing_and_a_missing_value_is_empty(sheet):
    """Somebody who writes null means it; somebody who writes nothing forgot something."""
    assert sheet("a: null\nb: ~\nc:\nd: ''\ne: 'null'").value == {"a": None, "b": None, "c": "", "d": "", "e": "null"}
    assert isinstance(sheet("c:").value["c"], Plain)
    assert not isinstance(sheet("c: ''").value["c"], Plain)


def test_every_value_knows_its_line(sheet):
    """A value's line is where its key stands, an item's where it starts."""
    read_sheet = sheet("# head\na:\n  - x\n  - b: |\n      text\n      more\n    c: {d: 1}\n")
    assert read_sheet.line(("a",)) == 2
    assert read_sheet.line(("a", 0)) == 3
    assert read_sheet.line(("a", 1, "b")) == 4
    assert read_sheet.line(("a", 1, "c", "d")) == 7
    assert read_sheet.line(("a", 1, "c", "missing", 3)) == 7


def test_a_byte_order_mark_and_windows_line_ends_are_fine(sheet):
    """Editors on Windows write them."""
    read_sheet = sheet(b"\xef\xbb\xbfa: 1\r\nb: two\r\n")
    assert read_sheet.value == {"a": "1", "b": "two"}
    assert read_sheet.line(("b",)) == 2
    assert not read_sheet.problems


def test_emoji_and_right_to_left_text_are_fine(sheet):
    """People write in every script."""
    text = "\u0645\u0631\u062d\u0628\u0627 \U0001f469\u200d\U0001f680 \u05e9\u05dc\u05d5\u05dd"
    assert sheet(f"a: {text}").value == {"a": text}


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{b}: &{b} [{','.join(['*' + a] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)


REFUSED = [
    ("a: &x 1\nb: *x", "x.yaml:1: a: has a YAML anchor (found '&x'). Take it away; a text that starts with & goes in quotes."),
    (
        "- *bold",
        "x.yaml:1: [0]: is a YAML alias (found '*bold'). Write the value out; a text that starts with * goes in quotes.",
    ),
    (
        "a: !!python/name:os.system x",
        "x.yaml:1: a: has a YAML tag (found '!!python/name:os.system'). Take it away; a text that starts with ! goes in quotes.",
    ),
    ("a: 1\nb: 2\na: 3", "x.yaml:3: a: is given twice (first in line 1). Keep one of the two."),
    ("a: 1\n---\nb: 2", "x.yaml:2: starts a second YAML document. Take the line '---' away, or make it a second file."),
    (
        "? [a]\n: b",
        "x.yaml:1: has a list or mapping as a key. A key is one word; a text that starts with [ or { goes in quotes.",
    ),
    ("'': b", "x.yaml:1: holds a key that is no word (found ''). Give the key a name."),
    (b"a: caf\xe9", "x.yaml:1: is not UTF-8 text (found the byte 0xE9). Save the file as UTF-8."),
    (b"\n\na: \x07", "x.yaml:3: holds a control character (found U+0007). Take it away."),
    ('a: "x\\x07"', "x.yaml:1: a: holds a control character (found U+0007). Take it away."),
    ("[" * 40, "x.yaml:1: is nested too deep (more than 32 levels). No spec needs that; see the reference."),
    ("a: x" + " " * MAX_BYTES, "x.yaml: is too large (256 kB, the limit is 256 kB). Split it into several files."),
    (
        "a: b: c",
        "x.yaml:1: ': ' stands where no key can be (found 'a: b: c'). Put a text that holds ': ' in quotes, as a whole.",
    ),
    ("a: @ada", "x.yaml:1: a text starts with '@', which means something in YAML (found 'a: @ada'). Put the text in quotes."),
    ("- & co", "x.yaml:1: a text starts with '&', which means something in YAML (found '- & co'). Put the text in quotes."),
    ("a:\n\t- b", "x.yaml:2: a tab indents this line. Indent with spaces."),
    ("a: 'open\nb: 1\n", "x.yaml:1: a quote is opened and never closed (found 'a: 'open'). Close the quote."),
    (
        'a: "\\q"',
        "x.yaml:1: a backslash in double quotes means nothing here (found 'a: \"\\q\"'). Use single quotes, or write \\\\ for \\.",
    ),
    ("a: [1, 2\nb: 3", "x.yaml:2: a list that starts with [ is not closed (found 'b: 3'). Close it with ]."),
    (
        "a: {b: 1\nc: 3",
        "x.yaml:2: a mapping that starts with { is not closed (found 'c: 3'). Close it with }, and put texts with commas in quotes.",
    ),
    (
        '- "Hello," she said',
        "x.yaml:1: a text goes on after its closing quote (found '- \"Hello,\" she said'). Put the whole text in quotes of the other kind, or begin it with another word.",
    ),
    (
        'a: "Hello," she said',
        "x.yaml:1: a text goes on after its closing quote (found 'a: \"Hello,\" she said'). Put the whole text in quotes of the other kind, or begin it with another word.",
    ),
    (
        "- a\nb: 1",
        "x.yaml:2: a list goes on with something that is no item (found 'b: 1'). Start each item with '- ', all in the same column.",
    ),
    (
        "a: 1\n b: 2",
        "x.yaml:2: ': ' stands where no key can be (found 'b: 2'). Put a text that holds ': ' in quotes, as a whole.",
    ),
    ("a: 1\nb\nc: 2", "x.yaml:3: a key has no ':' behind it (found 'c: 2'). Write `key: value`, or put the text in quotes."),
]


@pytest.mark.parametrize(("text", "told"), REFUSED, ids=[str(told)[:60] for _, told in REFUSED])
def test_a_trap_is_told_with_its_line_and_its_cure(sheet, text, told):
    """What YAML would take in silence, or refuse in its own words, is one line in ours."""
    assert [str(problem) for problem in sheet(text).problems][:1] == [told]


def test_an_alias_bomb_is_refused_at_once(sheet):
    """300 bytes that stand for nine to the ninth values cost nothing."""
    start = time.process_time()
    found = sheet(BOMB)
    assert time.process_time() - start < 0.2
    assert len(str(found.value)) < 2000
    assert "alias" in str(found.problems[-1])


def test_deep_nesting_is_refused_at_once(sheet):
    """A quarter of a megabyte of brackets neither hangs nor overflows."""
    start = time.process_time()
    assert not sheet("[" * (MAX_BYTES - 1)).readable
    assert not sheet("- " * (MAX_BYTES // 2 - 1)).readable
    assert not sheet("{a: " * (MAX_BYTES // 4 - 1)).readable
    assert time.process_time() - start < 2


def test_a_file_that_cannot_be_read_is_a_problem(tmp_path):
    """A folder in a file's place is told, not raised."""
    (tmp_path / "x.yaml").mkdir()
    assert str(read(tmp_path / "x.yaml", "x.yaml").problems[0]).startswith("x.yaml: is no file. Put a file there.")


def test_paths_are_shown_as_people_write_them():
    """Odd keys are quoted and stay on one line."""
    assert show_path(("episodes", 2, "script", 0, "text")) == "episodes[2].script[0].text"
    assert show_path(("a", "two words\nand more")) == "a['two words and more']"
