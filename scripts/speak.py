"""Speak an episode, one take an utterance."""

from talkmill.job import main
from talkmill.stages import speak

if __name__ == "__main__":
    main(speak.run)
