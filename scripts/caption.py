"""Turn words into captions."""

from talkmill.job import main
from talkmill.stages import caption

if __name__ == "__main__":
    main(caption.run)
