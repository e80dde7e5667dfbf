"""Schemas and reference pages say what the models say."""

from __future__ import annotations

from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from talkmill.specs import documents, scalars, templates
from talkmill.specs.models import Character, Config, Schedule, Spec
from talkmill.specs.portraits import AvatarPortrait
from talkmill.specs.voices import EspeakVoice, PiperVoice
from talkmill.specs.yaml_file import Plain, read
from tests.specs.project import ADA, CONFIG, MILO, WEEK, complaints, write
from tests.specs.test_problems import WRONG

ROOT = Path(__file__).parents[2]
SCHEMAS = {name: Draft202012Validator(documents.schema(model)) for name, model in documents.KINDS.items()}
MODELS = {"characters": "character", "schedules": "schedule", "config.yaml": "config"}


def as_editors_see_it(value):
    """The values of YAML 1.2, which is what a schema in an editor is asked about."""
    if isinstance(value, Plain):
        return scalars.core(value) if value else None
    if isinstance(value, list):
        return [as_editors_see_it(item) for item in value]
    return {key: as_editors_see_it(item) for key, item in value.items()} if isinstance(value, dict) else value


def accepted(tmp_path, kind: str, text: str) -> bool:
    """Whether the schema takes the text."""
    (tmp_path / "x.yaml").write_text(text)
    sheet = read(tmp_path / "x.yaml", "x.yaml")
    return sheet.readable and SCHEMAS[kind].is_valid(as_editors_see_it(sheet.value))


def test_the_written_files_are_what_the_models_say():
    """Nobody edits what is generated."""
    differences = "\n".join(documents.stale(ROOT))
    assert not differences, f"{differences}\n\nout of date. Run: {documents.REPAIR}"


@pytest.mark.parametrize("name", documents.KINDS)
def test_a_schema_is_a_schema(name):
    """Editors get a valid one."""
    Draft202012Validator.check_schema(SCHEMAS[name].schema)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("character", ADA),
        ("character", MILO),
        ("schedule", WEEK),
        ("config", CONFIG),
        ("character", templates.CHARACTER.format(id="nora", name="Nora")),
        ("schedule", templates.SCHEDULE.format(id="hello", speaker="nora")),
        ("character", MILO.replace("name: Milo", "name: 1984")),
        ("character", MILO + "scene: {headroom: null, background: {image: null, colour: '#112233'}}"),
        (
            "schedule",
            "episodes: [{id: 7, title: 7, script: [one, {ada: two, pause: 1, emotion: sad}, {ada: {en: x}}, {text: 3}]}]",
        ),
        ("schedule", "episodes: [{id: a, title: a, script: [{speaker: ada, text: {en: x, pt-BR: y}}]}]"),
        ("config", "{scene: {captions: {position: .5}}, seed: 0}"),
    ],
)
def test_schemas_take_what_the_models_take(tmp_path, kind, text):
    """The short forms among them."""
    (tmp_path / "x.yaml").write_text(text)
    documents.KINDS[kind].model_validate(read(tmp_path / "x.yaml", "x.yaml").value)
    assert list(SCHEMAS[kind].iter_errors(as_editors_see_it(read(tmp_path / "x.yaml", "x.yaml").value))) == []


NOT_FOR_SCHEMAS = (
    "is no character",
    "nobody speaks",
    "is taken",
    "differs from",
    "lacks ",
    "is one text, and",
    "leaves the project",
    "holds no word",
    "is no path",
    "is no file",
    "is no picture",
    "does not lie in the picture",
    "is not there",
    "is no folder",
    "voice (found",
    "control character",
    "given twice",
    "# starts a comment",  # an editor sees null, which is fine where a default is
    "(found '2027-02-30')",  # a pattern does not know the calendar
    "(found '2027-03-01 at six')",
    "name: is empty",  # an editor sees null or spaces
)


@pytest.mark.parametrize(("file", "old", "new", "told"), [w for w in WRONG if not any(n in w[3][0] for n in NOT_FOR_SCHEMAS)])
def test_schemas_refuse_what_the_models_refuse(tmp_path, file, old, new, told):
    """An editor marks what the loader will tell, as far as one file by itself can say."""
    text = {"characters/ada.yaml": ADA, "characters/milo.yaml": MILO, "schedules/week.yaml": WEEK, "config.yaml": CONFIG}[file]
    assert not accepted(tmp_path, MODELS[file.split("/")[0]], text.replace(old, new))


def specs(model: type[Spec] = Spec):
    """Every model of the YAML."""
    for child in model.__subclasses__():
        yield child
        yield from specs(child)


VOICES = (PiperVoice, EspeakVoice)


@pytest.mark.parametrize(
    "model", [model for model in specs() if model.__module__ == "talkmill.specs.models"], ids=lambda m: m.__name__
)
def test_every_key_says_what_it_is(model):
    """The models are the only text about the YAML, so none is silent."""
    assert model.__doc__
    silent = [name for name, field in model.model_fields.items() if not field.description and name != "backend"]
    assert silent == []


def test_reference_pages_name_every_key():
    """Each key of each model has its row."""
    for name, model in {"character": Character, "schedule": Schedule, "config": Config}.items():
        page = documents.page(name)
        assert all(f"| `{key}` |" in page for key in model.model_fields)
        assert "<!-- Generated from" in page
    assert all(f"| `{key}` |" in documents.page("character") for key in AvatarPortrait.model_fields)


def test_examples_in_the_reference_are_valid(tmp_path):
    """What people copy works."""
    blocks = {name: documents.page(name).split("```yaml\n")[1].split("```")[0] for name in documents.KINDS}
    files = {
        "characters/nora.yaml": blocks["character"],
        "schedules/hello.yaml": blocks["schedule"],
        "config.yaml": blocks["config"],
    }
    assert complaints(write(tmp_path, files)) == []


def test_every_example_of_a_key_is_valid():
    """The `examples` of the models pass the models."""
    for name in documents.KINDS:
        whole = SCHEMAS[name].schema
        for part in (whole, *whole["$defs"].values()):
            for key, value in part.get("properties", {}).items():
                checker = Draft202012Validator({**value, "$defs": whole["$defs"]})
                for example in value.get("examples", []):
                    assert checker.is_valid(example), (name, key, example)
