"""A small valid project for the tests to break."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

from talkmill.errors import SpecError
from talkmill.specs import load

ADA = """\
# yaml-language-server: $schema=../schemas/character.schema.json
name: Ada
portrait:
  style: avataaars
  seed: ada
  traits: {skinColor: "#AE5D29"}
voice:
  backend: piper
  effects: {pitch: 1.5, pace: 1.05}
voices:
  es: {backend: espeak}
scene:
  background:
    gradient: {colours: ["#22304F", "#0E1320"], angle: 160}
    accent: "#E8A33D"
  name_line: {role: Head of Coffee}
"""

MILO = """\
name: Milo
portrait: {style: personas, seed: milo}
voice: {backend: espeak, pitch: 30}
"""

WEEK = """\
languages: [en]
episodes:
  - id: coffee
    title: Better coffee
    speaker: ada
    script:
      - Grind it fresh.
      - milo: And weigh it.
        pause: 0.6
      - {text: Then wait., emotion: tender}
    publish_at: 2027-03-01T18:00:00+01:00
    post: {text: Try it., tags: [coffee]}
  - id: greeting
    title: {en: Hello, es: Hola}
    languages: [en, es]
    script:
      - ada: {en: Hello there., es: Hola a todos.}
    scene:
      captions: {size: 80}
    formats: [square]
"""

CONFIG = """\
fps: 30
scene:
  captions: {highlight: "#7CE0C3"}
"""

NINA = """\
name: Nina
portrait: {file: photos/nina.png}
voice: {backend: espeak}
voices:
  es: {backend: elevenlabs, voice: abc, model: eleven_v3, stability: 0.5, pronunciation: {Nguyen: win}}
lipsync: {sync_strength: 0.9, face_threshold: 0.5}
animate: {backend: idle, motion: 0.8}
routes:
  - purpose: final
    languages: [en, es]
    voice:
      backend: elevenlabs
      voice: abc
      dictionaries: [{id: d1, version: v1}]
      context: true
  - {purpose: final, animate: {backend: kling, seconds: 5, resolution: 720p}}
  - {purpose: final, line: song, lipsync: {backend: fal, model: fal-ai/latentsync, settings: {guidance_scale: 1.5}}}
"""

OTTO = """\
name: Otto
portrait: {backend: kling, prompt: A calm man of forty who looks into the camera, aspect_ratio: "3:4"}
voice: {backend: espeak}
animate: {backend: fal, duration: 5}
"""

MONEY = """\
purpose: final
routes:
  - {purpose: draft, lipsync: {backend: warp}}
  - purpose: final
    style: photo
    lipsync: {backend: kling, method: avatar, mode: std, prompt: She speaks calmly}
budget:
  per_call: 0.50
  per_day: 20
  per_month: 300.25
  providers:
    kling: {per_day: 10}
  characters:
    nina: {per_month: 50}
  currency: EUR
  timezone: Europe/Berlin
  repeat_under: 0.01
prices:
  rows:
    fal/lip-sync/fal-ai/musetalk: {unit: second, price: 0.02, step: 5, source: an offer, as_of: 2026-11-20}
  rates:
    USD: {per: EUR, rate: 0.86, as_of: 2026-11-20}
providers:
  kling:
    base_url: http://127.0.0.1:8700/kling
    concurrency: 3
    account: studio
    upload: {to: s3, bucket: clips, endpoint: "https://s3.example.com", region: eu-1}
  elevenlabs: {hosts: [cdn.example.com]}
  fal: {concurrency: 5}
ledger: ledger
"""


def png(width: int, height: int) -> bytes:
    """A black picture."""
    rows = zlib.compress(bytes((width + 1) * height), 9)
    parts = ((b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)), (b"IDAT", rows), (b"IEND", b""))
    packed = (struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


FILES = {
    "characters/ada.yaml": ADA,
    "characters/milo.yaml": MILO,
    "schedules/week.yaml": WEEK,
    "config.yaml": CONFIG,
}


PAID: dict[str, str | bytes] = {
    "characters/nina.yaml": NINA,
    "characters/otto.yaml": OTTO,
    "config.yaml": MONEY,
    "photos/nina.png": png(512, 512),
}
"""What makes of the project one that pays."""


def write(root: Path, files: dict[str, str | bytes] | None = None) -> Path:
    """The valid project under `root`, with some files replaced or added."""
    for name, text in {**FILES, **(files or {})}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return root


def change(file: str, old: str, new: str) -> dict[str, str | bytes]:
    """One file with one place changed."""
    assert FILES[file].count(old) == 1, f"{old!r} must be in {file} once"
    return {file: FILES[file].replace(old, new)}


def paid(file: str = "config.yaml", old: str = "", new: str = "") -> dict[str, str | bytes]:
    """The project that pays, with one place changed."""
    text = str(PAID[file])
    assert not old or text.count(old) == 1, f"{old!r} must be in {file} once"
    return {**PAID, file: text.replace(old, new) if old else text}


def complaints(root: Path) -> list[str]:
    """The lines that loading the project ends with; empty where it loads."""
    try:
        load(root)
    except SpecError as error:
        return str(error).splitlines()
    return []
