"""Write the script of an episode in one language."""

from talkmill.job import main
from talkmill.stages import write

if __name__ == "__main__":
    main(write.run)
