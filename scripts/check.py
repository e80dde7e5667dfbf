"""Measure the finished videos."""

from talkmill.job import main
from talkmill.stages import check

if __name__ == "__main__":
    main(check.run)
