"""Put one video of a delivered release back in its place."""

import json
import sys
from pathlib import Path

from talkmill.errors import RequestError
from talkmill.job import guarded, project_store


def main(manifest: Path, video: Path) -> None:
    """Copy `video` out of the store, as `manifest` names it."""
    files = json.loads(manifest.read_bytes())["files"]
    if video.name not in files:
        raise RequestError(
            f"{video}: the episode is not rendered in this shape (it has: {', '.join(sorted(files))}). "
            "Add the shape to its `formats`."
        )
    project_store(Path.cwd()).copy(files[video.name], video)


if __name__ == "__main__":
    guarded(lambda: main(Path(sys.argv[1]), Path(sys.argv[2])))
