"""The episode's timeline: one segment an utterance, on the frame grid.

A segment is `lead` frames of silence, the take (padded to whole frames), and silence until the next segment starts. The
cut between two segments lies `lead` before the next take is heard, so a new speaker is seen just before they speak. All
times within a segment count from its own start: a line that grows moves its neighbours and does not change them.

A line may start before the one before it has ended; then their segments overlap.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from talkmill.model.speech import SAMPLE_RATE


@dataclass(frozen=True)
class Segment:
    """The stretch of the timeline that belongs to one utterance."""

    speaker: str
    start: int  # frames from the start of the episode
    frames: int  # length
    lead: int  # frames from the segment's start to the take's first sample

    @property
    def end(self) -> int:
        """The frame after the segment's last one."""
        return self.start + self.frames


@dataclass(frozen=True)
class Timeline:
    """Every segment of an episode in the order of the lines, without gaps: `segments[i].end >= segments[i + 1].start`."""

    fps: int
    segments: tuple[Segment, ...]

    @property
    def frames(self) -> int:
        """Length of the episode in frames."""
        return max((segment.end for segment in self.segments), default=0)

    @property
    def samples_per_frame(self) -> int:
        """Whole samples in one frame."""
        return SAMPLE_RATE // self.fps

    def take_start(self, index: int) -> int:
        """The sample of the episode at which take `index` begins."""
        segment = self.segments[index]
        return (segment.start + segment.lead) * self.samples_per_frame

    def to_json(self) -> dict[str, Any]:
        """Plain values for a ticket."""
        return {"fps": self.fps, "segments": [asdict(segment) for segment in self.segments]}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Timeline:
        """The inverse of `to_json`."""
        return cls(fps=data["fps"], segments=tuple(Segment(**item) for item in data["segments"]))
