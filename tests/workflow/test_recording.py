"""A line of the user's own voice, through real Snakemake to out/."""

import json

import numpy as np

from talkmill.backends import load
from talkmill.media import ffmpeg, sound
from tests.workflow.project import Project

SCRIPT = """\
languages: [en]
episodes:
  - id: own
    title: My own voice
    speaker: ada
    formats: [square]
    music: {file: music.wav, gain: -14}
    script:
      - {text: The bread is warm today., recording: takes/bread.mp3}
      - And this is a voice.
"""


def test_a_recording_is_captioned_and_its_change_is_seen(tmp_path):
    """Captions hold the text, the manifest the recording and the music; another file makes another take, and only that."""
    project = Project.new(tmp_path / "project")
    (project.root / "takes").mkdir()
    backend = load("speak", "piper")
    folder = tmp_path / "voice"
    folder.mkdir()
    spoken = backend.run({"text": "The bread is warm today.", "language": "en", "seed": 3}, {}, folder).files["sound"]
    backend.close()
    ffmpeg.run(["-i", ffmpeg.url(spoken), "-y", ffmpeg.url(project.root / "takes/bread.mp3")])
    tone = 0.2 * np.sin(2 * np.pi * 440 * np.arange(48000 * 2) / 48000)
    sound.write(project.root / "music.wav", tone.astype(np.float32))
    (project.root / "schedules/week.yaml").write_text(SCRIPT)
    done = project.run()
    assert done.code == 0, done.text
    out = project.root / "out/own/en"
    assert "bread" in (out / "captions.srt").read_text()
    manifest = project.manifest("own")
    credits = [credit["what"] for credit in manifest["credits"]]
    assert "recording takes/bread.mp3" in credits
    assert "music music.wav" in credits
    lips = manifest["stages"]["lipsync"]["makings"]["0"]["facts"]
    assert lips["closures"] >= 2  # b and m
    assert lips["closures_shut"] == lips["closures"]
    assert json.loads((out / "post.json").read_text())["ai_label"]["synthetic_voice"] is True
    before = project.makings()
    ffmpeg.run(["-i", ffmpeg.url(spoken), "-b:a", "48k", "-y", ffmpeg.url(project.root / "takes/bread.mp3")])
    done = project.run()
    assert done.code == 0, done.text
    new = [verb for key, verb in project.makings().items() if key not in before]
    assert new.count("speak") == 1


def test_a_recording_that_says_something_else_fails_with_its_words(tmp_path):
    """The job fails, and the words that fit least are in what the user sees."""
    project = Project.new(tmp_path / "project")
    backend = load("speak", "piper")
    spoken = backend.run({"text": "Only one of us is here.", "language": "en", "seed": 3}, {}, tmp_path).files["sound"]
    backend.close()
    ffmpeg.run(["-i", ffmpeg.url(spoken), "-y", ffmpeg.url(project.root / "x.mp3")])
    text = SCRIPT.replace("takes/bread.mp3", "x.mp3").replace("    music: {file: music.wav, gain: -14}\n", "")
    text = text.replace("The bread is warm today.", "Many strong horses pulled their wagons across a frozen river.")
    (project.root / "schedules/week.yaml").write_text(text)
    done = project.run()
    assert done.code != 0
    assert "x.mp3: does not say this text" in done.text or "x.mp3: is too short for its text" in done.text
