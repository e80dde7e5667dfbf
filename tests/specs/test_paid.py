"""Routes, caps, prices and providers in the YAML: one wrong place, one line; and what they come to for a character."""

# ruff: noqa: E501 -- a message is one line, here as on the terminal

from __future__ import annotations

import copy
import random
import re
from pathlib import Path

import pytest
import yaml

from talkmill.backend_checks import CHECKS
from talkmill.errors import SpecError
from talkmill.specs import load
from talkmill.specs.models import Character, Config
from talkmill.specs.resolve import animate, lipsync, voice
from tests.specs.project import PAID, change, complaints, paid, write
from tests.specs.test_documents import accepted

C, N, OTTO = "config.yaml", "characters/nina.yaml", "characters/otto.yaml"
AMOUNT = "Write it in plain decimals, like 5.00, without a currency."
ADDRESS = "Write https:// and a host, without a key or a question mark; http is for this machine alone."
ROW = "Write provider/operation, or provider/operation/model; providers are kling, elevenlabs, fal."

WRONG = [
    # --- amounts
    (C, "per_day: 20\n", "per_day: -1\n", [f"9: budget.per_day: is no amount (found '-1'). {AMOUNT}"]),
    (C, "per_day: 20\n", "per_day: .nan\n", [f"9: budget.per_day: is no amount (found '.nan'). {AMOUNT}"]),
    (C, "per_day: 20\n", "per_day: 1e3\n", [f"9: budget.per_day: is no amount (found '1e3'). {AMOUNT}"]),
    (C, "per_day: 20\n", "per_day: 1e999\n", [f"9: budget.per_day: is no amount (found '1e999'). {AMOUNT}"]),
    (C, "per_day: 20\n", f"per_day: {'9' * 60}\n", [f"9: budget.per_day: is no amount (found '{'9' * 39}…'). {AMOUNT}"]),
    (C, "per_day: 20\n", "per_day: 1000000001\n", [f"9: budget.per_day: is no amount (found '1000000001'). {AMOUNT}"]),
    (C, "per_day: 20\n", "per_day: 1_000\n", [f"9: budget.per_day: is no amount (found '1_000'). {AMOUNT}"]),
    (C, "per_day: 20\n", "per_day: $20\n", [f"9: budget.per_day: is no amount (found '$20'). {AMOUNT}"]),
    (C, "per_day: 20\n", "per_day: ٢\n", [f"9: budget.per_day: is no amount (found '٢'). {AMOUNT}"]),
    (C, "per_day: 20\n", "per_day: [20]\n", [f"9: budget.per_day: is no amount (found a list). {AMOUNT}"]),
    (C, "per_day: 20\n", "per_day: true\n", [f"9: budget.per_day: is no amount (found 'true'). {AMOUNT}"]),
    (C, "per_day: 20\n", "per_day:\n", ["9: budget.per_day: is empty. Give a value, or take the key away."]),
    (C, "repeat_under: 0.01", "repeat_under: a cent", [f"17: budget.repeat_under: is no amount (found 'a cent'). {AMOUNT}"]),
    # --- caps
    (C, "kling: {per_day: 10}", "klin: {per_day: 10}", ["12: budget.providers.klin: must be kling, elevenlabs or fal (found 'klin'). Did you mean 'kling'?"]),
    (C, "kling: {per_day: 10}", "kling: 10", ["12: budget.providers.kling: must be a mapping (found '10'). Write `key: value` lines under it, indented."]),
    (C, "nina: {per_month: 50}", "nin: {per_month: 50}", ["14: budget.characters.nin: is no character (found 'nin'). Did you mean 'nina'?"]),
    (C, "nina: {per_month: 50}", "somebody: {per_month: 50}", ["14: budget.characters.somebody: is no character (found 'somebody'). Known characters: ada, milo, nina, otto."]),
    (C, "currency: EUR\n", "currency: euro\n", ["15: budget.currency: is no currency (found 'euro'). Write its three capital letters, like USD or EUR."]),
    (C, "Europe/Berlin", "Mars/Base", ["16: budget.timezone: is no time zone (found 'Mars/Base'). Write a name such as Europe/Berlin."]),
    (C, "Europe/Berlin", "../../etc/passwd", ["16: budget.timezone: is no time zone (found '../../etc/passwd'). Write a name such as Europe/Berlin."]),
    # --- prices
    (C, "unit: second", "unit: secnd", ["20: prices.rows.fal/lip-sync/fal-ai/musetalk.unit: must be second, character, image, call or megapixel (found 'secnd'). Did you mean 'second'?"]),
    (C, "step: 5", "step: 0", ["20: prices.rows.fal/lip-sync/fal-ai/musetalk.step: is no number above 0 (found '0'). Write it in plain decimals, like 5.00, without a currency."]),
    (C, "price: 0.02, ", "", ["20: prices.rows.fal/lip-sync/fal-ai/musetalk.price: is missing. Add it: Of one unit."]),
    (C, "fal/lip-sync/fal-ai/musetalk:", "musetalk:", [f"20: prices.rows.musetalk: is no row of the price table (found 'musetalk'). {ROW}"]),
    (C, "fal/lip-sync/fal-ai/musetalk:", "klin/avatar:", [f"20: prices.rows.klin/avatar: is no row of the price table (found 'klin/avatar'). {ROW}"]),
    (C, "rate: 0.86", "rate: 0", ["22: prices.rates.USD.rate: is no number above 0 (found '0'). Write it in plain decimals, like 5.00, without a currency."]),
    # --- providers
    (C, "http://127.0.0.1:8700/kling", "http://example.com", [f"25: providers.kling.base_url: is no https address (found 'http://example.com'). {ADDRESS}"]),
    (C, "http://127.0.0.1:8700/kling", "http://localhost.example.com", [f"25: providers.kling.base_url: is no https address (found 'http://localhost.example.com'). {ADDRESS}"]),
    (C, "http://127.0.0.1:8700/kling", "http://127.0.0.1@example.com", [f"25: providers.kling.base_url: is no https address (found 'http://127.0.0.1@example.com'). {ADDRESS}"]),
    (C, "http://127.0.0.1:8700/kling", "https://me:secret@example.com", [f"25: providers.kling.base_url: is no https address (found 'https://me:secret@example.com'). {ADDRESS}"]),
    (C, "http://127.0.0.1:8700/kling", "https://", [f"25: providers.kling.base_url: is no https address (found 'https://'). {ADDRESS}"]),
    (C, "http://127.0.0.1:8700/kling", "https://[::1", [f"25: providers.kling.base_url: is no https address (found 'https://[::1'). {ADDRESS}"]),
    (C, "account: studio", "api_key: sk-secret", ["27: providers.kling.api_key: is not a key that is known here. Known here: account, base_url, concurrency, hosts, upload."]),
    (C, "account: studio", "account: ../../x", ["27: providers.kling.account: must be a short name (found '../../x'). Use letters, digits, '.', '_' and '-', starting with a letter or digit, 60 at most."]),
    (C, "concurrency: 3", "concurrency: 0", ["26: providers.kling.concurrency: must be at least 1 (found 0). Choose a number from 1 to 100."]),
    (C, "hosts: [cdn.example.com]", "hosts: ['https://cdn']", ["29: providers.elevenlabs.hosts[0]: is no host (found 'https://cdn'). Write its name alone in small letters, like cdn.example.com."]),
    (C, "  fal: {concurrency: 5}", "  fla: {concurrency: 5}", ["30: providers.fla: is not a key that is known here. Did you mean 'fal'?"]),
    (C, "to: s3, bucket: clips", "to: s3", ["28: providers.kling.upload: goes to s3 and names no bucket. Add `bucket`."]),
    (C, "to: s3, bucket: clips", "to: fal", ["28: providers.kling.upload: says endpoint, region, which an upload to fal does not take. Take it away."]),
    (C, "to: s3, ", "", ["28: providers.kling.upload.to: is missing. Add it: `s3`: a private bucket, with keys from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; `fal`: fal's own storage, with FAL_KEY; `command`: a program of yours."]),
    (C, "https://s3.example.com", "http://s3.example.com", [f"28: providers.kling.upload.endpoint: is no https address (found 'http://s3.example.com'). {ADDRESS}"]),
    # --- routes
    (C, "purpose: final\nroutes", "purpose: finl\nroutes", ["1: purpose: must be draft or final (found 'finl'). Did you mean 'final'?"]),
    (C, "    style: photo", "    voice: {backend: espeak}", ["5: routes[1].voice: is not a key that is known here. Known here: animate, line, lipsync, purpose, style."]),
    (C, "{purpose: draft, lipsync: {backend: warp}}", "{purpose: draft}", ["3: routes[0]: decides nothing (found purpose). Add lipsync or animate, or take it away."]),
    (C, "lipsync: {backend: warp}", "voice: {backend: espeak}", ["3: routes[0].voice: is not a key that is known here. Known here: animate, line, lipsync, purpose, style."]),
    (C, "lipsync: {backend: warp}", "lipsync: {mode: pro}", ["3: routes[0].lipsync: says mode, which the lip sync of this machine does not take. Add `backend: kling`, or take it away."]),
    (C, "lipsync: {backend: warp}", "lipsync: {backend: warp, mode: pro}", ["3: routes[0].lipsync: says mode, which warp does not take. Take it away."]),
    (C, "lipsync: {backend: warp}", "style: drawn, lipsync: {backend: warp}", ["3: routes[0]: is for drawn characters and has lipsync.backend. Take `lipsync.backend` away: it is for photographs and clips."]),
    (C, "lipsync: {backend: warp}", "line: song, animate: {backend: idle}", ["3: routes[0]: has a line and no lipsync. Take `line` away: only mouths are told spoken lines from sung ones."]),
    (N, "    languages: [en, es]\n    voice:", "    voice:\n      x: 1", ["11: routes[0].voice.x: is not a key that is known here. Known here: backend, context, dictionaries, format, model, normalize, pronunciation, similarity, speaker_boost, speed, stability, style, voice."]),
    (N, "animate: {backend: kling, ", "languages: [en], animate: {backend: kling, ", ["16: routes[1]: has languages and no voice. Take `languages` away: only voices are told languages apart."]),
    (N, "animate: {backend: kling, ", "animate: {backend: idle, ", ["16: routes[1].animate.resolution: is not a key that is known here. Did you mean 'motion'?", "16: routes[1].animate.seconds: is not a key that is known here. Known here: backend, motion."]),
    (N, "stability: 0.5", "stability: 1.5", ["5: voices.es.stability: must be at most 1 (found 1.5). Choose a number from 0 to 1."]),
    (N, "nina.png}", "nina.png, face: middle}", ["2: portrait.face: is no face (found 'middle'). Write left, right, or its number from the left, from 1 to 20."]),
    (N, "{guidance_scale: 1.5}", "{guidance_scale: }", ["17: routes[2].lipsync.settings: holds an empty value. Give a value, or take its key away."]),
    (OTTO, 'aspect_ratio: "3:4"', "image: there/nina.png", ["2: portrait.image: is not there (found 'there/nina.png'). Put the file there, or mend the path: it starts at project/."]),
    (OTTO, 'aspect_ratio: "3:4"', "image: ../nina.png", ["2: portrait.image: leaves the project (found '../nina.png'). Put the file into the project and write its path from there."]),
]  # fmt: skip

