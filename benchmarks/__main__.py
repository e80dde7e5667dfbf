"""`python -m benchmarks`: every benchmark, one table."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks import episode, frames, long


def main() -> None:
    """Run and print."""
    with tempfile.TemporaryDirectory() as folder:
        rows = episode.measure(Path(folder)) | episode.dry_run(Path(folder)) | frames.table() | long.measure(Path(folder))
    width = max(map(len, rows))
    for name, value in rows.items():
        print(f"{name:<{width}}  {value}")


if __name__ == "__main__":
    main()
