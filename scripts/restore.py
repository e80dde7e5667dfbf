"""Put right what lip sync did to the mouths."""

from talkmill.job import main
from talkmill.stages import restore

if __name__ == "__main__":
    main(restore.run)