BEYOND_SCHEMAS = (
    "is no character",
    "time zone",
    "row of the price",
    "https address",
    "0 at most",
    "is not there",
    "leaves the",
)
BEYOND_SCHEMAS += ("decides nothing", "has a line", "has languages", "which", "names no", "is for drawn", "1000000001", "empty")


@pytest.mark.parametrize(("file", "old", "new", "told"), WRONG, ids=[f"{n:02}-{w[3][0][:40]}" for n, w in enumerate(WRONG)])
def test_a_wrong_place_is_told_in_one_line(tmp_path, file, old, new, told):
    """Of what costs money too; nobody who reads one file has to know another."""
    found = complaints(write(tmp_path / "project", paid(file, old, new)))
    assert found == [f"{file}:{line}" for line in told]


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [w for w in WRONG if not any(word in w[3][0] for word in BEYOND_SCHEMAS) and "9999" not in w[2]],
)
def test_schemas_refuse_what_the_models_refuse(tmp_path, file, old, new, told):
    """An editor marks it, as far as a schema can say."""
    kind = "config" if file == C else "character"
    assert accepted(tmp_path, kind, str(PAID[file]))
    assert not accepted(tmp_path, kind, str(PAID[file]).replace(old, new))


def test_the_project_that_pays_is_right(tmp_path):
    """Also by the checks of the backends."""
    load(write(tmp_path / "project", paid()), CHECKS)


