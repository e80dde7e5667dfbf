"""Deliver a release: the finished files and their manifest."""

import sys
from pathlib import Path

from talkmill.job import guarded, open_job
from talkmill.stages import deliver


def main(recipe: str, manifest: Path) -> None:
    """Fill the folder of `manifest`."""
    deliver.run(open_job(manifest, Path.cwd(), recipe), manifest, recipe)


if __name__ == "__main__":
    guarded(lambda: main(sys.argv[1], Path(sys.argv[2])))
