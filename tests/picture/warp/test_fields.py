import numpy as np
import pytest

from talkmill.picture.warp import fields
from talkmill.picture.warp.place import place
from talkmill.picture.warp.pose import Pose, poses
from tests.picture.warp.drawn_face import landmarks

VOWELS = {"aa": (1.0, 0.0, 0.0), "E": (0.58, 0.35, 0.0), "I": (0.3, 1.0, 0.0), "O": (0.7, -0.5, 0.75), "U": (0.24, -0.95, 1.0)}


def held(smiles=False, broad=0.0, **curves):
    """The pose of curves that stand still, on a picture that shows teeth (`smiles`), by a smile that is so `broad`."""
    return poses({name: np.full(91, value) for name, value in {"open": 0.0, **curves}.items()}, 30, smiles, broad)[45]


def mouth(pose, gap=0.0):
    return fields.mouth_of(place(landmarks(gap)[None]), 0, pose)


def opening(one):
    _, above, below = fields.edges(one)
    return float((below - above)[12:21].mean())


def width(one):
    x, _, _ = fields.edges(one)
    return float(x[-1] - x[0])


@pytest.mark.parametrize("gap", [0.0, 10.0])
def test_vowels_open_in_their_order_and_a_press_shuts(gap):
    """aa is wider open than O, O than E, E than I, and p/b/m let nothing through, whatever the picture itself shows."""
    made = {name: opening(mouth(held(bool(gap), open=o, width=w, round=r), gap)) for name, (o, w, r) in VOWELS.items()}
    assert made["aa"] > made["O"] > made["E"] > made["I"] > 1.0
    assert opening(mouth(held(bool(gap), open=0.6, press=1.0), gap)) < 0.05


def test_spread_and_rounded_mouths_differ_in_width():
    """ "ee" is wider than the mouth at rest, "oo" is narrower by a fifth at least."""
    rest = width(mouth(Pose(voice=0)))
    assert width(mouth(held(open=0.3, width=1.0))) > 1.08 * rest
    assert width(mouth(held(open=0.24, width=-0.95, round=1.0))) < 0.8 * rest


@pytest.mark.parametrize("gap", [0.0, 10.0])
def test_pursed_lips_part_nothing_that_is_shut(gap):
    """A p between two "oo": the lips are drawn together and thick, and meet."""
    one = mouth(held(bool(gap), 1.0, open=0.24, width=-0.95, round=1.0, press=1.0), gap)
    assert opening(one) < 0.05
    assert width(one) < 0.7 * width(mouth(Pose(voice=0)))


def test_a_rounded_opening_is_an_ellipse_and_another_a_lens():
    """Half way to its corners a rounded mouth is still about as open as in its middle."""

    def flank(one):
        _, above, below = fields.edges(one)
        return (below - above)[6] / (below - above)[16]

    assert flank(mouth(held(open=0.3, round=1.0))) > flank(mouth(held(open=0.3))) + 0.05


def test_a_broad_smile_is_left_to_speak_and_taken_up_to_say_ee():
    """At rest while it speaks a mouth that smiled is narrower and its corners lower; a wide vowel is as wide as the smile."""
    speaks, wide, rest = (held(True, 1.0, **curves) for curves in ({"press": 1.0}, {"open": 0.3, "width": 1.0}, {}))
    assert width(mouth(speaks, 10.0)) < 0.85 * width(mouth(Pose(voice=0), 10.0))
    assert width(mouth(wide, 10.0)) > 0.97 * width(mouth(Pose(voice=0), 10.0))
    assert speaks.corners < -2.5
    assert rest.rests


def test_a_tuck_brings_the_lower_lip_under_the_teeth():
    """f and v: the lower lip stays where it is or higher, the upper one is raised, and the gap is that of the teeth."""
    one = mouth(held(open=0.14, teeth=0.6, tuck=1.0))
    _, above, below = fields.edges(one)
    assert below[16] <= one.lips.lower[16] + 0.3
    assert above[16] < one.lips.upper[16] - 1.5


@pytest.mark.parametrize(
    "pose",
    [
        held(open=1.0),
        held(open=0.3, width=1.0),
        held(open=0.7, width=-0.95, round=1.0),
        held(True, 0.33, open=0.24, width=-0.95, round=1.0),
    ],
)
@pytest.mark.parametrize("above", [True, False])
def test_fields_do_not_fold(pose, above):
    """The map from the moved face back to the face at rest never runs backwards, and inverts the field to a fifth of a mm."""
    one = mouth(pose)
    x, y = np.meshgrid(np.linspace(-60, 60, 121), np.linspace(-25, 70, 191))
    x, y = x.astype(np.float32), y.astype(np.float32)
    sx, sy = fields.sources(one, x, y, above)
    own = y < 0 if above else y > 0  # of each layer only its own side is seen
    dy, dx = np.gradient(sy, 0.5, axis=0), np.gradient(sx, 1.0, axis=1)
    assert dy[own].min() > 0.05
    assert dx[own].min() > 0.05
    mx, my = fields.moves(one, sx, sy, above)
    miss = np.hypot(sx + mx - x, sy + my - y)
    assert np.percentile(miss[own], 99) < 0.2


def test_layers_agree_outward_of_the_corners():
    """On the line that runs outward from a corner, both layers move a point alike: nothing tears there."""
    one = mouth(held(open=1.0, width=0.3))
    for side in (one.lips.left, one.lips.right):
        x = np.sign(side) * np.arange(abs(side), abs(side) + 20, 0.5)
        y = np.interp(x, one.lips.x, one.meeting)
        up, low = fields.upper(one, x, y), fields.lower(one, x, y)
        assert np.hypot(up[0] - low[0], up[1] - low[1]).max() < 0.05


def test_a_pose_comes_and_goes_without_a_jump():
    """`voice` is 0 at both ends of a segment and lasts through a short pause."""
    opened = np.zeros(120)
    opened[20:50] = opened[62:100] = 0.6
    voice = np.array([pose.voice for pose in poses({"open": opened}, 30, True)])
    assert voice[0] == voice[-1] == 0
    assert np.abs(np.diff(voice)).max() < 0.35
    assert voice[50:62].min() > 0.95


def test_a_smile_is_back_when_it_is_silent():
    """It is gone while anything is said and in pauses of up to two seconds, and back 0.4 s after the last sound: after that,
    and before 0.4 s ahead of the first, nothing moves."""
    opened = np.zeros(300)
    opened[60:100] = opened[155:200] = 0.6
    voice = np.array([pose.voice for pose in poses({"open": opened}, 30, True)])
    assert voice[60:200].min() > 0.999
    assert not voice[:48].any()
    assert not voice[212:].any()


def test_lips_meet_for_a_p_that_comes_at_once():
    """Where a line begins with a p after three frames, the smile is left by then."""
    press = np.zeros(120)
    press[3:6] = 1.0
    made = poses({"open": np.zeros(120), "press": press}, 30, True, 1.0)
    assert made[0].rests
    assert made[4].voice > 0.999
