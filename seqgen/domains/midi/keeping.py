"""What tokenizations keep of a piece, round and drop, in a musician's words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import get_args

from seqgen.core.errors import SeqgenError
from seqgen.domains.midi.options import MidiOptions, Tokenization
from seqgen.domains.midi.score import Score

KEPT = "kept"
_PEDAL = "pedal changes"

# What there is in a piece: how it is called, how many there are, and how each loss that concerns it is told.
_KINDS: tuple[tuple[str, Callable[[Score], int], Mapping[str, str]], ...] = (
    ("notes", lambda s: s.n_notes, {"notes_dropped": "{:,} dropped", "drum_notes_dropped": "{:,} of drums dropped"}),
    ("onsets", lambda s: s.n_notes, {
        "onsets_moved": "{:,} moved", "mean_shift_in_quarters": "{:.3g} quarters on average",
        "largest_shift_in_quarters": "{:.3g} at most", "mean_shift_in_ms": "{:.3g} ms on average",
        "largest_shift_in_ms": "{:.3g} at most",
    }),
    ("durations", lambda s: s.n_notes, {"durations_changed": "{:,} rounded"}),
    ("velocities", lambda s: s.n_notes, {
        "velocities_changed": "{:,} rounded", "velocities_set_to_80": "{:,} set to 80",
    }),
    ("tempo marks", lambda s: len(s.tempos), {
        "tempos_changed": "{:,} rounded", "tempo_changes_dropped": "{:,} dropped",
        "tempo_marks_as_seconds": "{:,} become seconds",
    }),
    ("time signatures", lambda s: len(s.time_signatures), {
        "time_signatures_changed": "{:,} said otherwise", "time_signature_changes_dropped": "{:,} dropped",
        "time_signatures_dropped": "{:,} dropped",
    }),
    ("key signatures", lambda s: len(s.key_signatures), {"key_changes_dropped": "{:,} dropped"}),
    ("marks", lambda s: 0, {"marks_after_the_last_note": "{:,} after the last note dropped"}),
    (_PEDAL, lambda s: len(s.pedals), {"pedal_changes_dropped": "{:,} dropped"}),
    ("pitch bends", lambda s: len(s.bends), {"pitch_bends_dropped": "{:,} dropped"}),
    ("tracks", lambda s: len(s.tracks), {"tracks_merged": "{:,} merged with others of their program"}),
    ("track names", lambda s: sum(bool(track.name) for track in s.tracks), {"track_names_dropped": "{:,} dropped"}),
)  # fmt: skip


def told(losses: Mapping[str, float]) -> dict[str, str]:
    """What is lost, by kind, in words: {"onsets": "12 moved, 0.01 quarters on average, 0.04 at most"}."""
    said = {}
    for what, _, words in _KINDS:
        parts = [text.format(_whole(losses[name])) for name, text in words.items() if losses.get(name)]
        if parts:
            said[what] = ", ".join(parts)
    return said


def problems(score: Score, losses: Mapping[str, float]) -> list[str]:
    """The same as lines; with a way out where there is one."""
    said = told(losses)
    if losses.get("pedal_changes_dropped") == len(score.pedals) > 0:
        said[_PEDAL] += " (--tokenizer performance keeps them)"
    return [f"{what}: {text}" for what, text in said.items()]


def compared(score: Score, options: MidiOptions | None = None) -> Iterator[Mapping[str, str]]:
    """A row for each kind of thing that the piece has: how many, and what becomes of it in each tokenization."""
    found: dict[str, dict[str, str] | str] = {}
    for name in get_args(Tokenization):
        found[name] = _by(score, replace(options or MidiOptions(), tokenizer=name))
    for what, count, _ in _KINDS:
        cells = {name: said if isinstance(said, str) else said.get(what, KEPT) for name, said in found.items()}
        if n := count(score):
            yield {"": what, "in the file": f"{n:,}"} | cells


def _by(score: Score, options: MidiOptions) -> dict[str, str] | str:
    from seqgen.domains.midi.tokenizer import MidiTokenizer

    try:
        return told(MidiTokenizer.fit([score], options).losses(score))
    except SeqgenError:
        return "-"  # it cannot say this piece


def _whole(number: float) -> float:
    return int(number) if float(number).is_integer() else number
