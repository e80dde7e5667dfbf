"""Kling's stand-in: what it refuses, in whose words, and what it bills."""

import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from talkmill.providers.sandbox.kling import KlingService
from talkmill.providers.sandbox.kling_rules import CODES
from talkmill.providers.sandbox.server import Sandbox, Shelf
from tests.providers.conftest import encoded, media  # noqa: F401 (a fixture)

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def box():
    with Sandbox(KlingService(slots=3, pace=0, least=5), Shelf(), scale=0.001) as served:
        yield served


def ask(box, method, path, body=None, key="sk-test-1"):
    headers = {"authorization": f"Bearer {key}"} if key else {}
    return httpx.request(method, f"{box.url('kling')}/{path}", json=body, headers=headers, timeout=20)


def refused(answer, code, words=""):
    """A refusal as Kling writes it: status and code of the table, and no `data`."""
    body = answer.json()
    assert (answer.status_code, body["code"]) == (CODES[code][0], code)
    assert words in body["message"]
    assert "data" not in body
    assert body["request_id"]
    return True


@pytest.mark.parametrize(
    ("key", "code", "words"), [("", 1001, ""), ("nonsense", 1002, "expected to have 3 parts, but got 0"), ("a.b.c", 1002, "")]
)
def test_keys_are_checked(box, key, code, words):
    """None, nonsense, a token that is none."""
    assert refused(ask(box, "GET", "v1/videos/image2video", key=key), code, words)


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("v1/images/generations", {}, "prompt is required"),
        ("v1/images/generations", {"prompt": "x" * 2501}, "2500"),
        ("v1/images/generations", {"prompt": "x", "aspect_ratio": "5:4"}, "allowed values: 16:9"),
        ("v1/images/generations", {"prompt": "x", "image": "data:image/png;base64,AAAA"}, "data: prefix"),
        ("v1/images/generations", {"prompt": "x", "image": "!!"}, "base64"),
        ("v1/images/generations", {"prompt": "x", "n": 10}, "n must be"),
        ("v1/videos/lip-sync", {"input": {}}, "input.mode must not be null"),
        ("v1/videos/lip-sync", {"input": {"mode": "audio2video"}}, "Audio type is null"),
        ("v1/videos/lip-sync", {"input": {"mode": "audio2video", "audio_type": "file"}}, "video_id or video_url is required"),
        ("v1/videos/identify-face", {"video_url": "ftp://x/y"}, "not a valid url"),
        ("v1/videos/identify-face", {"video_url": "http://127.0.0.1:9/x.mp4"}, "cannot be downloaded"),
        ("v1/videos/advanced-lip-sync", {"session_id": "none"}, "session_id is invalid"),
        ("v1/videos/avatar/image2video", {}, "image is required"),
        ("v1/videos/image2video", {"prompt": "x"}, "image or image_tail is required"),
        ("image-to-video/kling-3.0", {"contents": [], "negative_prompt": "x"}, "unknown parameter"),
        ("image-to-video/kling-3.0", {"contents": []}, "first_frame is required"),
        ("tasks?task_ids=" + ",".join("1" * 21), None, "20 ids"),
    ],
)
def test_bodies_are_checked_in_klings_words(box, path, body, words):
    """1201 with the words that say what is wrong; nothing is taken."""
    assert refused(ask(box, "POST" if body is not None else "GET", path, body), 1201, words)
    assert not box["kling"].tasks


def test_sounds_and_lengths_are_checked(box, media, tmp_path):  # noqa: F811
    """Two seconds at least, five megabytes at most, real sound."""
    from talkmill.media import ffmpeg

    short = tmp_path / "short.wav"
    ffmpeg.run(["-f", "lavfi", "-i", "sine=duration=1.5", "-y", ffmpeg.url(short)])
    body = {"image": encoded(media["image"])}
    assert refused(
        ask(box, "POST", "v1/videos/avatar/image2video", {**body, "sound_file": encoded(short)}),
        1201,
        "between 2s and 300s, got 1.50s",
    )
    assert refused(
        ask(box, "POST", "v1/videos/avatar/image2video", {**body, "sound_file": encoded(media["image"])}), 1201, "format"
    )
    large = "A" * ((5 << 20) // 3 * 4 + 8)
    assert refused(ask(box, "POST", "v1/videos/avatar/image2video", {**body, "sound_file": large}), 1201, "5MB")


def test_retired_models_and_wrong_paths(box, media):  # noqa: F811
    """1203 and 1202, as 404."""
    assert refused(
        ask(box, "POST", "v1/videos/image2video", {"model_name": "kling-v1", "image": encoded(media["image"])}),
        1203,
        "discontinued",
    )
    assert refused(ask(box, "POST", "v1/nothing", {}), 1203)
    assert refused(ask(box, "DELETE", "v1/images/generations"), 1202)


def test_a_task_is_billed_when_it_ends_though_nobody_asks(box):
    """The bill counts what the service took, in its own units, not what a client saw."""
    made = ask(box, "POST", "v1/images/generations", {"prompt": "x", "n": 2, "external_task_id": "a"}).json()
    assert made["data"]["task_status"] == "submitted"
    assert made["data"]["task_info"] == {"external_task_id": "a"}
    import time

    time.sleep(0.05)
    ask(box, "GET", "v1/images/generations")
    bill = httpx.get(f"{box.url()}/bill").json()
    assert bill["total"] == "0.056"
    assert bill["products"] == {"kling/images/generations": {"calls": 1, "quantity": "2", "amount": "0.056"}}
    assert bill["charges"][0]["task"] == made["data"]["task_id"]
    task = ask(box, "GET", "tasks?external_task_ids=a,b").json()["data"]
    assert [found["status"] for found in task] == ["succeeded"]
    assert Decimal(task[0]["billing"][0]["amount"]) == 16
    old = ask(box, "GET", "v1/images/generations/a").json()["data"]
    assert old["task_status"] == "succeed"
    assert isinstance(old["created_at"], int)


def test_faults_are_planned_over_http(box):
    """A rehearsal can have things go wrong; an unknown name lists the known ones."""
    answer = httpx.post(f"{box.url('kling')}/faults", json={"fault": "1302", "times": 1})
    assert answer.json() == {"planned": "1302"}
    assert refused(ask(box, "POST", "v1/images/generations", {"prompt": "x"}), 1302)
    assert ask(box, "POST", "v1/images/generations", {"prompt": "x"}).json()["code"] == 0
    assert "truncated" in httpx.post(f"{box.url('kling')}/faults", json={"fault": "?"}).json()["faults"]


def test_it_runs_by_itself():
    """`python -m talkmill.providers.sandbox` says where it is and which settings lead there, and answers."""
    command = [sys.executable, "-m", "talkmill.providers.sandbox", "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        process.stdout.readline()
        words = ""
        while not words.endswith("\n}\n"):
            words += process.stdout.readline()
        told = json.loads(words)
        assert told["environment"]["KLING_API_KEY"].startswith("sk-test")
        base = told["providers"]["kling"]["base_url"]
        assert httpx.get(f"{base}/bill").json()["total"] == "0"
        assert json.loads(httpx.get(f"{base}/v1/x").text)["code"] == 1203
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()
