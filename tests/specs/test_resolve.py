"""What holds for one character in one episode: the nearest file speaks, the built-in look fills the rest."""

from __future__ import annotations

import json

import pytest

from talkmill.specs import defaults, load
from talkmill.specs.models import CaptionStyle, Character, Config, Episode, NameLine, Scene
from talkmill.specs.resolve import caption_style, portrait, scene, spoken, text, voice
from tests.specs.project import write


def character(**scene_keys):
    return Character(name="Ada", portrait={"style": "x"}, voice={"backend": "piper"}, scene=scene_keys)


def episode(**scene_keys):
    return Episode(id="e", title="E", script=["x"], scene=scene_keys)


def test_everything_has_a_value_where_nothing_is_said():
    """All keys of the models are there, and plain JSON."""
    found = scene(Config(), "ada", character())
    assert found.keys() == set(Scene.model_fields) | {"name"}
    assert found["captions"].keys() == set(CaptionStyle.model_fields)
    assert found["name_line"].keys() == set(NameLine.model_fields)
    assert (found["name"], found["framing"], found["headroom"], found["captions"]["size"]) == ("Ada", "bust", 0.16, 68)
    assert json.loads(json.dumps(found)) == found


def test_the_episode_stands_over_the_character_and_that_over_the_config():
    """Key by key, also inside captions and name line."""
    config = Config(scene={"captions": {"size": 40, "colour": "#000001", "box": "#000002"}, "framing": "wide"})
    ada = character(captions={"size": 50, "colour": "#000003"}, name_line={"show": False, "role": "Chef"}, headroom=0.2)
    found = scene(config, "ada", ada, episode(captions={"size": 60}, name_line={"role": "Guest"}))
    assert (found["framing"], found["headroom"]) == ("wide", 0.2)
    assert found["captions"] | {"size": 60, "colour": "#000003", "box": "#000002"} == found["captions"]
    assert found["name_line"] | {"show": False, "role": "Guest", "colour": "#FFFFFF"} == found["name_line"]
    assert caption_style(config, "ada", ada)["size"] == 50


def test_a_background_is_replaced_as_a_whole():
    """A character's accent does not show through an episode's background."""
    ada = character(background={"gradient": {"colours": ["#000001", "#000002"]}, "accent": "#000003"})
    found = scene(Config(), "ada", ada)["background"]
    assert found == {
        "colour": None,
        "gradient": {"colours": ["#000001", "#000002"], "angle": 180.0},
        "image": None,
        "accent": "#000003",
    }
    found = scene(Config(), "ada", ada, episode(background={"colour": "#00000F"}))["background"]
    assert found == {"colour": "#00000F", "gradient": None, "image": None, "accent": None}


def test_null_takes_back_to_the_default():
    """An episode can undo what its character set."""
    ada = character(
        captions={"size": 50, "box": "#000001"}, background={"colour": "#000002"}, framing="wide", name_line={"role": "x"}
    )
    found = scene(
        Config(), "ada", ada, episode(captions={"size": None, "box": None}, background=None, framing=None, name_line=None)
    )
    assert (found["captions"]["size"], found["captions"]["box"], found["framing"]) == (68, None, "bust")
    assert found["background"] == defaults.background("ada")
    assert found["name_line"]["role"] is None


def test_a_character_without_a_background_keeps_its_own_gradient():
    """The same in every run, and not the same for a whole cast."""
    names = ["ada", "milo", "nora", "kai", "lena", "otto", "zoe", "max"]
    looks = [scene(Config(), name, character())["background"]["gradient"]["colours"][0] for name in names]
    assert looks == [scene(Config(), name, character())["background"]["gradient"]["colours"][0] for name in names]
    assert len(set(looks)) >= 4


@pytest.mark.parametrize(("top", "bottom", "accent"), defaults._LOOKS)
def test_white_captions_are_readable_on_every_built_in_look(top, bottom, accent):
    """Contrast of 4.5 to 1 at least, 3 to 1 on the accent: captions are large text (WCAG 2.2, 1.4.3)."""

    def light(colour):
        linear = [
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
            for c in (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
        ]
        return sum(weight * value for weight, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    assert all(1.05 / (light(colour) + 0.05) >= 4.5 for colour in (top, bottom))
    assert 1.05 / (light(accent) + 0.05) >= 3


def test_a_language_takes_its_own_voice_else_the_wider_one_else_the_first(tmp_path):
    """es-MX is spoken by the voice for es."""
    ada = load(write(tmp_path)).characters["ada"]
    assert [voice(ada, language)["backend"] for language in ("en", "es", "es-MX", "de")] == [
        "piper",
        "espeak",
        "espeak",
        "piper",
    ]
    assert voice(ada, "en")["effects"] == {"pitch": 1.5, "formant": 0.0, "pace": 1.05}
    assert json.loads(json.dumps(portrait(ada)))["traits"]["skinColor"] == "#AE5D29"


def test_a_text_is_that_of_its_language_in_nfc():
    """The one text there is, or the language's, or the wider language's."""
    assert text("e\u0301", "en") == "\u00e9"
    assert text({"en": "a", "es": "b"}, "es-MX") == "b"
    assert text({"es-MX": "a", "es": "b"}, "es-MX") == "a"
    assert spoken({"en": " two \n lines "}, "en") == "two lines"
    with pytest.raises(KeyError):
        text({"en": "a"}, "de")


def test_a_role_is_in_the_language_of_the_video():
    """One text serves all; of several that of the language, with or without its region; none where there is none."""
    config, ada = Config(), character(name_line={"role": {"en": "Chef", "es": "Cocinera"}})
    roles = [scene(config, "ada", ada, None, language)["name_line"]["role"] for language in ("en", "es-MX", "de", None)]
    assert roles == ["Chef", "Cocinera", None, "Chef"]
    assert scene(config, "ada", character(name_line={"role": "Chef"}), None, "es")["name_line"]["role"] == "Chef"
