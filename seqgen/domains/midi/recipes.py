"""Corpora built on the user's machine from installed packages."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from seqgen.core.errors import CorpusError, MissingExtra, SeqgenError
from seqgen.core.workers import Workers, cores
from seqgen.domains.midi.files import write
from seqgen.domains.midi.formats.objects import from_music21
from seqgen.domains.midi.score import KeySignature, Score, Track

N_VOICES = 4
CHOIR = 52  # General MIDI's "Choir Aahs"


def bach_chorales(folder: Path, report: Callable[[int, int], None]) -> int:
    """Write the four-part chorales of the installed music21 as MIDI files; returns how many.
    Raises CorpusError and MissingExtra."""
    try:
        from music21.corpus import chorales, getWork
    except ImportError:
        raise MissingExtra("The chorale corpus", "music21") from None
    names = [str(name) for name in chorales.Iterator(returnType="filename")]
    report(0, len(names))
    # Everything is read before the first file is written, so that an interrupted build leaves no half corpus behind.
    draft = folder / ".building"
    shutil.rmtree(draft, ignore_errors=True)
    written = 0
    try:
        jobs = [(_encoding(getWork(name)), str(draft / f"{Path(name).name}.mid")) for name in names]
        with Workers(chorale_to_midi, min(cores(), 8), seconds=60.0, memory=2_000_000_000) as workers:
            for done, outcome in enumerate(workers.map(jobs), 1):
                written += outcome.error is None and outcome.value
                report(done, len(names))
        if not written:
            raise CorpusError("The installed music21 has no chorales that can be read.", "pip install -U music21")
        for file in sorted(draft.iterdir()):
            file.replace(folder / file.name)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return written


def chorale_to_midi(job: tuple[str, str]) -> bool:
    """Read one chorale of music21's own corpus and write it as MIDI; False when it has not four parts."""
    from music21.converter import Converter

    source, target = job
    converter = Converter()
    converter.parseFileNoPickle(source)  # never the pickle cache in the temporary folder
    stream = converter.stream
    if stream is None or len(stream.parts) != N_VOICES:
        return False
    try:
        score = _sung(from_music21(stream))
    except SeqgenError:
        return False
    if len(score.tracks) != N_VOICES:
        return False
    Path(target).parent.mkdir(parents=True, exist_ok=True)
    write(score, Path(target))
    return True


def _sung(score: Score) -> Score:
    """As a choir, with the mode of the key, which the encodings leave out, told from where the bass ends."""
    voices = ("Soprano", "Alto", "Tenor", "Bass")
    tracks = tuple(Track(CHOIR, False, voices[i] if i < N_VOICES else t.name) for i, t in enumerate(score.tracks))
    keys = score.key_signatures
    if keys:
        keys = (replace(keys[0], minor=_is_minor(score, keys[0])), *keys[1:])
    return replace(score, tracks=tracks, key_signatures=keys)


def _is_minor(score: Score, key: KeySignature) -> bool:
    if key.minor:
        return True
    last = score.onset + score.duration == score.end_tick
    bass = int(score.pitch[last].min()) % 12
    tonic = 7 * key.fifths % 12
    if bass in (tonic, (tonic + 9) % 12):
        return bool(bass != tonic)
    # A modal ending: compare how often the two tonics' chords' thirds and fifths are heard.
    heard = np.bincount(score.pitch % 12, weights=score.duration, minlength=12)
    return bool(heard[(tonic + 9) % 12] + heard[(tonic + 4) % 12] > heard[tonic] + heard[(tonic + 7) % 12])


def _encoding(found: object) -> str:
    """The file of a chorale; of several encodings the MusicXML one, which states its measures."""
    paths = [str(p) for p in found] if isinstance(found, list | tuple) else [str(found)]
    return next((p for p in paths if p.endswith((".mxl", ".xml", ".musicxml"))), paths[0])