@pytest.mark.parametrize(
    ("written", "kept"), [("0.10", "0.10"), ("20", "20"), ('"0.1"', "0.1"), (".5", "0.5"), ("0.000122", "0.000122")]
)
def test_money_stays_as_it_is_written(tmp_path, written, kept):
    """No binary fraction comes between."""
    root = write(tmp_path, paid(C, "per_day: 20\n", f"per_day: {written}\n"))
    assert load(root).config.budget.per_day == kept


def test_a_models_own_settings_keep_their_kinds(tmp_path):
    """Numbers are numbers and flags are flags, however deep; what is in quotes is a text."""
    settings = "{a: 1, b: 0.5, c: true, d: {e: [2, x, '3']}, f: null, g: 1e3}"
    declare = "{operation: lip-sync, files: {clip: video_url, sound: audio_url}, seconds: {clip: [2, 10]}, sides: [720, 1920]}"
    root = write(
        tmp_path, paid(C, "lipsync: {backend: warp}", f"lipsync: {{backend: fal, settings: {settings}, declare: {declare}}}")
    )
    found = load(root).config.routes[0].lipsync
    assert found is not None
    assert found.settings == {"a": 1, "b": 0.5, "c": True, "d": {"e": [2, "x", "3"]}, "f": None, "g": "1e3"}
    assert found.declare is not None
    assert (found.declare["seconds"], found.declare["sides"]) == ({"clip": [2, 10]}, [720, 1920])


