"""Render the finished videos."""

from talkmill.job import main
from talkmill.stages import render

if __name__ == "__main__":
    main(render.run)
