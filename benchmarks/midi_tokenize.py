"""How fast MIDI files become ids and ids become files, beside MidiTok's REMI.

    python benchmarks/midi_tokenize.py --data ../shared/data/midi/freedoom [--json]

encode: path -> ids. decode: ids -> file. Both in CPU seconds of one process on one core, files warm in the page cache.
build: encode as a corpus build does it, in isolated workers, wall time on two cores with the workers' start, against
MidiTok's encode in one process. Notes are what symusic reads; notes_lost are those that do not come back from the file
written from the ids. Each figure is the best of several passes on both sides.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

PROTOCOL = (
    "CPU seconds in one process on one core, best of {passes} passes, files warm in the page cache; MidiTok REMI with "
    "programs, tempos and time signatures in one stream, ours with the same kinds of events; notes = what symusic "
    "reads; build = encode in {workers} isolated workers, wall time with their start, against MidiTok in one process; "
    "imports and tables are loaded before, on both sides"
)


class Ours:
    """seqgen's REMI, from path to ids and back."""

    def __init__(self) -> None:
        from seqgen.domains.midi.files import read
        from seqgen.domains.midi.formats.serial import to_bytes
        from seqgen.domains.midi.remi.scheme import Remi

        self.remi, self._read, self._to_bytes = Remi(), read, to_bytes

    def encode(self, path: Path) -> Any:
        return [self.remi.encode(score) for score in self._read(path, str(path))]

    def decode(self, pieces: Any, path: Path) -> None:
        for i, ids in enumerate(pieces):  # one a file, but of format 2; no fsync on either side
            target = path.with_stem(f"{path.stem}-{i}") if i else path
            target.write_bytes(self._to_bytes(self.remi.decode(ids)))


class MidiTok:
    """MidiTok's REMI with the same kinds of events."""

    def __init__(self) -> None:
        try:
            import miditok
        except ImportError:
            sys.exit("This benchmark compares with MidiTok, which is not installed: pip install miditok")
        self.version = version("miditok")
        config = miditok.TokenizerConfig(
            use_programs=True, one_token_stream_for_programs=True, use_tempos=True, use_time_signatures=True
        )
        self._tokenizer = miditok.REMI(config)

    def encode(self, path: Path) -> Any:
        return self._tokenizer(path)

    def decode(self, ids: Any, path: Path) -> None:
        self._tokenizer.decode(ids).dump_midi(path)


_worker: list[Ours] = []  # forked workers inherit it


def encode_in_worker(path: Path) -> Any:
    """What a worker of the build does with one file."""
    if not _worker:
        _worker.append(Ours())
    return _worker[0].encode(path)


def build(paths: list[Path], n_workers: int) -> tuple[float, int]:
    """Wall seconds, the start of the workers included, and how many files were refused."""
    from seqgen.core.workers import Workers

    begin = time.perf_counter()
    with Workers(encode_in_worker, n_workers) as workers:
        refused = sum(outcome.error is not None for outcome in workers.map(paths))
    return time.perf_counter() - begin, refused


def cpu_seconds(task: Callable[[], Any], passes: int) -> float:
    """The fewest CPU seconds of several passes."""
    best = float("inf")
    for _ in range(passes):
        begin = time.process_time()
        task()
        best = min(best, time.process_time() - begin)
    return best


def n_notes(path: Path) -> int:
    import symusic

    return int(symusic.Score(path).note_num())