def test_a_backend_for_photographs_in_a_route_of_a_drawn_character_is_told(tmp_path):
    """As in the character itself."""
    told = "has a lipsync.backend, which is for photographs and clips. Take it away: drawn mouths are drawn here."
    milo = change("characters/milo.yaml", "voice: {", "routes: [{lipsync: {backend: kling}}]\nvoice: {")
    assert complaints(write(tmp_path, milo)) == [f"characters/milo.yaml:1: {told}"]


def test_a_route_may_choose_a_voice_that_is_a_file(tmp_path):
    """Then the file is looked for, as anywhere."""
    root = write(tmp_path / "project", paid(N, "voice: {backend: espeak}\n", "voice: {backend: espeak}\n"))
    (root / N).write_text(str(PAID[N]).replace("routes:\n", "routes:\n  - {voice: {backend: piper, model: no.onnx}}\n"))
    assert complaints(root) == [
        f"{N}:9: routes[0].voice.model: is not there (found 'no.onnx'). Put the file there, or mend the path: it starts at project/."
    ]


# --- checks of the backends ------------------------------------------------------------------------


def told(root: Path) -> list[str]:
    """The lines with the backends' checks."""
    try:
        load(root, CHECKS)
    except SpecError as error:
        return str(error).splitlines()
    return []


