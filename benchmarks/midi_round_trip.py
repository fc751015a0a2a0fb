"""What comes back of MIDI files that become ids and files again, beside MidiTok at equal resolution.

    python benchmarks/midi_round_trip.py --data ../shared/data/midi/real [--data …] [--json]

Each file goes file -> ids -> file and is read again by symusic. A note is (drums or program, pitch, onset on the
tokenizer's grid); a note is lost when it does not come back as often as it went in. On the grid: of a file whose onsets
and durations were brought onto the grid before (it is the decoded file itself, encoded and decoded once more). Grids:
REMI twelfths of a quarter on both sides; performance 100 steps a second on both sides, for MidiTok as 50 ticks a
quarter of the same music written at 120 quarters a minute, which is what its MIDI-like tokens need to count in time.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from seqgen.core.errors import BadInput
from seqgen.domains.midi.clock import Clock
from seqgen.domains.midi.files import read
from seqgen.domains.midi.formats.serial import to_bytes
from seqgen.domains.midi.performance.events import pedal_events
from seqgen.domains.midi.performance.scheme import Performance
from seqgen.domains.midi.performance.words import PerformanceSettings, PerformanceWords
from seqgen.domains.midi.remi.scheme import Remi
from seqgen.domains.midi.score import Score, Tempo

PROTOCOL = (
    "file -> ids -> file, read again; notes matched by program (drums as one), pitch and onset on the grid: twelfths "
    "of a quarter (remi), hundredths of a second (performance), the same for MidiTok's REMI and MIDILike"
)
_PER_QUARTER, _PER_SECOND = 12, 100
_WORDS = PerformanceWords(PerformanceSettings())
Notes = Counter[tuple[int, int, int]]


def in_quarters(score: Score) -> Notes:
    """Notes of a score by program, pitch and onset in twelfths of a quarter."""
    return _notes(score, score.onset * _PER_QUARTER / score.ticks_per_quarter)


def in_seconds(score: Score) -> Notes:
    """The same, in hundredths of a second."""
    return _notes(score, Clock(score).seconds(score.onset) * _PER_SECOND)


def _notes(score: Score, onset: Any) -> Notes:
    programs = np.array([128 if track.is_drum else track.program for track in score.tracks])[score.track]
    step = np.floor(np.asarray(onset) + (0.5 + 1e-6)).astype(int)
    return Counter(zip(programs.tolist(), score.pitch.tolist(), step.tolist(), strict=True))


def timed(score: Score) -> Score:
    """The same music in time, at 120 quarters a minute, 50 ticks a quarter: a tick is a hundredth of a second."""
    clock = Clock(score)
    begin = np.rint(clock.seconds(score.onset) * _PER_SECOND).astype(np.int32)
    end = np.rint(clock.seconds(score.onset.astype(np.int64) + score.duration) * _PER_SECOND).astype(np.int32)
    return replace(
        score, ticks_per_quarter=50, onset=begin, duration=np.maximum(end - begin, 1), tempos=(Tempo(0, 120.0),),
        time_signatures=(), key_signatures=(), pedals=score.pedals[:0], bends=score.bends[:0],
    ).sorted()  # fmt: skip


class MidiTok:
    """MidiTok's tokenizers at our resolutions."""

    def __init__(self) -> None:
        try:
            import miditok
        except ImportError:
            sys.exit("This benchmark compares with MidiTok, which is not installed: pip install miditok")
        self.version = version("miditok")
        common: dict[str, Any] = {"use_programs": True, "one_token_stream_for_programs": True, "num_velocities": 32}
        common["pitch_range"] = (0, 127)
        self.remi = miditok.REMI(
            miditok.TokenizerConfig(
                **common, beat_res={(0, 32): _PER_QUARTER}, use_tempos=True, use_time_signatures=True
            )
        )
        self.midi_like = miditok.MIDILike(miditok.TokenizerConfig(**common, beat_res={(0, 32): 50}))

    def through(self, tokenizer: Any, path: Path) -> Score | None:
        """A file that went through a tokenizer; None where nothing came back."""
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder, "back.mid")
            tokenizer.decode(tokenizer(path)).dump_midi(target)
            return next(read(target, path.name), None)


def lost(before: Notes, after: Notes) -> int:
    return int((before - after).total())


def pedals(score: Score) -> Notes:
    """Changes of a program's pedal by time and state."""
    return Counter(map(tuple, pedal_events(score, _WORDS).tolist()))


