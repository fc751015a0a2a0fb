"""Sheets as ABC 2.1: a voice for every voice of every staff."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from seqgen.domains.midi.keys import key_name
from seqgen.domains.midi.notation.accidentals import shown_accidentals
from seqgen.domains.midi.notation.notate import notate
from seqgen.domains.midi.notation.sheet import UNITS, Bar, Head, Part, Sheet, Symbol
from seqgen.domains.midi.score import Score

_UNIT = UNITS // 2  # L:1/8
_ACCIDENTALS = {-2: "__", -1: "_", 0: "=", 1: "^", 2: "^^"}
_BARS_A_LINE = 4


def to_abc(score: Score) -> bytes:
    """A tune in ABC. Raises UsageError for a piece without notes, TooLarge."""
    return "\n".join([*_lines(notate(score)), ""]).encode()


def _lines(sheet: Sheet) -> Iterator[str]:
    first = sheet.bars[0]
    yield from ("X:1", f"T:{_clean(sheet.title) or 'Untitled'}", f"M:{_metre(first)}", "L:1/8")
    tempos: dict[int, float] = {}
    for bar, _, tempo, _ in sheet.tempos:
        tempos.setdefault(bar, tempo)
    if 0 in tempos:
        yield f"Q:{_tempo(tempos.pop(0))}"
    yield f"K:{key_name(first.key)}"
    voices = [(part, s, v) for part in sheet.parts for s, staff in enumerate(part.staves) for v in _voices(staff.bars)]
    for number, (part, s, v) in enumerate(voices, 1):
        yield _voice(part, s, v, number)
        yield "%%MIDI channel 10" if part.is_drum else f"%%MIDI program {part.program}"
        yield from _music(sheet, part, part.staves[s].bars, v, tempos if number == 1 else {})


def _voices(bars: list[list[list[Symbol]]]) -> Iterator[int]:
    """The voices of a staff that ever sound, the first always."""
    n = max(len(bar) for bar in bars)
    yield from (v for v in range(n) if v == 0 or any(bar[v] for bar in bars))


def _voice(part: Part, staff: int, voice: int, number: int) -> str:
    sign, _, octave = part.staves[staff].clef
    # Clefs with octaves move what is heard in some programs and not in others.
    clef = {"G": "bass" if octave < 0 else "treble", "F": "bass"}.get(sign, "perc")
    name = _clean(part.name).replace('"', "'") if staff == voice == 0 else ""
    return f"V:{number} clef={clef}" + (f' name="{name}"' if name else "")


def _music(
    sheet: Sheet, part: Part, bars: list[list[list[Symbol]]], voice: int, tempos: dict[int, float]
) -> Iterator[str]:
    line: list[str] = []
    before = sheet.bars[0]
    for i, (bar, voices) in enumerate(zip(sheet.bars, bars, strict=True)):
        text = ""
        if bar.signature != before.signature:
            text += f"[M:{_metre(bar)}] "
        if bar.key != before.key:
            text += f"[K:{key_name(bar.key)}] "
        if i in tempos:
            text += f"[Q:{_tempo(tempos[i])}] "
        symbols = voices[voice] or [Symbol(0, bar.length, bar.length, whole=True, hidden=True)]
        shown = set() if part.is_drum else shown_accidentals([symbols], bar.key[0], loose=True)
        text += _bar(symbols, shown, part.is_drum)
        line.append(text + (" |]" if i == len(bars) - 1 else " |"))
        if len(line) == _BARS_A_LINE or i == len(bars) - 1:
            yield " ".join(line)
            line = []
        before = bar


def _bar(symbols: list[Symbol], shown: set[int], is_drum: bool) -> str:
    out = ""
    for i, symbol in enumerate(symbols):
        if i and not (symbol.beams and symbol.beams[0] in ("continue", "end")):
            out += " "
        if symbol.tuplet == "start":
            out += f"(3:2:{_tuplet_size(symbols, i)}"
        out += _symbol(symbol, shown, is_drum)
    return out


def _tuplet_size(symbols: list[Symbol], start: int) -> int:
    return next(i for i in range(start, len(symbols)) if symbols[i].tuplet == "stop") - start + 1


def _symbol(symbol: Symbol, shown: set[int], is_drum: bool) -> str:
    length = _length(Fraction(symbol.length * (3 if symbol.tuplet else 2), 2 * _UNIT))
    if not symbol.heads:
        return ("x" if symbol.hidden else "z") + length
    heads = [_head(head, id(head) in shown, is_drum) for head in symbol.heads]
    if len(heads) == 1:
        return heads[0] + length + "-" * symbol.heads[0].holds
    if all(head.holds for head in symbol.heads):
        return f"[{''.join(heads)}]{length}-"
    return "[" + "".join(h + "-" * head.holds for h, head in zip(heads, symbol.heads, strict=True)) + "]" + length


def _length(eighths: Fraction) -> str:
    top = "" if eighths.numerator == 1 and eighths.denominator == 1 else str(eighths.numerator)
    return top if eighths.denominator == 1 else f"{eighths.numerator}/{eighths.denominator}"


def _head(head: Head, shown: bool, is_drum: bool) -> str:
    step, alter, octave = head.step, head.alter, head.octave
    if is_drum:  # players of ABC take the pitch for the drum's key
        name = ("C", "^C", "D", "^D", "E", "F", "^F", "G", "^G", "A", "^A", "B")[head.pitch % 12]
        step, octave, alter, shown = name[-1], head.pitch // 12 - 1, len(name) - 1, True
    letter = step + "," * (4 - octave) if octave <= 4 else step.lower() + "'" * (octave - 5)
    return (_ACCIDENTALS[alter] if shown else "") + letter


def _metre(bar: Bar) -> str:
    return f"{bar.signature[0]}/{bar.signature[1]}"


def _tempo(tempo: float) -> str:
    return f"1/4={max(round(tempo), 1)}" if tempo >= 10 else f"1/4={tempo:g}"


def _clean(text: str) -> str:
    text = text.encode("utf-8", "replace").decode()
    return "".join(c for c in text if c.isprintable()).replace("%", "").replace("\\", "").strip()