LINE = "schedules/week.yaml"
NAMED = [
    (OTTO, "aspect_ratio: \"3:4\"", "aspect_ratio: \"5:4\"", f"{OTTO}:2: portrait.aspect_ratio: kling: aspect_ratio is none of its values ('5:4'). Choose one of: 9:16, 16:9, 1:1, 3:4, 4:3, 2:3, 3:2, 21:9."),
    (OTTO, "aspect_ratio: \"3:4\"", "model: kling-v9", f"{OTTO}:2: portrait.model: kling: model is none of its values ('kling-v9'). Choose one of: kling-v3, kling-v2-1."),
    (OTTO, "A calm man of forty who", "A calm man " + "of forty " * 300 + "who", f"{OTTO}:2: portrait.prompt: kling: prompt is too long"),
    (OTTO, "duration: 5", "duration: 7", f"{OTTO}:4: animate.duration: fal: fal-ai/kling-video/v2.5-turbo/standard/image-to-video: `duration` is 7. Choose one of: 5, 10."),
    (OTTO, "duration: 5", "model: fal-ai/flux/dev", f"{OTTO}:4: animate: fal: fal-ai/flux/dev makes no clip of a picture (image). Choose another model."),
    (OTTO, "duration: 5", "model: mine", f"{OTTO}:4: animate.model: fal: the model is not one of the ready-made ones ('mine'). Declare its inputs"),
    (N, "seconds: 5", "seconds: 6", f"{N}:16: routes[1].animate: kling: kling-v2-5-turbo makes no clip of that length (6 s). Set seconds to 5 or 10."),
    (N, "seconds: 5", "model: kling-v9", f"{N}:16: routes[1].animate.model: kling: no model of that name moves stills ('kling-v9')."),
    (N, "model: fal-ai/latentsync", "model: fal-ai/flux/dev", f"{N}:17: routes[2].lipsync: fal: fal-ai/flux/dev makes no lip sync (image)."),
    (C, "fal/lip-sync/fal-ai/musetalk", "fal/lip-sync/other", ""),
    (C, "    lipsync: {backend: kling, method: avatar, mode: std, prompt: She speaks calmly}", "    lipsync: {backend: fal, model: fal-ai/unknown}", f"{C}:6: routes[1].lipsync.model: fal: the model is not one of the ready-made ones ('fal-ai/unknown')."),
    (C, "prompt: She speaks calmly", f"prompt: {'calmly ' * 400}", f"{C}:6: routes[1].lipsync.prompt: kling: prompt is too long (2799 characters; 2500 at most). Shorten it."),
    (C, "    USD: {per: EUR", "    GBP: {per: EUR", f"{C}:15: budget.currency: there is no rate from USD to EUR. Add `USD: {{per: EUR, rate: ...}}` under `prices.rates` in config.yaml."),
]  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "line"), NAMED, ids=[w[2][:40] for w in NAMED])
def test_what_a_paid_backend_does_not_take_is_told_when_the_specs_are_read(tmp_path, file, old, new, line):
    """At its place, and nothing else."""
    found = told(write(tmp_path / "project", paid(file, old, new)))
    assert len(found) == bool(line), found
    assert not line or found[0].startswith(line)


def test_a_paid_backend_without_a_price_is_refused_with_the_row_to_add(tmp_path):
    """musetalk has no price that could be found; with a row of the user's it is fine."""
    root = write(tmp_path / "project", paid(N, "model: fal-ai/latentsync", "model: fal-ai/musetalk"))
    assert told(root) == []
    (root / C).write_text(str(PAID[C]).replace("fal/lip-sync/fal-ai/musetalk", "fal/lip-sync/other"))
    row = "fal/lip-sync/fal-ai/musetalk"
    what = f"there is no price for {row}, so it is not bought. Add a row `{row}` under `prices.rows` in config.yaml."
    assert told(root) == [f"{N}:17: routes[2].lipsync: {what}"]


PAID_WEEK = """\
languages: [en]
episodes:
  - id: long
    title: Long
    speaker: nina
    script:
      - A short line.
      - LINE
"""


@pytest.mark.parametrize(
    ("model", "line", "problem"),
    [
        ("eleven_multilingual_v2", "[whispers] Come here.", f"{LINE}:8: episodes[0].script[1]: elevenlabs, en: eleven_multilingual_v2 knows no directions ([whispers]). Choose eleven_v3 or eleven_v4, or take it out."),
        ("eleven_v3", "[whispers] Come here.", None),
        ("eleven_v99", "Come here.", f"{N}:11: routes[0].voice: there is no price for elevenlabs/text-to-speech/eleven_v99, so it is not bought. Add a row `elevenlabs/text-to-speech/eleven_v99` under `prices.rows` in config.yaml."),
    ],
)  # fmt: skip
def test_a_line_that_a_paid_voice_does_not_take_is_named(tmp_path, model, line, problem):
    """With the limit, before anything is bought."""
    files = paid(N, "      context: true\n", f"      model: {model}\n")
    files[LINE] = PAID_WEEK.replace("LINE", f'"{line}"')
    assert told(write(tmp_path / "project", files)) == ([problem] if problem else [])


