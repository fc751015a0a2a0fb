"""Scores → one web page each that shows and plays them, with no network: piano roll, synthesizer, the MIDI file."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from importlib.resources import files
from typing import Any

import numpy as np

from seqgen.core.errors import TooLarge
from seqgen.domains.midi.clock import Clock, bars, first_number
from seqgen.domains.midi.formats.serial import to_bytes
from seqgen.domains.midi.headline import colour_of, headline
from seqgen.domains.midi.instruments import drum_name, pitch_name, track_name
from seqgen.domains.midi.score import Score

_MAX_NOTES = 200_000  # that a browser draws and plays with ease


def write_page(score: Score, suffix: str = ".html") -> bytes:
    """A page that needs nothing else. Raises TooLarge beyond 200,000 notes."""
    if score.n_notes > _MAX_NOTES:
        raise TooLarge(score.name or "<score>", "notes that a page plays", _MAX_NOTES, score.n_notes)
    folder = files("seqgen.domains.midi") / "player"
    page, style, script = ((folder / f"player.{kind}").read_text("utf-8") for kind in ("html", "css", "js"))
    title = score.name or "Piano roll"
    parts = {
        "POLICY": f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'",
        "TITLE": html.escape(title),
        "ABOUT": html.escape(headline(score)),
        "STYLE": style,
        # Within a script element only "<" can end it, or hide what follows.
        "SCORE": json.dumps(_contents(score), ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c"),
        "SCRIPT": script,
    }
    before, *rest = page.split("{{")
    filled = [before]
    for part in rest:
        name, after = part.split("}}", 1)
        filled += [parts[name], after]
    return "".join(filled).encode("utf-8", "replace")


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode('utf-8')).digest()).decode('ascii')}"


def _contents(score: Score) -> dict[str, Any]:
    """What the script reads; times in milliseconds. A note: begin, length, row, velocity, track, key."""
    lines, beats = bars(score)
    drum = np.array([track.is_drum for track in score.tracks], bool)[score.track]
    kit = np.unique(score.pitch[drum])
    pitches = score.pitch[~drum]
    low, high = (int(pitches.min()), int(pitches.max())) if len(pitches) else (0, -1)
    row = np.where(drum, np.searchsorted(kit, score.pitch), score.pitch - low + len(kit))
    begin, end = (_ms(score, ticks) for ticks in (score.onset, score.onset.astype(np.int64) + score.duration))
    columns = (begin, np.maximum(end - begin, 1), row, score.velocity, score.track, score.pitch)
    names = [[drum_name(int(key)), 0] for key in kit]
    names += [[pitch_name(p), 1 + (p % 12 in (1, 3, 6, 8, 10)) + 2 * (p % 12 == 0)] for p in range(low, high + 1)]
    return {
        "name": score.name or "score",
        "tracks": [
            {"name": track_name(t, k + 1), "program": t.program, "drum": t.is_drum, "colour": colour_of(k)}
            for k, t in enumerate(score.tracks)
        ],
        "rows": names,
        "notes": np.stack(columns, axis=1).astype(int).reshape(-1).tolist(),
        "bars": _ms(score, lines).tolist(),
        "first": first_number(score, lines),
        "beats": _ms(score, beats).tolist(),
        "midi": base64.b64encode(to_bytes(score)).decode("ascii"),
    }


def _ms(score: Score, ticks: Any) -> Any:
    return np.rint(Clock(score).seconds(ticks) * 1000).astype(np.int64)
