"""Move the faces, one segment an utterance."""

from talkmill.job import main
from talkmill.stages import lipsync

if __name__ == "__main__":
    main(lipsync.run)