def measure(side: Ours | MidiTok, paths: list[Path], passes: int) -> dict[str, float]:
    """CPU seconds of encoding and decoding all files, and the notes that come back."""
    side.encode(paths[0])  # imports and tables are not what is measured
    encode = cpu_seconds(lambda: [side.encode(path) for path in paths], passes)
    encoded = [side.encode(path) for path in paths]
    with tempfile.TemporaryDirectory() as folder:
        targets = [Path(folder, f"{i}.mid") for i in range(len(paths))]

        def decode_all() -> None:
            for ids, target in zip(encoded, targets, strict=True):
                side.decode(ids, target)

        decode = cpu_seconds(decode_all, passes)
        kept = sum(n_notes(target) for target in Path(folder).iterdir())
    return {"encode_seconds": encode, "decode_seconds": decode, "notes_back": kept}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, required=True, help="a folder of MIDI files")
    options.add_argument("--passes", type=int, default=3, help="passes over the files, the best counts (default 3)")
    options.add_argument("--workers", type=int, default=2, help="worker processes of the build (default 2)")
    options.add_argument("--json", action="store_true", help="print one JSON object")
    given = options.parse_args()
    begin = time.perf_counter()
    warnings.simplefilter("ignore")
    paths = sorted(p for p in given.data.rglob("*") if p.suffix.lower() in (".mid", ".midi"))
    if not paths:
        sys.exit(f"{given.data} holds no MIDI files.")
    ours = Ours()
    # Also fills the page cache and imports what is imported when it is first used.
    readable = [path for path in paths if _both_read(ours, path)]
    _worker.append(ours)
    # Before MidiTok is imported: it brings torch and its threads, after which a process can no longer be forked.
    build_seconds, refused = min(build(readable, given.workers) for _ in range(given.passes))
    other = MidiTok()
    our_side = measure(ours, readable, given.passes)
    miditok_side = measure(other, readable, given.passes)
    notes = sum(n_notes(path) for path in readable)
    result = {
        "name": "midi_tokenize",
        "protocol": PROTOCOL.format(passes=given.passes, workers=given.workers),
        "seconds": round(time.perf_counter() - begin, 2),
        "metrics": {
            "encode_ratio_to_miditok": round(miditok_side["encode_seconds"] / our_side["encode_seconds"], 2),
            "decode_ratio_to_miditok": round(miditok_side["decode_seconds"] / our_side["decode_seconds"], 2),
            "build_ratio_to_miditok": round(miditok_side["encode_seconds"] / build_seconds, 2),
            "notes_lost": int(notes - our_side["notes_back"]),
            "files": len(readable),
            "files_left_out": len(paths) - len(readable) + refused,
            "notes": notes,
            "encode_notes_per_second": round(notes / our_side["encode_seconds"]),
            "decode_notes_per_second": round(notes / our_side["decode_seconds"]),
            "build_seconds": round(build_seconds, 4),
        },
        "baselines": {
            "miditok": {
                "version": other.version,
                "encode_notes_per_second": round(notes / miditok_side["encode_seconds"]),
                "decode_notes_per_second": round(notes / miditok_side["decode_seconds"]),
                "notes_lost": int(notes - miditok_side["notes_back"]),
            }
        },
        "cores": os.cpu_count(),
    }
    print(json.dumps(result) if given.json else table(result))


def _both_read(ours: Ours, path: Path) -> bool:
    from seqgen.core.errors import BadInput

    try:
        return bool(ours.encode(path)) and n_notes(path) > 0  # MidiTok reads what symusic reads
    except (BadInput, RuntimeError):
        return False


def table(result: dict[str, Any]) -> str:
    """The result for people."""
    ours, other = result["metrics"], result["baselines"]["miditok"]
    rows = [
        ("", "seqgen", f"MidiTok {other['version']}", "ratio"),
        ("encode, notes/s", f"{ours['encode_notes_per_second']:,}", f"{other['encode_notes_per_second']:,}",
         f"{ours['encode_ratio_to_miditok']:.1f}"),
        ("decode, notes/s", f"{ours['decode_notes_per_second']:,}", f"{other['decode_notes_per_second']:,}",
         f"{ours['decode_ratio_to_miditok']:.1f}"),
        ("build, wall seconds", f"{ours['build_seconds']:.3f}",
         f"{ours['notes'] / other['encode_notes_per_second']:.3f}", f"{ours['build_ratio_to_miditok']:.1f}"),
        ("notes lost", f"{ours['notes_lost']:,}", f"{other['notes_lost']:,}", ""),
    ]  # fmt: skip
    body = "\n".join(f"{a:<22}{b:>14}{c:>16}{d:>9}" for a, b, c, d in rows)
    counts = (
        f"{ours['files']} files, {ours['notes']:,} notes; {ours['files_left_out']} files left out that one side refuses"
    )
    return f"midi_tokenize: {result['protocol']}.\n{counts}\n\n{body}"


if __name__ == "__main__":
    main()
