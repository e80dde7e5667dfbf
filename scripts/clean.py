"""Level the takes and lay them on the episode's timeline."""

from talkmill.job import main
from talkmill.stages import clean

if __name__ == "__main__":
    main(clean.run)
