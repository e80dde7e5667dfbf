"""The gallery in a real browser: opened from disk, with real files."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from talkmill.media import encode
from talkmill.report import gallery
from tests.media.film import FPS, RATE, pictures, speech
from tests.report.outs import deliver

BROWSER = next((found for found in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if found), None)
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--enable-logging=stderr",
)


@pytest.fixture(scope="module")
def browser() -> str:
    if BROWSER is None:
        if os.environ.get("CI") == "true":
            pytest.fail("no browser: install chromium (apt-get install chromium)")
        pytest.skip("no browser here: install chromium to run this test")
    return BROWSER


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with three delivered episodes, a real mp4 and real covers."""
    root = tmp_path_factory.mktemp("project")
    size = (270, 480)
    speech(root / "s.wav", 90)
    encode.sound(root / "s.wav", root / "s.m4a", RATE)
    encode.video(pictures(30, size), size, FPS, root / "s.m4a", root / "v.mp4")
    import numpy as np

    for number, changes in enumerate(
        ({}, {"language": "ar", "title": "مرحبا"}, {"episode": "sleep", "title": "Why you wake up at three"})
    ):
        folder = deliver(root, **changes)
        shutil.copy(root / "v.mp4", folder / "vertical.mp4")
        encode.still(np.full((480, 270, 3), (250, 10 + 60 * number, 20), np.uint8), folder / "cover.jpg")
    gallery.write(root)
    return root


def run(browser: str, site: Path, profile: Path, *options: str) -> subprocess.CompletedProcess[str]:
    page = (site / "out" / "report.html").as_uri()
    return subprocess.run(
        [browser, *FLAGS, f"--user-data-dir={profile}", *options, page], capture_output=True, text=True, timeout=60, check=True
    )


def test_the_page_lays_out_its_cards_and_shows_their_covers(browser: str, site: Path, tmp_path: Path) -> None:
    """Law: seen in a browser, each of the three covers is there with its colour, side by side, and the page logs no error."""
    import cv2
    import numpy as np

    shot = tmp_path / "page.png"
    done = run(browser, site, tmp_path / "profile", f"--screenshot={shot}", "--window-size=1200,1000")
    picture = cv2.imread(str(shot))
    assert picture is not None
    places = []
    for number in range(3):
        like = np.abs(picture.astype(int) - (20, 10 + 60 * number, 250)).max(axis=2) < 16
        rows, columns = np.nonzero(like)
        assert len(rows) > 20_000
        places.append((columns.mean(), rows.mean()))
    assert len({round(x / 100) for x, _ in places}) == 3
    assert max(y for _, y in places) - min(y for _, y in places) < 10
    console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    assert console == []


def test_the_language_buttons_and_the_video_work(browser: str, site: Path, tmp_path: Path) -> None:
    """Law: a language button leaves its cards only, and a video of the page loads from disk with its length."""
    text = (site / "out" / "report.html").read_text("utf-8")
    probe = """<script>
    document.querySelector('nav button[data-language=ar]').click();
    document.body.dataset.left = document.querySelectorAll('.card:not([hidden])').length;
    var video = document.querySelector('video');
    video.addEventListener('loadedmetadata', function () {
      document.body.dataset.video = video.videoWidth + 'x' + video.videoHeight + ' ' + video.duration.toFixed(2);
    });
    video.preload = 'metadata'; video.load();
    </script></body>"""
    trial = site / "out" / "trial.html"
    trial.write_text(text.replace("</body>", probe), encoding="utf-8")
    done = subprocess.run(
        [
            browser,
            *FLAGS,
            f"--user-data-dir={tmp_path / 'profile'}",
            "--virtual-time-budget=4000",
            "--dump-dom",
            trial.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    trial.unlink()
    body = re.search(r"<body[^>]*>", done.stdout)
    assert body is not None
    assert 'data-left="1"' in body[0]
    assert 'data-video="270x480 1.00"' in body[0]
