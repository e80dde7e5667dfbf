import hashlib

import numpy as np
import pytest

from talkmill.backends import load
from talkmill.errors import BackendError
from talkmill.media import frames
from tests.backends.lipsync.filmed import clip, request, spoken
from tests.picture.warp.drawn_face import HALF, MOUTH, SIZE, UNIT, frame


@pytest.fixture
def made(tmp_path):
    return clip(tmp_path)


def run(tmp_path, film, track, **changed):
    """Frames (n, rows, columns) and facts."""
    workdir = tmp_path / f"out{len(list(tmp_path.glob('out*')))}"
    workdir.mkdir()
    asked = request(film, **changed)
    inputs = {"clip": film.path, "sound": spoken(tmp_path / "take.wav"), "track": track}
    result = load("lipsync", "warp").run(asked, inputs, workdir)
    pictures = np.stack(list(frames.Clip.of(result.files["frames"], result.facts).read()))
    return pictures, result.facts


def inside(pictures):
    """Mean luma where the mouth opens."""
    y, x = int(MOUTH[1]), int(MOUTH[0])
    return pictures[:, y + 6 : y + 12, x - 15 : x + 15].mean(axis=(1, 2))


def test_a_face_speaks_and_rests_at_both_ends(tmp_path, made):
    """As many frames as asked for; the first and the last are the clip's own; vowels open the mouth, b and m shut it."""
    pictures, facts = run(tmp_path, *made)
    assert len(pictures) == facts["frames"] == 45
    assert (facts["width"], facts["height"]) == SIZE
    assert (pictures[0] == frame()).all()
    assert (pictures[-1] == frame()).all()
    dark = inside(pictures)
    skin = inside(frame()[None])[0]
    vowel, hold = 6 + 12_000 * 30 // 48_000, 6 + 21_600 * 30 // 48_000
    assert dark[vowel] < 0.6 * skin
    assert dark[hold] > 0.9 * skin
    assert facts["closures"] == facts["closures_shut"] == 3
    assert facts["without_face"] == []


def test_frames_without_the_face_pass_through_and_are_named(tmp_path):
    """What the clip shows while the face is away is shown unchanged; the mouth comes to rest before, and sets off after."""
    film, track = clip(tmp_path, count=100, gone=range(12, 16))
    pictures, facts = run(tmp_path, film, track, play="through")
    assert facts["without_face"] == [[12, 15]]
    assert all((pictures[number] == frame()).all() for number in range(12, 16))
    change = np.abs(pictures[1:].astype(int) - pictures[:-1]).max(axis=(1, 2))
    away = np.abs(pictures.astype(int) - frame()).mean(axis=(1, 2))
    assert away[11] < away[9]
    assert away[16] < away[18]
    assert change.max() > 0


def test_who_is_silent_stays_as_the_clip_is(tmp_path, made):
    """A listener needs no take and no sound, and no pixel of the clip changes."""
    film, track = made
    workdir = tmp_path / "silent"
    workdir.mkdir()
    asked = {key: value for key, value in request(film, speaks=False).items() if key not in ("take", "lead")}
    result = load("lipsync", "warp").run(asked, {"clip": film.path, "track": track}, workdir)
    pictures = list(frames.Clip.of(result.files["frames"], result.facts).read())
    assert len(pictures) == 45
    assert all((one == frame()).all() for one in pictures)


def test_a_frame_depends_on_its_moment_only(tmp_path, made):
    """The same moments of a longer segment give the same bytes: nothing is carried along, so a long line cannot drift."""
    short, _ = run(tmp_path, *made, frames=60)
    long, _ = run(tmp_path, *made, frames=400)
    assert (short[8:36] == long[8:36]).all()


def test_the_same_request_gives_the_same_bytes(tmp_path, made):
    """Twice in one process: the file is the same."""
    digests = set()
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        inputs = {"clip": made[0].path, "sound": spoken(tmp_path / "take.wav"), "track": made[1]}
        files = load("lipsync", "warp").run(request(made[0]), inputs, tmp_path / name).files
        digests.add(hashlib.sha256(files["frames"].read_bytes()).hexdigest())
    assert len(digests) == 1


def test_a_mouth_box_needs_no_face(tmp_path, made):
    """A face that no detector finds speaks where its mouth is said to be."""
    film, _ = made
    empty = tmp_path / "empty"
    empty.mkdir()
    _, track = clip(empty, faces=0)
    box = [(MOUTH[0] - HALF * UNIT) / SIZE[0], (MOUTH[1] - 10) / SIZE[1], 2 * HALF * UNIT / SIZE[0], 20 / SIZE[1]]
    pictures, facts = run(tmp_path, film, track, mouth_box=box, face=None)
    assert inside(pictures).min() < 0.6 * inside(frame()[None])[0]
    assert facts["without_face"] == []


@pytest.mark.parametrize(("faces", "gone", "words"), [(1, range(20), "no frame"), (0, (), "no face of that number")])
def test_a_face_that_is_not_there_is_an_error(tmp_path, faces, gone, words):
    """No silent fallback: the message says what to do."""
    film, track = clip(tmp_path, faces=faces, gone=gone)
    with pytest.raises(BackendError, match=words):
        run(tmp_path, film, track)


def test_a_smile_is_seen_and_strength_scales_the_opening(tmp_path, made):
    """`emotion` lifts the corners, `sync_strength` opens less; both change the lower face only."""
    plain, _ = run(tmp_path, *made)
    happy, _ = run(tmp_path, *made, emotion="happy")
    weak, _ = run(tmp_path, *made, sync_strength=0.5)
    assert (plain != happy).any()
    y, x = int(MOUTH[1]), int(MOUTH[0])
    widest = [(one[:, y - 10 : y + 45, x - 5 : x + 5] < 70).sum(axis=(1, 2)).max() for one in (plain, weak)]
    assert widest[1] < 0.75 * widest[0]
    above = int(MOUTH[1] - 40 * UNIT)
    assert (happy[:, :above] == frame()[:above]).all()
