"""The finished file against what platforms ask for and what viewers notice."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from talkmill.backends import JSON, Result
from talkmill.backends.check import measures
from talkmill.backends.check.measures import Measure
from talkmill.errors import MediaError, RequestError
from talkmill.media import mp4
from talkmill.media.formats import Format, named

if TYPE_CHECKING:
    from concurrent.futures import Future

    from talkmill.media.loudness import Loudness


class File:
    """Measures on the file itself; nothing is taken from how it was made."""

    name: ClassVar[str] = "file"
    version: ClassVar[int] = 1
    licence: ClassVar[str] = ""
    packages: ClassVar[tuple[str, ...]] = ("imageio-ffmpeg", "numpy", "pysubs2")

    def run(self, request: Mapping[str, JSON], inputs: Mapping[str, Path], workdir: Path) -> Result:
        """Check as the package says; a file that is no video fails the check, it is no error.

        Raises:
            RequestError: an unknown shape.
            PrerequisiteError: there is no ffmpeg.
        """
        shape = named(request["format"])
        if request["fps"] <= 0 or request["frames"] <= 0:
            raise RequestError(f"check: no video has {request['frames']} frames at {request['fps']} frames a second.")
        found: list[Measure] = []
        try:
            movie = mp4.read(inputs["video"])
        except MediaError as error:
            found.append(Measure("file", inputs["video"].name, "a whole mp4", False, str(error)))
        else:
            found += measures.boxes(movie, shape, request["fps"], request["frames"])
            found += self._decoded(request, inputs, shape)
        failures = [measure.sentence for measure in found if not measure.passed]
        verdict = "fail" if failures else "pass"
        report = {
            "verdict": verdict,
            "format": shape.name,
            "measures": [measure.to_json() for measure in found],
            "failures": failures,
        }
        path = workdir / "report.json"
        path.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        return Result(
            {"report": path}, {"verdict": verdict, "measures": {one.name: one.value for one in found}, "failures": failures}
        )

    def _decoded(self, request: Mapping[str, JSON], inputs: Mapping[str, Path], shape: Format) -> list[Measure]:
        """Measures that need the pictures, the sound or the captions drawn."""
        from concurrent.futures import ThreadPoolExecutor

        from talkmill.media import loudness

        with ThreadPoolExecutor(1) as aside:  # the sound is measured while the captions are drawn
            return self._measured(request, inputs, shape, aside.submit(loudness.measure, inputs["video"]))

    def _measured(
        self, request: Mapping[str, JSON], inputs: Mapping[str, Path], shape: Format, loud: Future[Loudness]
    ) -> list[Measure]:
        from talkmill.backends.check import drawn, seen

        found: list[Measure] = []
        captions = None
        if "ass" in inputs:
            fonts = [
                path
                for _, path in sorted((int(key[6:]), path) for key, path in inputs.items() if re.fullmatch(r"fonts-\d+", key))
            ]
            try:
                captions = drawn.look(inputs["ass"], fonts, shape)
            except MediaError as error:
                found.append(Measure("captions", inputs["ass"].name, "captions that can be drawn", False, str(error)))
            else:
                found += measures.captioned(captions, shape)
        try:
            view = seen.look(inputs["video"], shape, request["fps"], request["frames"], captions.box if captions else None)
            heard = loud.result()
        except MediaError as error:
            return [*found, Measure("decode", inputs["video"].name, "decodes to its end", False, str(error))]
        found += measures.levels(heard.integrated, heard.true_peak, request["loudness"])
        found += measures.pictures(view.black, view.frozen, view.frozen_at)
        if captions and captions.spoken:
            found += measures.in_step(*seen.lag(view.sound, captions.spoken))
        return found