def test_options_and_languages_of_paid_voices_are_told_once_at_the_voice(tmp_path):
    """However many lines; of every voice that a route may choose."""
    files = paid(N, "stability: 0.5", "stability: 0.4")
    said = "{text: {es: Uno., ka: Erti.}}"
    files[LINE] = PAID_WEEK.replace("[en]", "[es, ka]").replace("A short line.", said).replace("LINE", said)
    found = told(write(tmp_path / "project", files))
    steps = "elevenlabs: `stability` has steps with eleven_v3 (0.4 is none of 0, 0.5, 1). Give one of these."
    assert found == [f"{N}:5: voices.es.stability: {steps}"]
    text = str(PAID[N]).replace("    languages: [en, es]\n", "")
    (tmp_path / "project" / N).write_text(text)
    speaks = "elevenlabs: eleven_multilingual_v2 does not speak the language (ka). Choose eleven_v3 or eleven_v4, or another voice for it."
    assert told(tmp_path / "project") == [f"{N}:10: routes[0].voice: {speaks}"]


def test_one_of_several_faces_is_not_made_to_speak_by_a_provider(tmp_path):
    """Law: where the portrait names a face, a paid lip sync of any route is refused before anything is bought; warp is not."""
    root = write(tmp_path / "project", paid(N, "nina.png}", "nina.png, face: left}"))
    cure = "Crop the picture to one face and take `face` away, or make its lips here: `lipsync: {backend: warp}`."
    place = "characters/nina.yaml:2: portrait.face: names one of several faces, and"
    assert told(root) == [
        f"{place} {name} cannot be told which of them speaks (found left). {cure}" for name in ("fal", "kling")
    ]


LEAVES = [
    None,
    "",
    0,
    -1,
    1.5,
    True,
    "x",
    "e" * 6000,
    [],
    ["x"],
    {},
    {"x": 1},
    "http://x",
    "../x",
    "1e3",
    [[[]]],
    {"backend": 5},
    10**30,
]


def places(value, where=()):
    """Every place of a tree but its root."""
    if where:
        yield where
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield from places(value[key], (*where, key))


@pytest.mark.parametrize("file", [N, OTTO, C])
def test_whatever_stands_at_a_place_loading_ends_in_lines(tmp_path, file):
    """Three wrong values at every place of the files that pay, with all checks: lines in our own words, in the broken file."""
    chance = random.Random(file)  # noqa: S311 -- no secret
    root = write(tmp_path / "project", paid())
    base = yaml.safe_load(str(PAID[file]))
    for where in places(base):
        for leaf in chance.sample(LEAVES, 3):
            value = copy.deepcopy(base)
            holder = value
            for key in where[:-1]:
                holder = holder[key]
            holder[where[-1]] = leaf
            (root / file).write_text(yaml.safe_dump(value))
            for line in told(root):
                assert line.startswith(f"{file}:"), (where, leaf, line)
                assert line.endswith((".", "?")), (where, leaf, line)
                assert not re.search(r"pydantic|Value error|Input should|docs/reference for", line), (where, leaf, line)


# --- what holds ------------------------------------------------------------------------------------


def person(**more) -> Character:
    return Character(name="Nina", **{"portrait": {"file": "n.png"}, "voice": {"backend": "espeak"}, **more})


def test_the_characters_route_stands_over_the_character_and_that_over_the_configs_route_and_that_over_the_config():
    """Each layer alone, from the lowest."""
    config = {"lipsync": {"sync_strength": 0.1}}
    assert lipsync(Config(), person(), "final")["sync_strength"] == 1
    assert lipsync(Config(**config), person(), "final")["sync_strength"] == 0.1
    config["routes"] = [
        {"purpose": "draft", "lipsync": {"sync_strength": 0.15}},
        {"purpose": "final", "lipsync": {"sync_strength": 0.2}},
    ]
    assert lipsync(Config(**config), person(), "final")["sync_strength"] == 0.2
    nina = {"lipsync": {"sync_strength": 0.3}}
    assert lipsync(Config(**config), person(**nina), "final")["sync_strength"] == 0.3
    nina["routes"] = [{"purpose": "final", "lipsync": {"sync_strength": 0.4}}]
    assert lipsync(Config(**config), person(**nina), "final")["sync_strength"] == 0.4
    assert lipsync(Config(**config), person(**nina), "draft")["sync_strength"] == 0.3


