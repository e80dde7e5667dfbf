"""out/report.html: every finished video on one page that opens from disk."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from talkmill.errors import StoreError
from talkmill.report.manifest import REQUIRED

LANGUAGES = {
    "ar": "Arabic", "de": "German", "el": "Greek", "en": "English", "es": "Spanish", "fr": "French", "he": "Hebrew",
    "hi": "Hindi", "it": "Italian", "ja": "Japanese", "ko": "Korean", "nl": "Dutch", "pl": "Polish", "pt": "Portuguese",
    "ru": "Russian", "sv": "Swedish", "th": "Thai", "tr": "Turkish", "uk": "Ukrainian", "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
RTL = frozenset(("ar", "fa", "he", "ur"))


@dataclass(frozen=True)
class Card:
    """One episode in one language as the page shows it."""

    episode: str
    language: str
    language_name: str
    rtl: bool
    title: str
    publish: str
    poster: str | None
    videos: tuple[Mapping[str, Any], ...]  # {name, file, seconds, clock, shape, verdict, loudness, failures}
    captions: tuple[Mapping[str, str], ...]  # {file, label}
    credits: tuple[Mapping[str, str], ...]
    backends: str
    makings: int
    folder: str

    @property
    def verdict(self) -> str:
        """The worst verdict of its videos; "unchecked" where nothing was checked."""
        verdicts = {video["verdict"] for video in self.videos}
        return next((one for one in ("fail", "unchecked", "pass") if one in verdicts), "unchecked")


def write(root: Path) -> Path:
    """Read every `out/*/*/manifest.json` under the project's folder `root` and write `out/report.html`; gives its path.

    The page holds its own style and script, shows videos and covers by relative path and loads nothing from a network. A
    manifest that cannot be read is named on the page instead of being left out in silence.

    Raises:
        StoreError: the page cannot be written.
    """
    out = root / "out"
    cards: list[Card] = []
    broken: list[str] = []
    spends: dict[str, float] = {}
    for path in sorted(out.glob("*/*/manifest.json")):
        try:
            data = json.loads(path.read_text("utf-8"))
            missing = [key for key in REQUIRED if key not in data]
            if missing:
                raise ValueError(f"it has no {', '.join(missing)}")
            cards.append(_card(data, path.parent, out))
            cost = data.get("cost") or {}
            currency = str(cost.get("currency", "USD"))
            spends[currency] = spends.get(currency, 0.0) + float(cost.get("amount", 0))
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            broken.append(f"{path.relative_to(root).as_posix()}: cannot be shown ({error}). Make this episode anew.")
    cards.sort(key=lambda card: (card.publish or "9", card.episode, card.language))
    page = _render(cards, broken, spends)
    target = out / "report.html"
    try:
        out.mkdir(parents=True, exist_ok=True)
        part = target.with_name(".report.html.part")
        part.write_text(page, encoding="utf-8", newline="\n")
        os.replace(part, target)
    except OSError as error:
        raise StoreError(
            f"{target}: the gallery cannot be written ({error.strerror}). Look at the folder's permissions and space."
        ) from None
    return target


def _card(data: Mapping[str, Any], folder: Path, out: Path) -> Card:
    place = folder.relative_to(out).as_posix()
    checks = data.get("checks") or {}
    videos = []
    for video in data["formats"]:
        check = checks.get(video["name"], {})
        measures = check.get("measures", {})
        loudness = measures.get("loudness")
        seconds = float(video["seconds"])
        shape = video["name"] if video["name"] in ("square", "wide") else "vertical"
        videos.append(
            {
                "name": str(video["name"]),
                "file": _link(place, video["file"]),
                "seconds": seconds,
                "clock": clock(seconds),
                "shape": shape,
                "verdict": check.get("verdict", "unchecked"),
                "failures": list(check.get("failures", [])),
                "loudness": None if loudness is None else f"{float(loudness):.1f} LUFS",
            }
        )
    captions = [
        {"file": _link(place, name), "label": Path(name).suffix.lstrip(".").upper()} for name in data.get("captions", [])
    ]
    found = []
    for credit in data.get("credits") or []:
        url = str(credit.get("url") or "")
        safe = url if urlsplit(url).scheme in ("http", "https") else ""
        found.append({"what": credit["what"], "name": credit["name"], "url": safe, "creator": credit.get("creator") or ""})
    language = str(data["language"])
    short = language.split("-")[0]
    publish = str(data.get("publish_at") or "")
    return Card(
        episode=str(data["episode"]),
        language=language,
        language_name=LANGUAGES.get(short, language) + (f" ({language})" if "-" in language else ""),
        rtl=short in RTL,
        title=str(data["title"]),
        publish=publish,
        poster=_link(place, data["cover"]) if data.get("cover") else None,
        videos=tuple(videos),
        captions=tuple(captions),
        credits=tuple(found),
        backends=", ".join(f"{verb} {name}" for verb, name in (data.get("backends") or {}).items()),
        makings=int(data.get("makings", 0)),
        folder=place,
    )


def _link(place: str, name: str) -> str:
    """A relative address from out/ to a file of the episode's folder.

    Raises:
        ValueError: the name leads out of the folder.
    """
    path = Path(str(name))
    if path.is_absolute() or ".." in path.parts:
        raise ValueError(f"a file lies outside its folder: {name}")
    return quote(f"{place}/{path.as_posix()}")


def clock(seconds: float) -> str:
    """Minutes and seconds: "0:31"."""
    whole = max(0, round(seconds))
    return f"{whole // 60}:{whole % 60:02d}"


def _day(text: str) -> str:
    """ "Tue 3 Mar 2026, 18:00" of an ISO date; the text itself where it is none."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return text
    return f"{DAYS[when.weekday()]} {when.day} {MONTHS[when.month - 1]} {when.year}, {when:%H:%M}"


def _money(amount: float, currency: str) -> str:
    sign = {"USD": "$", "EUR": "€", "GBP": "£"}.get(currency)
    return f"{sign}{amount:.2f}" if sign else f"{amount:.2f} {currency}"


def _render(cards: Sequence[Card], broken: Sequence[str], spends: Mapping[str, float]) -> str:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["day"] = _day
    text = resources.files("talkmill.report").joinpath("templates/gallery.html").read_text("utf-8")
    videos = [video for card in cards for video in card.videos]
    totals = {
        "videos": len(videos),
        "episodes": len({card.episode for card in cards}),
        "languages": len({card.language for card in cards}),
        "minutes": f"{sum(video['seconds'] for video in videos) / 60:.1f}",
        "spend": " + ".join(
            _money(amount, currency) for currency, amount in sorted(spends.items()) if amount or len(spends) == 1
        )
        or "$0.00",
        "failed": sum(card.verdict == "fail" for card in cards),
    }
    known = sorted({(card.language, card.language_name) for card in cards})
    return environment.from_string(text).render(cards=cards, broken=broken, totals=totals, languages=known)
