"""What passes between stages: frozen values, no input or output.

Time inside Talkmill is a whole number of samples at `SAMPLE_RATE`, or a whole number of frames at the episode's frame
rate. 48 kHz holds a whole number of samples in one frame at 24, 25, 30, 50 and 60 frames a second, so both are exact.
"""

from talkmill.model.script import Utterance
from talkmill.model.shots import Piece, Shot
from talkmill.model.speech import SAMPLE_RATE, Phoneme, Take, Word
from talkmill.model.timeline import Segment, Timeline

__all__ = ["SAMPLE_RATE", "Phoneme", "Piece", "Segment", "Shot", "Take", "Timeline", "Utterance", "Word"]
