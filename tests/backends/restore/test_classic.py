import cv2
import numpy as np
import pytest

from talkmill.backends import load
from talkmill.errors import BackendError
from talkmill.media import frames
from tests.backends.lipsync.filmed import clip
from tests.picture.warp.drawn_face import MOUTH, SIZE, UNIT, frame

X, Y = int(MOUTH[0]), int(MOUTH[1])
REGION = np.s_[int(Y - 14 * UNIT) : int(Y + 24 * UNIT), int(X - 30 * UNIT) : int(X + 30 * UNIT)]


def restored(tmp_path, change, **asked):
    """(facts, frames before, frames after) where lip sync has changed frame `n` of a still clip by `change(n, luma of the
    mouth)`."""
    film, track = clip(tmp_path)
    before = []
    for number in range(30):
        picture = frame()
        picture[REGION] = np.clip(change(number, picture[REGION].astype(np.float32)), 0, 255)
        before.append(picture)
    (tmp_path / "said").mkdir()
    said = frames.write(iter(before), SIZE, 30, tmp_path / "said" / "frames.mkv")
    request = {"clip": said.facts, "source": film.facts, "play": "there_and_back", "start": 0, "face": 0, "mouth_box": None}
    (tmp_path / "out").mkdir()
    inputs = {"frames": said.path, "clip": film.path, "track": track}
    result = load("restore", "classic").run(request | asked, inputs, tmp_path / "out")
    after = list(frames.Clip.of(result.files["frames"], result.facts).read())
    return result.facts, np.stack(before), np.stack(after)


def test_what_is_as_good_as_the_clip_is_left_alone(tmp_path):
    """Nothing to mend: no step is applied, and the frames go through to the byte."""
    facts, before, after = restored(tmp_path, lambda number, luma: luma)
    assert (facts["blurred"], facts["steadied"], facts["sharpened"]) == (0, 0, 0)
    assert (before == after).all()


def test_a_soft_mouth_is_sharpened(tmp_path):
    """A mouth that lip sync has blurred gets detail back, and nothing outside the mouth's region changes."""
    facts, before, after = restored(tmp_path, lambda number, luma: cv2.GaussianBlur(luma, (0, 0), 1.6))
    assert facts["sharpened"] > 0.3
    assert facts["sharpness"] < 0.8
    assert facts["blurred"] == 0
    inner = np.s_[15, Y - 20 : Y + 20, X - 40 : X + 40]
    assert cv2.Laplacian(after[inner], cv2.CV_32F).std() > 1.1 * cv2.Laplacian(before[inner], cv2.CV_32F).std()
    outside = np.ones(before[0].shape, bool)
    outside[int(Y - 17 * UNIT) : int(Y + 27 * UNIT), int(X - 37 * UNIT) : int(X + 37 * UNIT)] = False
    assert (before[:, outside] == after[:, outside]).all()


def test_a_noisy_mouth_is_blurred(tmp_path):
    """Fine noise that the clip does not have is evened out."""
    rng = np.random.default_rng(1)
    grain = rng.normal(0, 12, frame()[REGION].shape)
    facts, before, after = restored(tmp_path, lambda number, luma: luma + grain)
    assert facts["blurred"] > 0.3
    assert facts["noise"] > 1.3
    part = np.s_[15, Y + 10 : Y + 40, X - 30 : X + 30]
    clean = frame()[part[1:]].astype(float)
    assert np.abs(after[part] - clean).mean() < 0.8 * np.abs(before[part] - clean).mean()


def test_a_flickering_mouth_is_steadied(tmp_path):
    """Frames that jump and jump back come nearer to their neighbours; a steady movement would not."""
    facts, before, after = restored(tmp_path, lambda number, luma: luma + 14 * (-1) ** number)
    assert facts["steadied"] > 0.3
    part = np.s_[:, Y - 10 : Y + 20, X - 30 : X + 30]
    jumps = [np.abs(np.diff(one[part].astype(float), axis=0)).mean() for one in (before, after)]
    assert jumps[1] < 0.7 * jumps[0]


def test_a_face_that_is_not_there_is_an_error(tmp_path):
    """Nothing is guessed."""
    with pytest.raises(BackendError, match="no such face"):
        restored(tmp_path, lambda number, luma: luma, face=4)
