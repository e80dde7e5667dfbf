"""The caption backend: files, fonts, escaping, determinism."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pysubs2
import pytest

from talkmill.backends.caption import fonts
from talkmill.backends.caption.ass import escape
from talkmill.backends.caption.libass import Libass
from talkmill.backends.check import drawn
from talkmill.errors import MediaError, PrerequisiteError, RequestError
from talkmill.media.formats import named


def request(
    *texts: str, language: str = "en", style: dict[str, Any] | None = None, formats: tuple[str, ...] = ("vertical",)
) -> dict[str, Any]:
    words, at = [], 12_000
    for number, text in enumerate(texts):
        for word in text.split():
            end = at + 2400 * max(2, len(word))
            words.append([word, at, end, number])
            at = end
        at += 24_000
    frames = at // 1600 + 15
    speakers = [f"speaker{number % 2}" for number in range(len(texts))]
    return {
        "fps": 30,
        "frames": frames,
        "language": language,
        "words": words,
        "speakers": speakers,
        "styles": {name: style or {} for name in speakers},
        "formats": list(formats),
    }


def look(folder: Path, result: Any, shape: str = "vertical") -> drawn.Drawn:
    files = [path for key, path in result.files.items() if key.startswith("fonts-")]
    return drawn.look(result.files[f"ass-{shape}"], files, named(shape))


def test_files_are_written_as_the_contract_says(tmp_path: Path) -> None:
    """Law: srt, vtt, one ASS a format, the fonts that are used, and their facts in the same order."""
    result = Libass().run(request("Hello there, my friend.", "Good morning!", formats=("vertical", "wide")), {}, tmp_path)
    assert set(result.files) == {"srt", "vtt", "ass-vertical", "ass-wide", "fonts-0"}
    assert result.facts["cues"] == 2
    assert result.facts["fonts"] == [{"family": "Poppins ExtraBold", "weight": 800}]
    srt = pysubs2.load(str(result.files["srt"]))
    vtt = pysubs2.load(str(result.files["vtt"]))
    assert [event.plaintext for event in srt] == ["Hello there, my friend.", "Good morning!"]
    assert [(event.start, event.end) for event in srt] == [(event.start, event.end) for event in vtt]


def test_every_word_is_highlighted_while_it_is_spoken_and_nothing_moves(tmp_path: Path) -> None:
    """Law: each frame of a line has one event; events of a line differ in colour and time only; each word gets its turn."""
    result = Libass().run(request("Nobody tells you this"), {}, tmp_path)
    file = pysubs2.load(str(result.files["ass-vertical"]))
    rows: dict[str, list[Any]] = {}
    for event in file:
        rows.setdefault(event.plaintext, []).append(event)
    for text, events in rows.items():
        assert len({event.text.split("}")[0] for event in events}) == 1  # one place
        assert all(left.end == right.start for left, right in pairwise(events))
        turns = [event.text.split("\\1c&H3FD2FF&}")[1].split("{")[0] for event in events if event.name == "spoken"]
        assert turns == text.split()


@pytest.mark.parametrize("shape", ["vertical", "square", "wide"])
@pytest.mark.parametrize(("box", "position"), [(None, 0.76), (None, 0.12), ("#1B2A49", 0.76), ("#1B2A49", 0.12)])
def test_captions_are_drawn_inside_the_safe_box(tmp_path: Path, shape: str, box: str | None, position: float) -> None:
    """Law: measured on the drawn pixels, outline, shadow and plate included, also for words longer than a line."""
    text = "WWWWWWWWWWWWWWWWWW mmmmmmmmmmmm Geschwindigkeitsbegrenzungen and ordinary words as well, of course."
    style = {"box": box, "size": 96, "position": position}
    result = Libass().run(request(text, style=style, formats=(shape,)), {}, tmp_path)
    found = look(tmp_path, result, shape)
    assert found.states > 2
    assert found.outside == ()
    assert found.drawing.problems() == []
    assert found.box is not None
    assert abs((found.box[0] + found.box[2]) / 2 - named(shape).width / 2) < 8  # centred on the frame


@pytest.mark.parametrize(
    ("language", "text", "family"),
    [
        ("es", "¿Qué tal? Mañana será ñandú, güey: 100 % “así”.", "Poppins ExtraBold"),
        ("hi", "नमस्ते दोस्तों, आज हम कॉफ़ी के बारे में बात करेंगे।", "Poppins ExtraBold"),
        ("ru", "Привет, друзья! Сегодня говорим о кофе.", "Rubik 800"),
        ("ar", "مرحبا بكم في iPhone الجديد اليوم.", "Rubik 800"),
        ("he", "שלום לכולם, היום נדבר על קפה.", "Rubik 800"),
        ("el", "Γεια σας! Σήμερα μιλάμε για καφέ.", "Open Sans 800"),
        ("vi", "Xin chào các bạn, hôm nay nói về cà phê.", "Open Sans 800"),
        ("th", "สวัสดีครับวันนี้เราจะพูดถึงกาแฟ", "Noto Sans Thai 800"),
        ("ja", "今日はコーヒーについて直接話します。", "Noto Sans CJK JP 800"),
        ("zh", "今天我们来聊聊 iPhone 和咖啡。", "Noto Sans CJK SC 800"),
        ("ko", "오늘은 커피에 대해 이야기해 볼게요.", "Noto Sans CJK KR 800"),
    ],
)
def test_the_font_has_the_language_and_is_the_one_that_libass_draws(
    tmp_path: Path, language: str, text: str, family: str
) -> None:
    """Law: one family that has the whole text, at its real weight, and no missing glyph, by libass's own log."""
    result = Libass().run(request(text, language=language), {}, tmp_path)
    assert result.facts["fonts"] == [{"family": family, "weight": 800}]
    found = look(tmp_path, result)
    assert [wanted for wanted, _ in found.drawing.selected] == [family]
    assert found.drawing.problems() == []
    assert found.box is not None


