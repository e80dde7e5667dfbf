import wave

import numpy as np
import pytest

from talkmill.measure import filmed, landmarks, listen
from talkmill.measure.landmarks import Marks, misfit, of_mesh
from talkmill.measure.review import photographs
from talkmill.measure.subject import Filmed, Line, Subject
from talkmill.media import encode, sound
from talkmill.model import SAMPLE_RATE, Phoneme, Take, Word
from talkmill.picture.warp.look import look
from talkmill.picture.warp.place import place
from talkmill.picture.warp.pose import Pose
from talkmill.picture.warp.talker import Talker
from tests.picture.warp import drawn_face
from tests.picture.warp.drawn_face import MOUTH, SIZE, UNIT

FPS, FRAMES, LEAD = 30, 60, 15
SPOKEN = [("b", 0.0, 0.1), ("a", 0.1, 0.3), ("m", 0.3, 0.4), ("a", 0.4, 0.6), ("b", 0.6, 0.7), ("a", 0.7, 0.9), ("p", 0.9, 1.0)]
AREA = (0, 0, *SIZE)


def jaw(number, late=0):
    """mm by which the mouth is open in a frame: shut on b, m and p."""
    seconds = (number - late - LEAD + 0.5) / FPS
    return next((9.0 for symbol, start, end in SPOKEN if symbol == "a" and start <= seconds < end), 0.0)


def detector(late=0, still=False):
    """What a perfect detector sees, frame after frame."""
    numbers = iter(range(FRAMES))

    def detect(picture):
        points = drawn_face.landmarks(0.0 if still else jaw(next(numbers), late))
        return [of_mesh(points)]

    return detect


