"""The rest of the face: alive, calm, and where the speech gives reason."""

import numpy as np
import pytest

from tests.backends.lipsync.conftest import buzz

HEAD = ("nod", "tilt", "turn")


def talk(make_take, perform, pattern, ending=".", **options):
    """A made-up speaker: `pattern` lists (seconds of speech, seconds of pause); words of 0.3 s, each a `d` and an `a`."""
    phones, sound, words, now = [], [], [], 0.0
    for spoken, pause in pattern:
        for _ in range(round(spoken / 0.3)):
            phones += [("d", now, now + 0.08), ("a", now + 0.08, now + 0.3)]
            words.append("da")
            now += 0.3
        sound += [buzz(round(spoken / 0.3) * 0.3), np.zeros(round(pause * 48000))]
        now += pause
    words[-1] += ending
    return perform(make_take(phones, np.concatenate(sound), " ".join(words)), **options)


def blinks(performance):
    """Start and end of each blink in seconds of the segment."""
    shut = np.concatenate([[0], performance["blink"] > 0.02, [0]]).astype(int)
    steps = np.diff(shut)
    return list(zip(np.flatnonzero(steps == 1) / performance.fps, np.flatnonzero(steps == -1) / performance.fps, strict=True))


@pytest.mark.parametrize("seed", range(12))
def test_a_face_blinks_every_few_seconds(make_take, perform, seed):
    """Gaps of 1.4 to 5.2 s, each blink shut for at least a frame and over in 0.3 s, none at the segment's ends."""
    made = talk(make_take, perform, [(2.4, 0.4)] * 14, seed=seed)
    found = blinks(made)
    starts = np.array([start for start, _ in found])
    assert starts[0] < 5.2
    assert np.diff(starts).min() > 1.4
    assert np.diff(starts).max() < 5.2
    assert starts[0] >= 0.14
    assert found[-1][1] <= made.frames / made.fps - 0.14
    for start, end in found:
        inside = made["blink"][round(start * 30) : round(end * 30)]
        assert inside.max() == 1
        assert end - start <= 0.31
        assert np.argmax(inside) < len(inside) - 1 - np.argmax(inside[::-1]) + 1
        assert np.argmax(inside) <= len(inside) / 2  # lids fall faster than they rise


@pytest.mark.parametrize("seed", range(10))
def test_a_segment_of_more_than_two_and_a_half_seconds_has_a_blink(make_take, perform, seed):
    """Whatever the seed."""
    assert blinks(talk(make_take, perform, [(2.4, 0.0)], seed=seed))


def test_blinks_like_the_ends_of_phrases(make_take, perform):
    """Over many seeds more than half of the blinks start within 0.25 s of a phrase's end; by chance it would be a fifth."""
    near, count = 0, 0
    for seed in range(8):
        made = talk(make_take, perform, [(2.1, 0.5)] * 8, seed=seed)
        ends = made.lead + np.arange(8) * 2.6 + 2.1
        for start, _ in blinks(made):
            near += bool(np.abs(ends - start).min() < 0.25)
            count += 1
    assert count > 30
    assert near / count > 0.5


def test_the_eyes_are_on_the_viewer_and_glance_aside_only_in_pauses(make_take, perform):
    """At least 80 % of the time near the middle; a jump aside starts at a pause and lasts less than a second."""
    asides = 0
    for seed in range(8):
        made = talk(make_take, perform, [(2.1, 0.5)] * 8, seed=seed)
        assert np.mean(np.hypot(made["gaze_x"], made["gaze_y"]) < 0.2) > 0.8
        steps = np.diff(made["gaze_x"])
        jumps = np.flatnonzero(np.abs(steps) > 0.12)
        leaving = [i for i in jumps if abs(made["gaze_x"][i + 1]) > abs(made["gaze_x"][i]) and i - 1 not in jumps]
        starts = np.array(leaving) / made.fps
        ends = made.lead + np.arange(8) * 2.6 + 2.1
        assert all(np.abs(ends - start).min() < 0.15 for start in starts)
        for i in leaving:
            assert np.abs(made["gaze_x"][i + 2 : i + 1 + made.fps]).min() < 0.2  # and back within a second
        asides += len(starts)
    assert asides > 5


