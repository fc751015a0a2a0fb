"""What a score says of itself in a line."""

from __future__ import annotations

from seqgen.domains.midi.clock import Clock, bars, first_number
from seqgen.domains.midi.keys import key_name
from seqgen.domains.midi.score import Score

# Okabe & Ito's first, then others that stand apart from them.
COLOURS = (
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7F5539", "#6A3D9A",
    "#8A9A00", "#C2185B", "#00838F", "#9E6B3A",
)  # fmt: skip


def colour_of(track: int) -> str:
    """Of a track, by its number."""
    return COLOURS[track % len(COLOURS)]


def headline(score: Score) -> str:
    """Tempo, time signature, key, length: `♩ = 100 · 4/4 · G major · 16 bars · 0:38 · 230 notes`."""
    rates = [tempo.quarters_per_minute for tempo in score.tempos] or [120.0]
    low, high = min(rates), max(rates)
    parts = [f"♩ = {low:.0f}" + (f"–{high:.0f}" if round(high) > round(low) else "")]
    signatures = list(dict.fromkeys(f"{mark.numerator}/{mark.denominator}" for mark in score.time_signatures))
    parts.append(", ".join(signatures[:3] or ["4/4"]) + (" …" if len(signatures) > 3 else ""))
    if score.key_signatures:
        mark = score.key_signatures[0]
        tonic = key_name((mark.fifths, mark.minor)).removesuffix("m").replace("b", "♭").replace("#", "♯")
        parts.append(f"{tonic} {'minor' if mark.minor else 'major'}")
    lines, _ = bars(score)
    n_bars = len(lines) - 2 + first_number(score, lines)
    seconds = round(float(Clock(score).seconds(score.end_tick)))
    parts += [_counted(n_bars, "bar"), f"{seconds // 60}:{seconds % 60:02}", _counted(score.n_notes, "note")]
    return " · ".join(parts)


def _counted(n: int, what: str) -> str:
    return f"{n:,} {what}{'s' * (n != 1)}"
