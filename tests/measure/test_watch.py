"""The mouth of a decoded video, measured against what was painted."""

from __future__ import annotations

import numpy as np
import pytest

from talkmill.errors import MediaError
from talkmill.measure import shapes
from talkmill.measure.score import repeated
from talkmill.measure.watch import mouth_mask, watch
from tests.measure.conftest import GAP, THICK, UNIT, film, frame, swaying

OPENINGS = [0, 0, 0, 4, 8, 15, 25, 40, 60, 33, 12, 6, 0, 0]


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    """Every opening for three frames, on a head that drifts."""
    wanted = [opened for opened in OPENINGS for _ in range(3)]
    shifts = swaying(len(wanted))
    frames = [frame(opened, shift=shift) for opened, shift in zip(wanted, shifts, strict=True)]
    subject = film(tmp_path_factory.mktemp("openings"), frames, [("a", 0.3, 1.1)])
    return watch(subject), np.array(wanted, float), np.array(shifts)


def test_the_opening_is_what_was_painted(watched):
    """To a pixel, after H.264, whatever the head does."""
    found, wanted, _ = watched
    assert np.abs(found.faces[0].height - wanted).max() <= 1.0


def test_the_width_is_what_was_painted(watched):
    """From corner to corner with the line, to two pixels."""
    found, wanted, _ = watched
    assert np.abs(found.faces[0].width[wanted > 0] - 2 * (UNIT + THICK / 2)).max() <= 2.0


def test_the_mouth_is_followed(watched):
    """Its place is that of the head, to a pixel."""
    found, _, shifts = watched
    assert np.abs(found.faces[0].x - found.faces[0].x.mean() - shifts[:, 0] + shifts[:, 0].mean()).max() <= 1.0


def test_no_stretch_counts_as_repeated_while_the_head_moves(watched):
    """The head's drift alone makes new pictures, but where it turns round."""
    assert repeated(watched[0]) <= 1


def test_a_line_of_the_insides_colour_is_not_an_opening(tmp_path):
    """Where line and inside are one dark shape, what the mouth at rest shows is taken off."""
    frames = [frame(0)] * 12 + [frame(20)] * 6 + [frame(0)] * 6
    subject = film(tmp_path, frames, [("a", 0.45, 0.55)], lined=False)
    seen = watch(subject).faces[0]
    shape = shapes.shape_of(seen, np.arange(24) < 10)
    assert shape.aperture[:12].max() <= 0.02
    assert abs(shape.aperture[14] * GAP - 20 - THICK / 2) <= 1.5


def test_teeth_down_to_the_lip_are_told_from_an_open_mouth(tmp_path):
    """The same opening: filled by teeth it is an f, dark it is not."""
    frames = [frame(0)] * 8 + [frame(16, wide=0.95, teeth=16)] * 4 + [frame(16, wide=0.95)] * 4
    seen = watch(film(tmp_path, frames, [("f", 0.3, 0.5)])).faces[0]
    shape = shapes.shape_of(seen, np.arange(16) < 8)
    assert shapes.named(*shape.at(np.arange(9, 11))) == shapes.TUCKED
    assert shapes.named(*shape.at(np.arange(13, 15))) == shapes.OTHER


def test_a_still_picture_is_seen_to_be_repeated(tmp_path):
    """Ten times the same picture is nine repeats."""
    frames = [frame(0, shift=shift) for shift in swaying(5)] + [frame(10)] * 10
    assert watch(film(tmp_path, frames, [("a", 0.2, 0.3)])).repeated[6:].all()


def test_another_length_than_was_made_is_an_error(tmp_path):
    """A video that lost frames is not measured as if it had them."""
    subject = film(tmp_path, [frame(0)] * 8, [("a", 0.1, 0.2)])
    longer = type(subject)(**{**vars(subject), "frames": 9})
    with pytest.raises(MediaError, match="8 frames, not 9"):
        watch(longer)


def test_a_face_without_a_mouth_is_not_given_one(tmp_path):
    """Where nothing has a colour of the mouth, nothing is measured."""
    labels, near = np.zeros((50, 60), np.uint8), np.ones((50, 60), bool)
    assert mouth_mask(labels, near, 20) is None
    labels[2:4, 2:4] = 2
    assert mouth_mask(labels, near, 20) is None
    labels[20:26, 15:45] = 2
    assert mouth_mask(labels, near, 20).sum() == 6 * 30


def test_a_chin_of_the_mouths_colour_is_not_the_mouth():
    """What reaches out of where a mouth can be is something else, however large it is."""
    labels, near = np.zeros((60, 80), np.uint8), np.zeros((60, 80), bool)
    near[10:40, 15:65] = True
    labels[20:28, 25:55] = 2
    labels[36:38, :] = 1
    labels[38:60, :10] = 3
    assert mouth_mask(labels, near, 20).sum() == 8 * 30