def test_the_head_moves_calmly(take, perform):
    """Nods at most once in 0.8 s, no jerk: less than a fifth of the full range a frame, and it does move."""
    for seed in range(6):
        made = perform(take("joe", "morning"), seed=seed, emotion="happy")
        for name in HEAD:
            assert np.abs(np.diff(made[name])).max() < (0.2 if name == "nod" else 0.06), name
            assert 0.05 < np.abs(made[name]).max() < 0.9, name
        peaks = [
            i
            for i in range(1, made.frames - 1)
            if made["nod"][i] > 0.12 and made["nod"][i - 1] < made["nod"][i] >= made["nod"][i + 1]
        ]
        assert 2 <= len(peaks) <= 9
        assert np.diff(peaks).min() >= 0.8 * made.fps


def test_nods_come_with_the_loud_words(make_take, perform):
    """One word of a phrase is louder: the nod's peak is there."""
    sound = buzz(3.0) * 0.25
    sound[round(1.5 * 48000) : round(1.8 * 48000)] *= 4
    phones = [p for i in range(10) for p in (("d", i * 0.3, i * 0.3 + 0.08), ("a", i * 0.3 + 0.08, i * 0.3 + 0.3))]
    made = perform(make_take(phones, sound, " ".join(["da"] * 10)))
    assert abs(made.middles[np.argmax(made["nod"])] - made.lead - 1.7) < 0.2


def test_a_question_raises_the_brows(make_take, perform):
    """The same words with a full stop do not."""
    asked = talk(make_take, perform, [(2.4, 0.3)], ending="?")
    told = talk(make_take, perform, [(2.4, 0.3)], ending=".")
    end = asked.near(2.3, 0.1)
    assert asked["brow"][end].min() > 0.45
    assert told["brow"][end].max() < asked["brow"][end].min()
    assert asked["nod"][end].mean() < told["nod"][end].mean()


def test_the_brows_come_down_after_a_question(take, perform):
    """Where the speaker goes on, the answer is not asked."""
    made = perform(take("joe", "Really? Yes, this is how it goes with a very long answer that never seems to end."))
    word = next(word for word in made.request["take"]["words"] if word[0] == "Really?")
    assert made["brow"][made.near(word[2] / 48000, 0.1)].max() > 0.4
    assert made["brow"][made.near(word[2] / 48000 + 1.6, 0.7)].min() < 0.1


def test_emotions_show(take, perform):
    """Corners of the mouth and brows as the emotion has them, within the segment."""
    spoken = take("joe", "robot")
    middle = {}
    for emotion in ("neutral", "happy", "sad", "angry", "surprised", "tender"):
        made = perform(spoken, emotion=emotion)
        middle[emotion] = (np.median(made["smile"][15:-15]), np.median(made["brow"][15:-15]))
    assert middle["neutral"] == (0, 0)
    assert middle["happy"][0] > 0.4
    assert middle["tender"][0] > 0.2
    assert middle["sad"][0] < -0.4
    assert middle["angry"][0] < -0.2
    assert middle["angry"][1] < middle["sad"][1] < 0
    assert middle["surprised"][1] > 0.5
    assert -0.5 < middle["surprised"][0] <= 0


def test_another_seed_gives_another_performance_and_the_same_mouth(take, perform):
    """Gestures are drawn by the seed; what is said is not."""
    spoken = take("joe", "robot")
    one, two, again = perform(spoken, seed=1), perform(spoken, seed=2), perform(spoken, seed=1)
    assert one.bytes == again.bytes
    assert not np.array_equal(one["nod"], two["nod"])
    assert not np.array_equal(one["blink"], two["blink"])
    for name in ("open", "width", "round", "tuck", "press", "teeth", "tongue"):
        assert np.array_equal(one[name], two[name])
