"""Find the faces of a clip and say whether they can be made to talk."""

# A file of the name inspect.py would hide Python's own module from every script beside it.

from talkmill.job import main
from talkmill.stages import inspect

if __name__ == "__main__":
    main(inspect.run)