@pytest.fixture(scope="module")
def subject(tmp_path_factory):
    """A drawn face that is warped to speak, in an mp4 with its sound."""
    folder = tmp_path_factory.mktemp("filmed")
    picture = drawn_face.frame()
    placed = place(drawn_face.landmarks()[None])
    talker = Talker(placed, look(picture, placed, 0))

    def shown():
        for number in range(FRAMES):
            made = drawn_face.frame()
            talker.draw(made, 0, Pose(jaw=jaw(number)))
            yield made

    samples = np.zeros(FRAMES * SAMPLE_RATE // FPS, np.float32)
    start = LEAD * SAMPLE_RATE // FPS
    samples[start : start + SAMPLE_RATE] = np.random.default_rng(2).normal(0, 0.1, SAMPLE_RATE)
    sound.write(folder / "whole.wav", samples)
    sound.write(folder / "take.wav", samples[start : start + SAMPLE_RATE])
    encode.sound(folder / "whole.wav", folder / "whole.mp4", len(samples))
    encode.video(shown(), SIZE, FPS, folder / "whole.mp4", folder / "video.mp4")
    with wave.open(str(folder / "take.wav")) as file:
        assert file.getnframes() == SAMPLE_RATE
    said = tuple(Phoneme(symbol, round(a * SAMPLE_RATE), round(b * SAMPLE_RATE)) for symbol, a, b in SPOKEN)
    take = Take(SAMPLE_RATE, (Word("bamabap", 0, SAMPLE_RATE),), said)
    return Subject(folder / "video.mp4", FPS, FRAMES, SIZE, (), (Line("ann", start, take, folder / "take.wav"),))


def judged(subject, detect):
    face = Filmed("ann", 0, FRAMES, MOUTH, AREA)
    return filmed.judge(subject, [face], listen.listen(subject), detect)


def test_lengths_are_in_millimetres_of_the_face(subject):
    """The gap and the width that the detector gives are those of the face, at any scale of the picture."""
    found = judged(subject, detector()).followed[0]
    assert found.width == pytest.approx(np.full(FRAMES, 50.0), abs=0.1)
    opened = np.array([jaw(number) > 0 for number in range(FRAMES)])
    assert found.gap[~opened].max() < 0.01
    assert found.gap[opened].min() > 7.5


def test_closures_are_timed_and_late_ones_are_seen(subject):
    """Shut lips on b, m and p in time pass; the same four frames late miss their phonemes by 133 ms."""
    right = judged(subject, detector()).score
    assert all(one.shut for one in right.closures)
    assert np.abs(right.offsets).max() < 0.03
    late = judged(subject, detector(late=4)).score
    assert np.median(late.misses) > 0.06


def test_a_mouth_that_does_not_move_shows_no_open_vowel(subject):
    """Noise of a face at rest is not blown up to a mouth that speaks."""
    found = judged(subject, detector(still=True))
    assert all(one.seen == "shut" for one in found.score.judged)
    assert found.score.recall()["open"] == 0


def test_what_a_warp_may_spoil_is_measured(subject):
    """On a good warp identity, flicker, sharpness and repeats are within their limits, and have names of their own."""
    measures = {one.name: one for one in photographs(judged(subject, detector()))}
    for name in ("photo_identity_mm", "photo_mouth_flicker", "photo_mouth_sharpness"):
        assert measures[name].verdict == "pass", (name, measures[name].value)
    assert measures["photo_shut"].value == 1.0


def test_another_face_has_another_shape():
    """Turning, moving and scaling a face changes nothing; another face's points miss by their difference."""
    mine = drawn_face.landmarks()[:60]
    assert misfit(mine, drawn_face.landmarks(turn=15, scale=1.3, moved=(40, -9))[:60]) < 1e-6
    other = mine + np.random.default_rng(4).normal(0, 3 * UNIT, mine.shape)
    assert misfit(mine, other) > 2 * UNIT


def test_a_face_that_is_lost_is_not_measured(subject):
    """Frames without a face, and frames in which another one far away is found, are NaN."""
    eyes, corners = np.array([(10, 10), (40, 10)]), np.array([(20, 30), (30, 30)])
    far = Marks(eyes, corners, corners, corners, eyes)
    for seen in ([], [far]):
        found = landmarks.follow(subject.video, FPS, FRAMES, AREA, MOUTH, lambda picture, seen=seen: seen)
        assert np.isnan(found.gap).all()


def shifted(subject, tmp_path, change):
    """The subject's own frames, each changed, in an mp4 of its own."""
    from dataclasses import replace

    from talkmill.media import ffmpeg

    raw, _ = ffmpeg.run(["-i", ffmpeg.url(subject.video), "-pix_fmt", "yuv420p", "-f", "rawvideo", "pipe:1"])
    pictures = np.frombuffer(raw, np.uint8).reshape(-1, SIZE[1] * 3 // 2, SIZE[0])
    made = (change(number, picture.copy()) for number, picture in enumerate(pictures))
    encode.video(made, SIZE, FPS, subject.video.parent / "whole.mp4", tmp_path / "video.mp4")
    return replace(subject, video=tmp_path / "video.mp4")


def test_an_edge_across_the_face_is_seen_and_the_warps_own_is_not(subject, tmp_path):
    """A lower face that is pasted a little darker while it speaks shows its edge; without it there is none."""
    heard = listen.listen(subject)
    face = Filmed("ann", 0, FRAMES, MOUTH, AREA)

    def pasted(number, picture):
        if 3 <= number < 57:
            picture[int(MOUTH[1] - 42 * UNIT) : SIZE[1]] -= 4
        return picture

    right = filmed.judge(subject, [face], heard, detector())
    assert right.edge < 0.5
    wrong = filmed.judge(shifted(subject, tmp_path, pasted), [face], heard, detector())
    assert wrong.edge > 2.5
    verdicts = {one.name: one.verdict for one in photographs(wrong)}
    assert verdicts["photo_edge"] == "fail"


def test_a_jump_where_segments_meet_is_seen(subject):
    """The head stands elsewhere from the join on; where it does not, the join is as any other frame."""
    heard = listen.listen(subject)
    face = Filmed("ann", 0, FRAMES, MOUTH, AREA, (0, 40))

    def jumping(by):
        numbers = iter(range(FRAMES))

        def detect(picture):
            number = next(numbers)
            return [of_mesh(drawn_face.landmarks(jaw(number), moved=(by if number >= 40 else 0.0, 0.0)))]

        return detect

    right, wrong = (filmed.judge(subject, [face], heard, jumping(by)) for by in (0.0, 6.0))
    assert right.jump < 1.5
    assert wrong.jump > 4
    assert {one.name: one.verdict for one in photographs(wrong)}["photo_join_jump"] == "fail"
    alone = filmed.judge(subject, [Filmed("ann", 0, FRAMES, MOUTH, AREA)], heard, jumping(0.0))
    assert {one.name: one.verdict for one in photographs(alone)}["photo_join_jump"] == "not judged"
