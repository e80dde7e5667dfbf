"""Reading the boxes of an mp4 (ISO 14496-12): what a player is told, without decoding anything."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from talkmill.errors import MediaError

CONTAINERS = frozenset((b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"dinf", b"udta"))
LARGEST_INDEX = 64 << 20
"""Bytes of `moov` that are read at most: an hour of video has about 2 MB."""


@dataclass(frozen=True)
class Box:
    """One box: its type, where its payload starts, and how long it is."""

    kind: str
    start: int
    size: int


@dataclass
class Track:
    """One track as its boxes describe it; times in units of `timescale`."""

    kind: str = ""  # "vide", "soun"
    timescale: int = 0
    duration: int = 0  # of mdhd
    edits: int = 0  # entries of elst
    samples: int = 0  # of stsz
    deltas: list[tuple[int, int]] = field(default_factory=list)  # stts: (count, duration of each)
    first_offset: int = 0  # composition offset of the sample that is shown first
    codec: str = ""  # "avc1", "mp4a"
    width: int = 0
    height: int = 0
    profile: int = 0  # avcC
    level: int = 0  # avcC, 42 is 4.2
    colour: tuple[int, int, int, bool] | None = None  # colr nclx: primaries, transfer, matrix, full range
    channels: int = 0
    rate: int = 0  # samples a second
    object_type: int = 0  # AudioSpecificConfig: 2 is AAC-LC

    @property
    def total(self) -> int:
        """Sum of all sample durations, which is what plays."""
        return sum(count * delta for count, delta in self.deltas)

    @property
    def seconds(self) -> float:
        """Length that plays."""
        return self.total / self.timescale if self.timescale else 0.0

    @property
    def constant(self) -> bool:
        """Whether every sample has the same duration (a last shorter one aside for sound)."""
        return len(self.deltas) == 1 or (self.kind == "soun" and len(self.deltas) == 2 and self.deltas[1][0] == 1)

    @property
    def start_seconds(self) -> float:
        """When the first sample is shown or heard, edit lists ignored."""
        return self.first_offset / self.timescale if self.timescale else 0.0


@dataclass(frozen=True)
class Movie:
    """An mp4's boxes: the order at the top, and the tracks."""

    order: tuple[str, ...]
    tracks: tuple[Track, ...]
    brand: str
    size: int

    @property
    def fast_start(self) -> bool:
        """Whether the index lies before the media."""
        return "moov" in self.order and "mdat" in self.order and self.order.index("moov") < self.order.index("mdat")

    def first(self, kind: str) -> Track | None:
        """The first track of that kind ("vide", "soun")."""
        return next((track for track in self.tracks if track.kind == kind), None)