def test_a_layer_that_names_a_backend_drops_what_lower_ones_told_another():
    """But not what every backend knows; one that names none goes on with the lower one's."""
    config = Config(lipsync={"backend": "fal", "model": "m", "settings": {"a": 1}, "sync_strength": 0.5})
    routes = [{"purpose": "final", "lipsync": {"backend": "kling", "mode": "pro"}}]
    assert lipsync(config, person()) | {"backend": "fal", "model": "m", "settings": {"a": 1}} == lipsync(config, person())
    found = lipsync(config, person(routes=routes), "final")
    assert (found["backend"], found["mode"], found["sync_strength"], "model" in found) == ("kling", "pro", 0.5, False)
    found = lipsync(config, person(lipsync={"sync_strength": 0.7}))
    assert (found["backend"], found["model"], found["sync_strength"]) == ("fal", "m", 0.7)
    found = lipsync(config, person(lipsync={"backend": "warp"}))
    assert (found["backend"], "model" in found, "settings" in found) == ("warp", False, False)


def test_the_first_route_that_fits_decides():
    """By purpose, style and kind of line; one that says nothing of a stage is passed over."""
    routes = [
        {"animate": {"backend": "idle", "motion": 0.5}},
        {"line": "song", "lipsync": {"sync_strength": 0.2}},
        {"style": "drawn", "lipsync": {"sync_strength": 0.3}},
        {"style": "photo", "purpose": "final", "lipsync": {"sync_strength": 0.4}},
        {"lipsync": {"sync_strength": 0.5}},
    ]
    config = Config(routes=routes)
    drawn = Character(name="A", portrait={"style": "x"}, voice={"backend": "espeak"})
    found = [
        lipsync(config, one, purpose, line)["sync_strength"]
        for one in (person(), drawn)
        for purpose in ("draft", "final")
        for line in ("speech", "song")
    ]
    assert found == [0.5, 0.2, 0.4, 0.2, 0.3, 0.2, 0.3, 0.2]
    assert animate(config, person()) == {"backend": "idle", "motion": 0.5}


def test_motion_for_pictures_says_nothing_of_clips():
    """A config's route for one of the two leaves the other as it is; the character's own stands over it."""
    config = Config(routes=[{"animate": {"backend": "kling"}}, {"animate": {"backend": "clip", "play": "through"}}])
    clip = {"portrait": {"clip": "n.mp4"}}
    assert animate(config, person())["backend"] == "kling"
    assert animate(config, person(animate={"backend": "idle"}))["backend"] == "idle"
    assert animate(config, person(**clip))["play"] == "through"
    assert animate(Config(routes=[{"animate": {"backend": "kling"}}]), person(**clip)) == {
        "backend": "clip",
        "play": "there_and_back",
        "start": 0.0,
    }
    own = {"animate": {"backend": "idle"}, "routes": [{"purpose": "final", "animate": {"backend": "fal"}}]}
    assert [animate(config, person(**own), purpose)["backend"] for purpose in ("draft", "final")] == ["idle", "fal"]


def test_a_route_gives_a_voice_for_its_languages():
    """A route stands over `voices`; `es` also serves es-MX."""
    routes = [
        {"purpose": "final", "languages": ["es"], "voice": {"backend": "elevenlabs", "voice": "v"}},
        {"purpose": "final", "voice": {"backend": "kokoro"}},
    ]
    nina = person(voices={"es": {"backend": "hibari"}}, routes=routes)
    assert [voice(nina, language, "final")["backend"] for language in ("es", "es-MX", "en")] == [
        "elevenlabs",
        "elevenlabs",
        "kokoro",
    ]
    assert [voice(nina, language)["backend"] for language in ("es", "es-MX", "en")] == ["hibari", "hibari", "espeak"]
