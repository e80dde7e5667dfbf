"""Draw a character: one portrait for all of its episodes."""

from talkmill.job import main
from talkmill.stages import portray

if __name__ == "__main__":
    main(portray.run)