def read(path: Path) -> Movie:
    """The boxes of the file.

    Raises:
        MediaError: it is no mp4, or it is cut off.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            order: list[str] = []
            brand, index = "", b""
            at = 0
            while at < size:
                file.seek(at)
                head = file.read(16)
                kind, length, header = _head(head, size - at, path)
                if at == 0 and kind != "ftyp":
                    raise MediaError(f"{path.name}: not an mp4 (it starts with {head[:8]!r}, not with ftyp). Give an mp4 file.")
                if at + length > size:
                    raise MediaError(
                        f"{path.name}: the file is cut off (box {kind} lacks {at + length - size} bytes). Make it anew."
                    )
                order.append(kind)
                if kind == "ftyp":
                    brand = head[8:12].decode("latin-1")
                elif kind == "moov":
                    if length > LARGEST_INDEX:
                        raise MediaError(f"{path.name}: its index is too large to be that of a video ({length} bytes).")
                    file.seek(at + header)
                    index = file.read(length - header)
                at += length
    except OSError as error:
        raise MediaError(f"{path}: cannot be read ({error.strerror}).") from None
    if "moov" not in order or "mdat" not in order:
        missing = " and ".join(kind for kind in ("moov", "mdat") if kind not in order)
        raise MediaError(f"{path.name}: not a whole mp4 (no {missing} box). Make it anew.")
    try:
        tracks = tuple(_track(index, box) for box in _boxes(index, 0, len(index)) if box.kind == "trak")
    except (struct.error, IndexError):
        raise MediaError(f"{path.name}: its index is damaged. Make it anew.") from None
    return Movie(tuple(order), tracks, brand, size)


def _head(head: bytes, left: int, path: Path) -> tuple[str, int, int]:
    """Type, whole length and header length of the box that starts here."""
    if len(head) < 8:
        raise MediaError(
            f"{path.name}: not an mp4, or cut off ({len(head)} bytes where a box should start). Give a whole mp4 file."
        )
    length, kind = struct.unpack(">I4s", head[:8])
    header = 8
    if length == 1 and len(head) == 16:
        length, header = struct.unpack(">Q", head[8:])[0], 16
    elif length == 0:
        length = left
    if length < header:
        raise MediaError(f"{path.name}: not an mp4, or damaged (a box of {length} bytes). Give a whole mp4 file.")
    return kind.decode("latin-1"), length, header


def _boxes(data: bytes, start: int, end: int) -> Iterator[Box]:
    at = start
    while at + 8 <= end:
        length, kind = struct.unpack_from(">I4s", data, at)
        header = 8
        if length == 1:
            length, header = struct.unpack_from(">Q", data, at + 8)[0], 16
        elif length == 0:
            length = end - at
        if length < header or at + length > end:
            raise struct.error
        yield Box(kind.decode("latin-1"), at + header, length - header)
        at += length


def _leaves(data: bytes, start: int, end: int) -> Iterator[Box]:
    for box in _boxes(data, start, end):
        if box.kind.encode("latin-1") in CONTAINERS:
            yield from _leaves(data, box.start, box.start + box.size)
        else:
            yield box


def _track(data: bytes, trak: Box) -> Track:
    track = Track()
    offsets: list[tuple[int, int]] = []
    boxes = list(_leaves(data, trak.start, trak.start + trak.size))
    for box in boxes:
        at = box.start
        if box.kind == "mdhd":
            wide = data[at] == 1
            track.timescale = struct.unpack_from(">I", data, at + (20 if wide else 12))[0]
            track.duration = struct.unpack_from(">Q" if wide else ">I", data, at + (24 if wide else 16))[0]
        elif box.kind == "hdlr" and not track.kind:
            track.kind = data[at + 8 : at + 12].decode("latin-1")
        elif box.kind == "elst":
            track.edits = struct.unpack_from(">I", data, at + 4)[0]
        elif box.kind == "stts":
            track.deltas = _pairs(data, at, ">II")
        elif box.kind == "ctts":
            offsets = _pairs(data, at, ">Ii" if data[at] else ">II")
        elif box.kind == "stsz":
            track.samples = struct.unpack_from(">I", data, at + 8)[0]
        elif box.kind == "stsd":
            _entry(data, box, track)
    track.first_offset = _first_shown(track.deltas, offsets)
    return track


def _pairs(data: bytes, at: int, layout: str) -> list[tuple[int, int]]:
    count = struct.unpack_from(">I", data, at + 4)[0]
    return [struct.unpack_from(layout, data, at + 8 + 8 * index) for index in range(count)]


def _first_shown(deltas: list[tuple[int, int]], offsets: list[tuple[int, int]]) -> int:
    """Composition time of the earliest sample among the first few, in track units."""
    decode = [0]
    for count, delta in deltas:
        for _ in range(min(count, 32)):
            decode.append(decode[-1] + delta)
        if len(decode) > 32:
            break
    shift = [offset for count, offset in offsets for _ in range(min(count, 32))][:32]
    times = [time + (shift[index] if index < len(shift) else 0) for index, time in enumerate(decode[:-1][:32])]
    return min(times, default=0)


def _entry(data: bytes, stsd: Box, track: Track) -> None:
    entry = next(iter(_boxes(data, stsd.start + 8, stsd.start + stsd.size)))
    track.codec = entry.kind
    end = entry.start + entry.size
    if entry.kind in ("avc1", "avc3"):
        track.width, track.height = struct.unpack_from(">HH", data, entry.start + 24)
        for box in _boxes(data, entry.start + 78, end):
            if box.kind == "avcC":
                track.profile, track.level = data[box.start + 1], data[box.start + 3]
            elif box.kind == "colr" and data[box.start : box.start + 4] in (b"nclx", b"nclc"):
                primaries, transfer, matrix = struct.unpack_from(">HHH", data, box.start + 4)
                full = data[box.start : box.start + 4] == b"nclx" and bool(data[box.start + 10] & 0x80)
                track.colour = (primaries, transfer, matrix, full)
    elif entry.kind == "mp4a":
        track.channels = struct.unpack_from(">H", data, entry.start + 16)[0]
        track.rate = struct.unpack_from(">I", data, entry.start + 24)[0] >> 16
        for box in _boxes(data, entry.start + 28, end):
            if box.kind == "esds":
                track.object_type = _object_type(data[box.start + 4 : box.start + box.size])


def _object_type(esds: bytes) -> int:
    """Audio object type of the AudioSpecificConfig in an elementary stream descriptor (ISO 14496-1, 7.2.6)."""
    at = 0
    while at + 2 < len(esds):
        tag = esds[at]
        at += 1
        length = 0
        while True:
            byte = esds[at]
            at += 1
            length = length << 7 | byte & 0x7F
            if not byte & 0x80:
                break
        if tag == 3:
            flags = esds[at + 2]
            at += 3 + (2 if flags & 0x80 else 0) + (1 + esds[at + 3] if flags & 0x40 else 0) + (2 if flags & 0x20 else 0)
        elif tag == 4:
            at += 13
        elif tag == 5:
            return esds[at] >> 3
        else:
            at += length
    return 0
