"""Make the clip of a character that is a photograph or a video, before it speaks."""

from talkmill.job import main
from talkmill.stages import animate

if __name__ == "__main__":
    main(animate.run)