def test_text_is_drawn_as_it_is_written_whatever_ass_would_make_of_it(tmp_path: Path) -> None:
    """Law: braces, backslashes and tags in a script are letters: the file's text comes back whole and stays one line high."""
    text = r"{\fs300} C:\new\N <b>x</b> & }{"
    result = Libass().run(request(text), {}, tmp_path)
    assert "\\{\\\u2060fs300\\}" in result.files["ass-vertical"].read_text("utf-8")
    assert text in " ".join(
        line
        for line in result.files["srt"].read_text("utf-8").splitlines()
        if line and "-->" not in line and not line.isdigit()
    )
    assert "&lt;b&gt;x&lt;/b&gt; &amp;" in result.files["vtt"].read_text("utf-8")
    found = look(tmp_path, result)
    assert found.drawing.problems() == []
    assert found.box is not None
    assert found.box[3] - found.box[1] < 2 * 68 * 1.3


def test_escape_leaves_nothing_for_libass_to_obey() -> None:
    """Law: no override block opens and no backslash begins a command."""
    assert escape("a{b}c\\Nd\x07\n") == "a\\{b\\}c\\\u2060Nd  "


def test_emoji_stay_in_the_subtitles_and_are_named_where_they_are_not_drawn(tmp_path: Path) -> None:
    """Law: what no font can draw is left out of the picture openly, and is kept in the subtitle files."""
    result = Libass().run(request("Great work 🎉 everyone 👩‍🚀!"), {}, tmp_path)
    assert "🎉" in result.facts["not_drawn"]
    assert "🎉" in result.files["srt"].read_text("utf-8")
    assert "🎉" not in result.files["ass-vertical"].read_text("utf-8")
    assert look(tmp_path, result).drawing.problems() == []


def test_a_character_that_no_font_has_is_refused(tmp_path: Path) -> None:
    """Law: there is no silent box glyph; the message names the characters and the cure."""
    with pytest.raises(RequestError, match=r"ꆈ.*captions\.font"):
        Libass().run(request("ꆈꌠꁱꂷ"), {}, tmp_path)


