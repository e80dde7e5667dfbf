"""The gallery: what is on the page, what is escaped, what is said about broken manifests."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from talkmill.errors import StoreError
from talkmill.report import gallery
from tests.report.outs import deliver

VOID = {"meta", "br", "link", "img"}


class Page(HTMLParser):
    """Tags with their attributes, text, and whether every tag is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def page(root: Path) -> Page:
    return Page(gallery.write(root).read_text("utf-8"))


def test_every_manifest_is_a_card_with_its_facts(tmp_path: Path) -> None:
    """Law: title, language, length, loudness, verdict, day, downloads and credits of each episode are on the page."""
    deliver(tmp_path)
    deliver(tmp_path, language="es", title="Nadie te cuenta esto")
    found = page(tmp_path)
    assert len(found.all("article")) == 2
    for text in (
        "Nobody tells you this",
        "Nadie te cuenta esto",
        "English",
        "Spanish",
        "-14.1 LUFS",
        "0:31",
        "Tue 1 Dec 2026, 18:00",
        "Ready to post",
        "Somebody",
    ):
        assert text in found.text
    videos = found.all("video")
    assert [video["src"] for video in videos] == ["coffee/en/vertical.mp4", "coffee/es/vertical.mp4"]
    assert all(video["preload"] == "none" and video["poster"] for video in videos)
    links = [link["href"] for link in found.all("a")]
    assert {"coffee/en/captions.srt", "coffee/en/captions.vtt", "coffee/en/cover.jpg", "https://example.org/style"} <= set(
        links
    )


def test_totals_are_sums_of_the_manifests(tmp_path: Path) -> None:
    """Law: videos, minutes and spend are added up; two currencies are not mixed."""
    two = [{"name": "vertical", "file": "a.mp4", "seconds": 60}, {"name": "wide", "file": "b.mp4", "seconds": 60}]
    deliver(tmp_path, formats=two, cost={"amount": 1.25, "currency": "USD"})
    deliver(tmp_path, episode="tea", cost={"amount": 2, "currency": "EUR"}, formats=two[:1])
    text = re.sub(r"\s+", " ", page(tmp_path).text)
    assert "Videos3 Minutes3.0 Languages1 Spent€2.00 + $1.25" in text


def test_nothing_on_the_page_comes_from_elsewhere(tmp_path: Path) -> None:
    """Law: no address of another host is loaded; links people may click are the only absolute ones."""
    deliver(tmp_path)
    found = page(tmp_path)
    for _tag, attributes in found.tags:
        for name in ("src", "poster", "srcset", "data"):
            assert not (attributes.get(name) or "").startswith(("http", "//"))
    assert not found.all("link")
    assert "url(" not in gallery.write(tmp_path).read_text("utf-8")


def test_a_title_is_text_and_never_markup(tmp_path: Path) -> None:
    """Law: what a person writes is shown as written; a script in a title, a credit or a file name does not run."""
    evil = '<script>alert(1)</script><img src=x onerror="alert(2)">'
    deliver(
        tmp_path,
        title=evil,
        credits=[{"what": evil, "name": evil, "url": "javascript:alert(3)", "creator": evil}],
        backends={evil: evil},
    )
    found = page(tmp_path)
    assert evil in found.text
    assert len(found.all("script")) == 1
    assert not found.all("img")
    assert not any("javascript:" in (link.get("href") or "") for link in found.all("a"))


def test_a_failed_check_says_why(tmp_path: Path) -> None:
    """Law: a failed video is not called ready, and its reasons are on the card."""
    deliver(tmp_path, checks={"vertical": {"verdict": "fail", "measures": {}, "failures": ["sound: -17.2 LUFS, not -14"]}})
    text = page(tmp_path).text
    assert "Check failed" in text
    assert "-17.2 LUFS" in text
    assert "Ready to post" not in text


def test_a_broken_manifest_is_named_and_the_rest_is_shown(tmp_path: Path) -> None:
    """Law: an unreadable manifest is no traceback and no silence."""
    deliver(tmp_path)
    for name, text in {
        "half": '{"episode": "x"',
        "list": "[]",
        "empty": "{}",
        "odd": '{"episode": 1, "language": 2, "title": 3, "formats": 4}',
    }.items():
        (tmp_path / "out" / name / "en").mkdir(parents=True)
        (tmp_path / "out" / name / "en" / "manifest.json").write_text(text)
    deliver(tmp_path, episode="outside", formats=[{"name": "vertical", "file": "../../secret.mp4", "seconds": 1}])
    found = page(tmp_path)
    assert len(found.all("article")) == 1
    for name in ("half", "list", "empty", "odd", "outside"):
        assert f"out/{name}/en/manifest.json: cannot be shown" in found.text
    assert "secret.mp4" not in "".join(video["src"] or "" for video in found.all("video"))


def test_without_videos_the_page_says_what_to_do(tmp_path: Path) -> None:
    """Law: an empty project gives a page with the command, and the folder is made."""
    assert "snakemake" in page(tmp_path).text


def test_the_page_is_the_same_every_time(tmp_path: Path) -> None:
    """Law: same manifests, same bytes: no date of now is written."""
    deliver(tmp_path)
    assert gallery.write(tmp_path).read_bytes() == gallery.write(tmp_path).read_bytes()
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["coffee", "report.html"]


def test_a_page_that_cannot_be_written_is_a_people_s_error(tmp_path: Path) -> None:
    """Law: a file in the way of the folder is said, with its name."""
    (tmp_path / "out").write_text("in the way")
    with pytest.raises(StoreError, match="cannot be written"):
        gallery.write(tmp_path)


def test_lengths_are_read_as_minutes_and_seconds() -> None:
    """Law: rounding carries into the minute."""
    assert [gallery.clock(value) for value in (0, 31.4, 59.6, 125)] == ["0:00", "0:31", "1:00", "2:05"]
