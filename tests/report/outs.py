"""out/ folders with manifests, as the deliver stage leaves them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def manifest(**changes: Any) -> dict[str, Any]:
    return {
        "episode": "coffee",
        "language": "en",
        "title": "Nobody tells you this",
        "formats": [{"name": "vertical", "file": "vertical.mp4", "seconds": 31.4}],
        "cover": "cover.jpg",
        "captions": ["captions.srt", "captions.vtt"],
        "checks": {"vertical": {"verdict": "pass", "measures": {"loudness": -14.12}, "failures": []}},
        "publish_at": "2026-12-01T18:00:00+01:00",
        "makings": 14,
        "cost": {"amount": 0, "currency": "USD"},
        "credits": [
            {"what": "Portrait of Ada", "name": "A style, CC BY 4.0", "url": "https://example.org/style", "creator": "Somebody"}
        ],
        "backends": {"speak": "piper", "render": "ffmpeg"},
    } | changes


def deliver(root: Path, **changes: Any) -> Path:
    data = manifest(**changes)
    folder = root / "out" / data["episode"] / data["language"]
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text(json.dumps(data), encoding="utf-8")
    return folder
