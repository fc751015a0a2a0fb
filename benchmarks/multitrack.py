"""A model of multitrack music with drums: nats a note beside n-grams, and whether its pieces open everywhere.

    python benchmarks/multitrack.py --data FOLDER --minutes 30 [--samples 100] [--json]
    python benchmarks/multitrack.py --data FOLDER --run RUN

FOLDER: MIDI files; RUN: one trained on them.
"""

from __future__ import annotations

import argparse
import io
import json
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import seqgen
from seqgen.core.files import read_bytes

PROTOCOL = (
    "files apart by their contents, as training does; value = nats of all scored ids of the held-out test pieces / "
    "their notes (pitched and drums), every distribution renormalised over what the grammar allows; pieces drawn as "
    "the command line draws them, each opened by four libraries; drums: notes on a drum track as symusic reads them"
)


def by_symusic(data: bytes) -> int:
    import symusic

    return sum(len(track.notes) for track in symusic.Score.from_midi(data).tracks)


def by_pretty_midi(data: bytes) -> int:
    import pretty_midi

    return sum(len(instrument.notes) for instrument in pretty_midi.PrettyMIDI(io.BytesIO(data)).instruments)


def by_mido(data: bytes) -> int:
    import mido

    tracks = mido.MidiFile(file=io.BytesIO(data)).tracks
    return sum(m.type == "note_on" and m.velocity > 0 for track in tracks for m in track)


def by_music21(data: bytes) -> int:
    from music21 import midi

    file = midi.MidiFile()
    file.readstr(data)
    stream = midi.translate.midiFileToStream(file, quantizePost=False)
    return sum(len(getattr(element, "notes", (element,))) for element in stream.recurse().notes)


LIBRARIES: dict[str, Callable[[bytes], int]] = {
    "symusic": by_symusic,
    "pretty_midi": by_pretty_midi,
    "mido": by_mido,
    "music21": by_music21,
}


def n_drums(data: bytes) -> int:
    import symusic

    return sum(len(track.notes) for track in symusic.Score.from_midi(data).tracks if track.is_drum)


def opened(files: list[Path]) -> dict[str, int]:
    """How many of the files each library reads notes from; how many have drums."""
    found = dict.fromkeys([*LIBRARIES, "with drums"], 0)
    for file in files:
        data = read_bytes(file)
        for name, count in LIBRARIES.items():
            try:
                found[name] += count(data) > 0
            except Exception as error:  # noqa: BLE001  # whatever a library raises is a file that it does not open
                print(f"{file} by {name}: {error!r}")
        found["with drums"] += n_drums(data) > 0
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="a folder of MIDI files")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--run", help="do not train: a run trained on this folder")
    parser.add_argument("--out", type=Path, default=Path("runs/multitrack"), help="where a new run goes")
    parser.add_argument("--samples", type=int, default=100)
    parser.add_argument("--length", default="16bars")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    warnings.simplefilter("ignore")

    begin = time.monotonic()
    model: Any = (
        seqgen.load(args.run)
        if args.run
        else seqgen.train("midi", args.data, minutes=args.minutes, seed=args.seed, out=args.out, tokenizer="remi")
    )
    seconds = time.monotonic() - begin
    numbers = model.evaluate("test", args.data, n_samples=0)
    per_note = numbers["tokens"] / sum(numbers["by_type"][kind]["tokens"] for kind in ("Pitch", "Drum"))
    nats = numbers["nats_per_token"] * per_note
    baselines = {name: b["nats_per_token"] * per_note for name, b in numbers["baselines"].items()}
    lowest = min(baselines.values())

    folder = model.run.path / "samples"
    samples = model.sample(args.samples, args.length, seed=args.seed)
    violations = sum(len(model.tokenizer.grammar.violations(drawn.ids)) for drawn in samples)
    files = [folder / f"multitrack-{i}.mid" for i in range(len(samples))]
    for drawn, file in zip(samples, files, strict=True):
        drawn.piece.write(file)
    found = opened(files)
    result = {
        "name": "multitrack",
        "protocol": PROTOCOL,
        "seconds": round(seconds, 1),
        "seed": args.seed,
        "metrics": {
            "test_nats_per_note": round(nats, 4),
            "under_best_ngram": round(1 - nats / lowest, 4),
            "samples": len(files),
            "violations": violations,
            "tracks": float(np.mean([len(drawn.piece.tracks) for drawn in samples])) if samples else 0.0,
            "opened": found,
        },
        "baselines": {name: round(value, 4) for name, value in baselines.items()},
    }
    if args.json:
        print(json.dumps(result))
        return
    print(f"{PROTOCOL}\n{model.run.path}, {numbers['pieces']} test pieces, {per_note:.3f} scored ids a note")
    for name, value in {"seqgen": nats, **baselines}.items():
        print(f"{name:16s} {value:8.4f} nats a note")
    print(f"{1 - nats / lowest:.1%} below the best n-gram")
    print(
        f"of {len(files)} pieces opened by: {', '.join(f'{k} {n}' for k, n in found.items())}; {violations} violations"
    )


if __name__ == "__main__":
    main()