def test_without_the_cjk_fonts_the_message_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Law: a missing optional package is named with the command that installs it."""
    real = fonts.find_spec
    monkeypatch.setattr(fonts, "find_spec", lambda name: None if name == fonts.CJK else real(name))
    with pytest.raises(PrerequisiteError, match=r"pip install 'talkmill\[cjk\]'"):
        Libass().run(request("今日は", language="ja"), {}, tmp_path)


def test_a_font_of_the_project_is_used_as_it_is(tmp_path: Path) -> None:
    """Law: a style's font that is no family of Talkmill's is the file among the inputs; a variable one gets its real weight."""
    own = fonts.FAMILIES["Open Sans"].path()
    result = Libass().run(request("Hello there", style={"font": "fonts/mine.ttf"}), {"font": own}, tmp_path)
    assert result.facts["fonts"] == [{"family": "Open Sans 800", "weight": 800}]
    assert look(tmp_path, result).drawing.problems() == []


def test_each_speaker_may_have_a_font_file_of_its_own(tmp_path: Path) -> None:
    """Law: an input `font:<speaker>` is that speaker's, as a plan names it; the other keeps Talkmill's own family."""
    asked = request("Hello there", "Good day") | {"styles": {"speaker0": {"font": "mine.ttf"}, "speaker1": {}}}
    result = Libass().run(asked, {"font:speaker0": fonts.FAMILIES["Rubik"].path()}, tmp_path)
    assert [fact["family"] for fact in result.facts["fonts"]] == ["Rubik 800", "Poppins ExtraBold"]


def test_a_mark_behind_an_emoji_stands_at_the_word_before_it(tmp_path: Path) -> None:
    """Law: what is left out leaves no gap before a mark."""
    asked = request("x")
    asked["words"] = [
        ["friends \U0001f680\U0001f469\u200d\U0001f680!", 12_000, 40_000, 0],
        ["Well \U0001f600 done.", 41_000, 60_000, 0],
    ]
    drawn = Libass().run(asked, {}, tmp_path).files["ass-vertical"].read_text(encoding="utf-8")
    assert "friends!" in drawn
    assert "friends !" not in drawn


def test_an_unknown_family_and_a_broken_font_file_are_people_s_errors(tmp_path: Path) -> None:
    """Law: no traceback; the known families are listed."""
    with pytest.raises(RequestError, match="Poppins"):
        Libass().run(request("Hello", style={"font": "Comic Sans"}), {}, tmp_path)
    broken = tmp_path / "broken.ttf"
    broken.write_text("not a font")
    with pytest.raises(MediaError, match="no font that can be read"):
        Libass().run(request("Hello", style={"font": "broken.ttf"}), {"font": broken}, tmp_path)


def test_hidden_captions_leave_the_picture_and_keep_the_files(tmp_path: Path) -> None:
    """Law: `show: false` burns nothing in; the subtitle files are written all the same."""
    result = Libass().run(request("Hello there", style={"show": False}), {}, tmp_path)
    assert len(pysubs2.load(str(result.files["ass-vertical"]))) == 0
    assert "Hello there" in result.files["srt"].read_text("utf-8")


def test_two_processes_make_the_same_bytes(tmp_path: Path) -> None:
    """Law: same request, same bytes, in fresh processes with other hash seeds; a cut font included."""
    code = (
        "import sys, hashlib; from pathlib import Path\n"
        "from tests.backends.caption.test_libass import request\n"
        "from talkmill.backends.caption.libass import Libass\n"
        "folder = Path(sys.argv[1]); folder.mkdir()\n"
        "result = Libass().run(request('Привет, друзья 🎉!', language='ru'), {}, folder)\n"
        "print({key: hashlib.sha256(path.read_bytes()).hexdigest() for key, path in sorted(result.files.items())})\n"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / seed)],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": "."},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(seen) == 1


def test_importing_the_backend_loads_nothing_heavy() -> None:
    """Law: pysubs2, fontTools, uharfbuzz and budoux are loaded when a caption is made, not before."""
    code = (
        "import sys, talkmill.backends.caption.libass; "
        "print([m for m in ('pysubs2', 'fontTools', 'uharfbuzz', 'budoux', 'numpy', 'cv2') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
