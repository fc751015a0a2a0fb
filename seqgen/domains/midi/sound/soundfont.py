"""SoundFont 2 files (.sf2): what sounds when a preset's key is struck.

SoundFont Technical Specification 2.04. Of its generators those that shape a plain note are kept: ranges, tuning, loops,
volume envelope, low-pass filter, pan, attenuation. Modulators and low-frequency oscillators are not.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from seqgen.core.errors import BadInput
from seqgen.core.files import read_bytes

_RECORDS: dict[str, list[Any]] = {
    "phdr": [("name", "S20"), ("program", "<u2"), ("bank", "<u2"), ("bag", "<u2"), ("rest", "<u4", (3,))],
    "pbag": [("generators", "<u2"), ("modulators", "<u2")],
    "pgen": [("kind", "<u2"), ("amount", "<i2")],
    "inst": [("name", "S20"), ("bag", "<u2")],
    "ibag": [("generators", "<u2"), ("modulators", "<u2")],
    "igen": [("kind", "<u2"), ("amount", "<i2")],
    "shdr": [
        ("name", "S20"), ("start", "<u4"), ("end", "<u4"), ("loop_start", "<u4"), ("loop_end", "<u4"),
        ("rate", "<u4"), ("key", "u1"), ("cents", "i1"), ("link", "<u2"), ("kind", "<u2"),
    ],
}  # fmt: skip
_FILTER, _PAN, _DELAY, _ATTACK, _HOLD, _DECAY, _SUSTAIN, _RELEASE = 8, 17, 33, 34, 35, 36, 37, 38
_INSTRUMENT, _KEYS, _VELOCITIES, _ATTENUATION, _SEMITONES, _CENTS = 41, 43, 44, 48, 51, 52
_SAMPLE, _MODES, _SCALE, _EXCLUSIVE, _ROOT = 53, 54, 56, 57, 58
_FULL = 127 << 8  # a range of all keys, as it is written: the lowest in the low byte
_DEFAULTS = {
    _FILTER: 13500, _DELAY: -12000, _ATTACK: -12000, _HOLD: -12000, _DECAY: -12000, _RELEASE: -12000, _SCALE: 100,
    _ROOT: -1,
}  # fmt: skip
_ADDED = frozenset(
    {_FILTER, _PAN, _DELAY, _ATTACK, _HOLD, _DECAY, _SUSTAIN, _RELEASE, _ATTENUATION, _SEMITONES, _CENTS, _SCALE}
)  # what a preset adds to its instruments' values
_DRUMS = 128  # the bank of drum kits
_COMPRESSED = 0x10  # a sample in Ogg Vorbis, as .sf3 files have them
_MAX_REGIONS = 4096  # of one preset

Zone = dict[int, int]


@dataclass(frozen=True)
class Region:
    """One sample and how it sounds. Places are indices of samples; seconds of the envelope are of 100 dB."""

    keys: tuple[int, int]
    velocities: tuple[int, int]
    start: int
    end: int
    loop: tuple[int, int] | None
    rate: int
    root: int
    cents: int
    cents_a_key: int
    gain: float
    pan: float  # -1 left … 1 right
    cutoff: float  # Hz
    delay: float
    attack: float
    hold: float
    decay: float
    sustain: float  # dB below the peak
    release: float
    exclusive: int

    def takes(self, key: int, velocity: int) -> bool:
        """Whether it sounds when this key is struck so."""
        return self.keys[0] <= key <= self.keys[1] and self.velocities[0] <= velocity <= self.velocities[1]


class SoundFont:
    """A SoundFont in memory. Raises BadInput where it is none, TooLarge over max_soundfont_bytes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        data = read_bytes(path, limit="max_soundfont_bytes")
        if len(data) < 12 or data[:4] != b"RIFF" or data[8:12] != b"sfbk":
            raise BadInput(path, "is no SoundFont (no RIFF sfbk header)", where="byte 0")
        chunks = dict(_chunks(path, data, 12, len(data)))
        wanted: dict[str, list[Any]] = {"smpl": [("value", "<i2")], **_RECORDS}
        for name in wanted:
            if name not in chunks:
                raise BadInput(path, f"is no whole SoundFont (no {name} chunk)")
        parts: dict[str, npt.NDArray[Any]] = {
            name: np.frombuffer(data, np.dtype(kind), (stop - start) // np.dtype(kind).itemsize, start)
            for name, kind in wanted.items()
            for start, stop in [chunks[name]]
        }
        self.samples: npt.NDArray[np.int16] = parts.pop("smpl")["value"]
        self._parts = parts
        self._regions: dict[int, tuple[Region, ...]] = {}
        if min(len(parts["phdr"]), len(parts["inst"]), len(parts["shdr"])) < 2 or not len(self.samples):
            raise BadInput(path, "holds no instruments")
        places = zip(parts["phdr"]["bank"][:-1].tolist(), parts["phdr"]["program"][:-1].tolist(), strict=True)
        self._presets = {place: k for k, place in reversed(list(enumerate(places)))}

    def regions(self, program: int, *, drums: bool) -> tuple[Region, ...]:
        """Of a program of General MIDI, or of the standard drum kit; where that is missing, of the next best.
        Raises BadInput."""
        wanted = [(_DRUMS, program), (_DRUMS, 0)] if drums else [(0, program), (0, program // 8 * 8), (0, 0)]
        preset = next((self._presets[place] for place in wanted if place in self._presets), None)
        if preset is None:
            if drums:  # a piano for a drum kit would be worse than nothing
                return ()
            preset = min(self._presets.values())
        if preset not in self._regions:
            try:
                self._regions[preset] = tuple(self._read(preset))
            except (IndexError, ValueError, OverflowError) as error:
                raise BadInput(self.path, f"is damaged ({error})", where=f"preset {preset}") from None
        return self._regions[preset]

    def _read(self, preset: int) -> Iterator[Region]:
        n = 0
        for outer in self._zones("p", self._parts["phdr"]["bag"], preset, _INSTRUMENT):
            for inner in self._zones("i", self._parts["inst"]["bag"], outer[_INSTRUMENT], _SAMPLE):
                region = self._region(outer, inner)
                if region:
                    yield region
                n += 1
                if n > _MAX_REGIONS:
                    raise ValueError("too many zones")

    def _zones(self, level: str, bags: npt.NDArray[Any], index: int, leads_to: int) -> Iterator[Zone]:
        """Those of a preset or an instrument that lead somewhere, over its global one."""
        generators, begins = self._parts[f"{level}gen"], self._parts[f"{level}bag"]["generators"]
        common: Zone = {}
        if index < 0:
            raise IndexError("an index below zero")
        for k in range(int(bags[index]), int(bags[index + 1])):
            rows = generators[int(begins[k]) : int(begins[k + 1])]
            zone: Zone = dict(zip(rows["kind"].tolist(), rows["amount"].tolist(), strict=True))
            if leads_to in zone:
                yield {**common, **zone}
            elif k == int(bags[index]):
                common = zone

    def _region(self, outer: Zone, inner: Zone) -> Region | None:
        (low, high), (soft, loud) = (
            _overlap(outer.get(kind, _FULL), inner.get(kind, _FULL)) for kind in (_KEYS, _VELOCITIES)
        )
        if low > high or soft > loud:
            return None
        value = {**_DEFAULTS, **inner}
        for kind in _ADDED & outer.keys():
            value[kind] = value.get(kind, 0) + outer[kind]
        if value[_SAMPLE] < 0:
            raise IndexError("an index below zero")
        sample = self._parts["shdr"][value[_SAMPLE]]
        if int(sample["kind"]) & _COMPRESSED:
            raise ValueError("its samples are compressed, as in .sf3 files; convert it to .sf2")

        def place(name: str, fine: int, coarse: int) -> int:
            return int(sample[name]) + value.get(fine, 0) + 32768 * value.get(coarse, 0)

        start, end = max(0, place("start", 0, 4)), min(len(self.samples) - 1, place("end", 1, 12))
        if end - start < 2 or not 100 <= int(sample["rate"]) <= 400_000:
            return None
        loop = (max(start, place("loop_start", 2, 45)), min(end, place("loop_end", 3, 50)))
        own_root = int(sample["key"]) if sample["key"] <= 127 else 60
        return Region(
            keys=(low, high),
            velocities=(soft, loud),
            start=start,
            end=end,
            loop=loop if value.get(_MODES, 0) & 1 and loop[1] - loop[0] >= 2 else None,
            rate=int(sample["rate"]),
            root=value[_ROOT] if 0 <= value[_ROOT] <= 127 else own_root,
            cents=100 * value.get(_SEMITONES, 0) + value.get(_CENTS, 0) + int(sample["cents"]),
            cents_a_key=value[_SCALE],
            # Creative's own synthesizers, for which fonts are made, take 0.4 of what is written.
            gain=10 ** (-0.4 * max(0, value.get(_ATTENUATION, 0)) / 200),
            pan=float(np.clip(value.get(_PAN, 0) / 500, -1, 1)),
            cutoff=8.176 * 2 ** (min(max(value[_FILTER], 1500), 13500) / 1200),
            delay=_seconds(value[_DELAY]),
            attack=_seconds(value[_ATTACK]),
            hold=_seconds(value[_HOLD]),
            decay=_seconds(value[_DECAY]),
            sustain=min(max(value.get(_SUSTAIN, 0), 0), 1440) / 10,
            release=_seconds(value[_RELEASE]),
            exclusive=value.get(_EXCLUSIVE, 0),
        )


def _chunks(path: Path, data: bytes, at: int, stop: int) -> Iterator[tuple[str, tuple[int, int]]]:
    """The chunks of a RIFF file by name, and where their contents are; those in lists too."""
    while at + 8 <= stop:
        name, size = struct.unpack_from("<4sI", data, at)
        if at + 8 + size > stop:
            raise BadInput(path, f"is cut off within the chunk {name.decode('latin-1')!r}", where=f"byte {at}")
        if name == b"LIST":
            yield from _chunks(path, data, at + 12, at + 8 + size) if size >= 4 else ()
        else:
            yield name.decode("latin-1"), (at + 8, at + 8 + size)
        at += 8 + size + size % 2


def _overlap(one: int, other: int) -> tuple[int, int]:
    return max(one & 0xFF, other & 0xFF), min(one >> 8 & 0xFF, other >> 8 & 0xFF)


def _seconds(timecents: int) -> float:
    return float(2 ** (min(max(timecents, -12000), 8000) / 1200)) if timecents > -12000 else 0.001
