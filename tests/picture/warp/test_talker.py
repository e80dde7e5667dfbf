import itertools

import cv2
import numpy as np
import pytest

from talkmill.media import frames
from talkmill.picture.warp import eyes, fields
from talkmill.picture.warp.look import look, planes
from talkmill.picture.warp.place import place, place_box, scale
from talkmill.picture.warp.pose import Pose
from talkmill.picture.warp.talker import Talker
from tests.picture.warp import drawn_face
from tests.picture.warp.drawn_face import HALF, MOUTH, SIZE, UNIT, frame, landmarks
from tests.picture.warp.test_fields import held

OPEN = held(open=0.9, teeth=0.5)


def talker(gap=0.0, **turned):
    placed = place(landmarks(gap, **turned)[None])
    return Talker(placed, look(frame(gap), placed, 0))


def drawn(pose, gap=0.0):
    made = frame(gap)
    box = talker(gap).draw(made, 0, pose)
    return made, box


@pytest.mark.parametrize("gap", [0.0, 10.0])
def test_nothing_outside_the_lower_face_changes(gap):
    """Every pixel of all three planes outside the box is the picture's, to the byte, and inside the box's edge too."""
    made, (left, top, right, bottom) = drawn(OPEN, gap)
    for number, (new, old) in enumerate(zip(planes(made), planes(frame(gap)), strict=True)):
        step = 1 if number == 0 else 2
        mask = np.ones(new.shape, bool)
        mask[top // step : bottom // step, left // step : right // step] = False
        assert (new[mask] == old[mask]).all()
        assert (new[~mask] != old[~mask]).any()
        edge = (
            new[top // step : bottom // step, left // step : right // step]
            != old[top // step : bottom // step, left // step : right // step]
        )
        assert not edge[0].any()
        assert not edge[:, 0].any()
        assert not edge[:, -1].any()
    assert top > MOUTH[1] - 40 * UNIT  # eyes and nose are not part of it


def test_a_face_at_rest_stays_as_it_is():
    """The pose of silence gives the picture back, to the byte, open smile or not."""
    for gap in (0.0, 10.0):
        made, _ = drawn(Pose(voice=0.0), gap)
        assert (made == frame(gap)).all()


def test_an_open_mouth_is_dark_inside_and_a_shut_one_is_not():
    """Where the lips part, what was skin becomes the depth of a mouth; pressed lips show none of it, even on a photo with
    teeth."""
    opened, _ = drawn(OPEN)
    x, y = int(MOUTH[0]), int(MOUTH[1])
    assert opened[y + 16, x - 20 : x + 20].mean() < 0.5 * frame()[y + 16, x - 20 : x + 20].mean()
    shut, _ = drawn(held(smiles=True, press=1.0), 10.0)
    column = planes(shut)[0][y - 14 : y + 14, x - 8 : x + 8].mean(axis=1)
    assert column.max() < 150  # teeth are at about 205


def test_a_photo_that_shows_teeth_keeps_its_own():
    """Between parted lips of a smile the picture's own pixels are seen where they were."""
    made, _ = drawn(held(smiles=True, open=0.5), 10.0)
    x, y = int(MOUTH[0]), int(MOUTH[1])
    rows = slice(y + 6, y + 9)  # below the upper lip's shadow
    assert np.abs(made[rows, x - 10 : x + 10].astype(int) - frame(10.0)[rows, x - 10 : x + 10]).mean() < 8


def test_teeth_and_depth_are_lit_like_the_face():
    """The same face in half the light gets half the light in its mouth."""
    dark = frame()
    for number, plane in enumerate(planes(dark)):
        base = 16 if number == 0 else 128
        plane[:] = base + (plane.astype(float) - base) * 0.4
    bright, _ = drawn(OPEN)
    talker().draw(dark, 0, OPEN)
    mask = np.s_[int(MOUTH[1]) + 3 : int(MOUTH[1]) + 26, int(MOUTH[0]) - 25 : int(MOUTH[0]) + 25]
    share = (dark[mask].astype(float) - 16).mean() / (bright[mask].astype(float) - 16).mean()
    assert share == pytest.approx(0.4, abs=0.06)


def test_the_lips_line_is_found_where_it_is_dark():
    """Landmarks that miss the dark line by 1.5 mm are put right."""
    wrong = landmarks() + np.array((0, 1.5 * UNIT))
    placed = place(wrong[None])
    snap = look(frame(), placed, 0).snap
    assert np.abs(snap[4:-4] + 1.5).max() < 0.5


def test_a_turned_face_is_moved_along_its_own_axes():
    """The same pose on a face that leans by 20 degrees gives the same mouth, turned."""
    way = cv2.getRotationMatrix2D(MOUTH, -20, 1)
    upright = cv2.cvtColor(frame(), cv2.COLOR_YUV2RGB_I420)
    leaned = frames.i420(cv2.warpAffine(upright, way, SIZE, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101))
    placed = place(landmarks(turn=20)[None])
    Talker(placed, look(leaned, placed, 0)).draw(leaned, 0, OPEN)
    made, _ = drawn(OPEN)
    back = cv2.warpAffine(planes(leaned)[0], way, SIZE, flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP)
    part = np.s_[int(MOUTH[1]) - 15 : int(MOUTH[1]) + 60, int(MOUTH[0]) - 60 : int(MOUTH[0]) + 60]
    assert np.abs(back[part].astype(int) - planes(made)[0][part]).mean() < 6


def test_noise_of_landmarks_does_not_swim():
    """With landmarks that jitter by half a pixel the same pose on the same picture stays still: under 2 levels from frame to
    frame."""
    rng = np.random.default_rng(5)
    noisy = landmarks()[None] + rng.normal(0, 0.5, (12, 468, 2))
    placed = place(noisy)
    one = Talker(placed, look(frame(), placed, 0))
    made = []
    for index in range(12):
        made.append(frame())
        one.draw(made[-1], index, OPEN)
    part = np.s_[int(MOUTH[1]) - 20 : int(MOUTH[1]) + 60, int(MOUTH[0]) - 60 : int(MOUTH[0]) + 60]
    steps = [np.abs(a[part].astype(int) - b[part]).mean() for a, b in itertools.pairwise(made)]
    assert max(steps) < 2.0


def test_a_mouth_box_stands_in_for_landmarks():
    """A mouth that no detector finds opens where its box says it is."""
    box = (MOUTH[0] - HALF * UNIT, MOUTH[1] - 12, 2 * HALF * UNIT, 24.0)
    placed = place_box(box, 3)
    assert scale(placed.to_picture[0]) == pytest.approx(UNIT)
    made = frame()
    Talker(placed, look(made, placed, 0)).draw(made, 0, OPEN)
    assert made[int(MOUTH[1]) + 16, int(MOUTH[0]) - 20 : int(MOUTH[0]) + 20].mean() < 90


def test_frames_without_the_face_have_no_frame_of_it():
    """Gaps in the landmarks stay gaps, and the stretches beside them are evened out on their own."""
    points = np.repeat(landmarks()[None], 9, 0)
    points[4] = np.nan
    placed = place(points)
    assert placed.seen.tolist() == [True] * 4 + [False] + [True] * 4
    assert placed.lips[4] is None
    assert np.isnan(placed.to_picture[4]).all()
    assert np.allclose(placed.to_picture[0], placed.to_picture[8])


def test_blinks_change_the_eyes_only_and_shut_them():
    """At 1 no white of the eye is left; nothing below the lids or above the brows changes, and 0 changes nothing."""
    placed = place(landmarks()[None])
    made = frame()
    eyes.blink(made, placed, 0, 0.0)
    assert (made == frame()).all()
    eyes.blink(made, placed, 0, 1.0)
    x, y = int(MOUTH[0] - 31.5 * UNIT), int(MOUTH[1] - 70 * UNIT)
    luma, before = planes(made)[0], planes(frame())[0]
    assert before[y, x - 24] > 200 > luma[y - 2 : y + 3, x - 20 : x + 20].max()
    rows = np.flatnonzero((luma != before).any(axis=1))
    assert y - 14 * UNIT < rows.min()
    assert rows.max() < y + 8 * UNIT


def test_lids_are_open_at_both_ends_and_never_jump():
    """A waiting face blinks, seldom, and a clip joins its own start."""
    down = eyes.lids(240, 30, "seed")
    assert down[0] == down[-1] == 0
    assert down.max() == 1.0
    assert 1 <= ((down[1:] == 1) & (down[:-1] < 1)).sum() <= 4
    assert (eyes.lids(240, 30, "seed") == down).all()
    assert (eyes.lids(240, 30, "other") != down).any()


def test_two_faces_in_one_picture_are_changed_one_at_a_time():
    """What is drawn on the left face leaves the right one as it is, so both may be drawn in turn."""
    wide = frames.i420(np.concatenate([cv2.cvtColor(frame(), cv2.COLOR_YUV2RGB_I420)] * 2, axis=1))
    left = place(landmarks()[None])
    right = place(landmarks(moved=(SIZE[0], 0))[None])
    one = wide.copy()
    Talker(left, look(wide, left, 0)).draw(one, 0, OPEN)
    assert (planes(one)[0][:, SIZE[0] :] == planes(wide)[0][:, SIZE[0] :]).all()
    both = one.copy()
    Talker(right, look(wide, right, 0)).draw(both, 0, OPEN)
    assert (planes(both)[0][:, : SIZE[0]] == planes(one)[0][:, : SIZE[0]]).all()
    assert (planes(both)[0][:, SIZE[0] :] != planes(wide)[0][:, SIZE[0] :]).any()
    assert fields.WINDOW[0] * UNIT < SIZE[0] / 2


def smile():
    """An open smile whose corners are dark, and reach 4 mm farther than its landmarks."""
    image = drawn_face.picture(8.0)
    for side in (-1, 1):
        middle = (int(MOUTH[0]) + side * 58, int(MOUTH[1]))
        cv2.ellipse(image, middle, (12, 5), 0, 0, 360, (30, 15, 15), -1, cv2.LINE_AA)
    return frames.i420(image)


def test_the_dark_corners_of_a_smile_close_with_the_lips():
    """A smile is open farther than its landmarks say; with shut lips hardly any of that is left, and nothing tears there."""
    picture = smile()
    placed = place(landmarks(8.0)[None])
    seen = look(picture, placed, 0)
    assert seen.teeth
    assert seen.lips is not None
    assert seen.lips.left < placed.lips[0].left - 1
    assert seen.lips.right > placed.lips[0].right + 1
    made = picture.copy()
    Talker(placed, seen).draw(made, 0, Pose())
    height = picture.shape[0] * 2 // 3
    x, y = (int(at) for at in MOUTH)
    beside = np.s_[y - 40 : y + 40, x - 80 : x - 50]
    was, left = ((one[:height][beside] < 60).sum() for one in (picture, made))
    assert was > 120
    assert left < 0.2 * was
    steps = np.abs(np.diff(made[:height, x - 110 : x - 80].astype(int), axis=0))
    assert steps.max() <= np.abs(np.diff(picture[:height, x - 110 : x - 80].astype(int), axis=0)).max() + 4


def test_teeth_lie_in_the_dark_of_rounded_lips():
    """The picture's own teeth are seen in a wide mouth, and hardly in a round one."""
    picture = smile()
    placed = place(landmarks(8.0)[None])
    talker = Talker(placed, look(picture, placed, 0))
    x, y = (int(at) for at in MOUTH)
    seen = []
    for shade in (0.0, 1.0):
        made = picture.copy()
        talker.draw(made, 0, Pose(jaw=5.0, shut=0.6, shade=shade))
        seen.append(float(made[y - 8 : y + 8, x - 10 : x + 10].max()))
    assert seen[1] < 0.6 * seen[0]


def test_painted_lips_that_are_shut_show_no_teeth():
    """Landmarks may see a gap between lips that are shut: the picture decides, which is the same lips there."""
    placed = place(landmarks(3.0)[None])
    assert not look(frame(0.0), placed, 0).teeth
    assert look(frame(3.0), placed, 0).teeth


def test_how_broad_a_smile_is_is_its_width():
    """A mouth of 50 mm with teeth smiles a little; one without shows no smile to leave."""
    assert 0.1 < talker(10.0).smile < 0.9
    assert talker(0.0).smile == 0.0


def test_the_crease_beyond_the_corner_goes_when_lips_are_drawn_together():
    """What was the end of the lips' line is skin then, and stays in a mouth that is spread."""
    x, y = int(MOUTH[0] - (HALF + 4) * UNIT), int(MOUTH[1])
    found = []
    for curves in ({"open": 0.24, "width": -0.95, "round": 1.0}, {"open": 0.24, "width": 0.3}):
        made = frame()
        made[y - 1 : y + 2, x : int(MOUTH[0] - HALF * UNIT)] = 60
        one = talker()
        pose = held(**curves)
        one.draw(made, 0, pose)
        corner = int(MOUTH[0] + fields.edges(one.mouth(0, pose))[0][0] * UNIT)
        strip = made[y - 8 : y + 9, corner - 12 : corner - 7].astype(float)
        found.append(float(np.median(strip) - strip.min(axis=0).mean()))
    assert found[0] < 0.5 * found[1]