def our_side(scheme: Remi | Performance, notes_of: Callable[[Score], Notes], score: Score) -> dict[str, int]:
    """Notes lost off the grid and on it, and the changes of programs' pedals that do not come back."""
    once = next(read(to_bytes(scheme.decode(scheme.encode(score)))))
    twice = next(read(to_bytes(scheme.decode(scheme.encode(once)))))
    return {
        "lost": lost(notes_of(score), notes_of(once)),
        "lost_on_grid": lost(notes_of(once), notes_of(twice)),
        "pedals_lost": lost(pedals(score), pedals(once)),
        "changed_on_grid": int(once != twice),
    }


def their_side(other: MidiTok, tokenizer: Any, notes_of: Callable[[Score], Notes], score: Score) -> dict[str, int]:
    """Notes lost by MidiTok; of a file on which it raises, all."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "in.mid")
        path.write_bytes(to_bytes(score))
        try:
            back = other.through(tokenizer, path)
        except Exception:  # noqa: BLE001  # of many kinds; a file that cannot be said is lost
            return {"lost": score.n_notes, "failed": 1}
        return {"lost": lost(notes_of(score), notes_of(back)) if back else score.n_notes}


def measure(scores: list[Score], other: MidiTok) -> dict[str, Counter[str]]:
    """Totals of each tokenizer."""
    remi, performance = Remi(), Performance()
    totals: dict[str, Counter[str]] = {
        name: Counter() for name in ("remi", "performance", "miditok_remi", "miditok_midi_like")
    }
    for score in scores:
        totals["remi"].update(our_side(remi, in_quarters, score))
        totals["performance"].update(our_side(performance, in_seconds, score))
        totals["miditok_remi"].update(their_side(other, other.remi, in_quarters, score))
        totals["miditok_midi_like"].update(their_side(other, other.midi_like, in_seconds, timed(score)))
    return totals


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, action="append", required=True, help="a folder of MIDI files; repeatable")
    options.add_argument("--json", action="store_true", help="print one JSON object")
    given = options.parse_args()
    warnings.simplefilter("ignore")
    begin = time.perf_counter()
    scores, refused = [], 0
    for path in sorted(p for folder in given.data for p in folder.rglob("*") if p.suffix.lower() in (".mid", ".midi")):
        try:
            scores += read(path, path.name)
        except BadInput:
            refused += 1
    if not scores:
        sys.exit("There are no MIDI files that can be read.")
    other = MidiTok()
    totals = measure(scores, other)
    result = {
        "name": "midi_round_trip",
        "protocol": PROTOCOL,
        "seconds": round(time.perf_counter() - begin, 2),
        "metrics": {
            "pieces": len(scores),
            "files_refused": refused,
            "notes": sum(score.n_notes for score in scores),
            "pedal_changes": sum(len(pedal_events(score, _WORDS)) for score in scores),
            **{f"{side}_{name}": n for side in ("remi", "performance") for name, n in sorted(totals[side].items())},
        },
        "baselines": {
            "miditok": {
                "version": other.version,
                "remi_lost": totals["miditok_remi"]["lost"],
                "remi_failed": totals["miditok_remi"]["failed"],
                "midi_like_lost": totals["miditok_midi_like"]["lost"],
                "midi_like_failed": totals["miditok_midi_like"]["failed"],
            }
        },
    }
    print(json.dumps(result) if given.json else table(result))


def table(result: dict[str, Any]) -> str:
    """The result for people."""
    ours, other = result["metrics"], result["baselines"]["miditok"]
    rows = [
        ("notes lost", "on the grid", "off the grid", f"MidiTok {other['version']}"),
        ("remi", ours["remi_lost_on_grid"], ours["remi_lost"], other["remi_lost"]),
        ("performance", ours["performance_lost_on_grid"], ours["performance_lost"], other["midi_like_lost"]),
    ]
    body = "\n".join(f"{a:<16}{b:>14}{c:>14}{d:>16}" for a, b, c, d in rows)
    return (
        f"midi_round_trip: {result['protocol']}.\n{ours['pieces']} pieces, {ours['notes']:,} notes, "
        f"{ours['files_refused']} files refused\n\n{body}\n\npedal: of {ours['pedal_changes']:,} changes "
        f"{ours['performance_pedals_lost']:,} do not come back from performance"
    )


if __name__ == "__main__":
    main()
