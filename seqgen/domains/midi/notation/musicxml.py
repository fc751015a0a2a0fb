"""Sheets as MusicXML 4.0, and packed as .mxl."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from xml.sax.saxutils import escape

from seqgen.domains.midi.notation.accidentals import shown_accidentals
from seqgen.domains.midi.notation.notate import notate
from seqgen.domains.midi.notation.percussion import drum_name, place, program_name
from seqgen.domains.midi.notation.sheet import UNITS, Bar, Head, Part, Sheet, Symbol, whole
from seqgen.domains.midi.score import Score

_DOCTYPE = (
    '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" '
    '"http://www.musicxml.org/dtds/partwise.dtd">'
)
_NAMES = ("whole", "half", "quarter", "eighth", "16th", "32nd", "64th", "128th")
_TYPES = dict(zip((384 >> k for k in range(8)), _NAMES, strict=True))
_ACCIDENTALS = {-2: "flat-flat", -1: "flat", 0: "natural", 1: "sharp", 2: "double-sharp"}
_FULL_VELOCITY = 90  # what MusicXML counts as 100 %


def to_musicxml(score: Score) -> bytes:
    """A MusicXML file. Raises UsageError for a piece without notes, TooLarge."""
    return "\n".join(_lines(notate(score))).encode()


def to_mxl(score: Score) -> bytes:
    """The same compressed."""
    container = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<container><rootfiles><rootfile full-path="score.musicxml" '
        'media-type="application/vnd.recordare.musicxml+xml"/></rootfiles></container>\n'
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in (("META-INF/container.xml", container.encode()), ("score.musicxml", to_musicxml(score))):
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def clean(text: str) -> str:
    """Text as XML can hold it."""
    return escape("".join(c for c in text.encode("utf-8", "replace").decode() if c.isprintable()).strip())


def _lines(sheet: Sheet) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield _DOCTYPE
    yield '<score-partwise version="4.0">'
    if clean(sheet.title):
        yield f"<work><work-title>{clean(sheet.title)}</work-title></work>"
    yield "<identification><encoding><software>seqgen</software></encoding></identification>"
    yield "<part-list>"
    for i, part in enumerate(sheet.parts):
        yield from _score_part(part, i)
    yield "</part-list>"
    for i, part in enumerate(sheet.parts):
        yield f'<part id="P{i + 1}">'
        yield from _measures(sheet, part, i)
        yield "</part>"
    yield "</score-partwise>\n"


def _score_part(part: Part, number: int) -> Iterator[str]:
    name, channel = f"P{number + 1}", number % 15 + 1
    channel = 10 if part.is_drum else channel + (channel > 9)
    instruments = [(f"{name}-I1", program_name(part.program), f"<midi-program>{part.program + 1}</midi-program>")]
    if part.is_drum:
        keys = sorted({head.pitch for _, symbol in _symbols(part) for head in symbol.heads})
        instruments = [
            (f"{name}-I{k}", drum_name(k), f"<midi-program>1</midi-program><midi-unpitched>{k + 1}</midi-unpitched>")
            for k in keys
        ]
    yield f'<score-part id="{name}"><part-name>{clean(part.name)}</part-name>'
    for key, label, _ in instruments:
        yield f'<score-instrument id="{key}"><instrument-name>{label}</instrument-name></score-instrument>'
    for key, _, sound in instruments:
        yield f'<midi-instrument id="{key}"><midi-channel>{channel}</midi-channel>{sound}</midi-instrument>'
    yield "</score-part>"


def _symbols(part: Part) -> Iterator[tuple[int, Symbol]]:
    for staff in part.staves:
        for number, bar in enumerate(staff.bars):
            for voice in bar:
                for symbol in voice:
                    yield number, symbol


def _measures(sheet: Sheet, part: Part, number: int) -> Iterator[str]:
    tempos: dict[int, list[tuple[int, float, bool]]] = {}
    for of, at, tempo, printed in sheet.tempos if number == 0 else ():
        tempos.setdefault(of, []).append((at, tempo, printed))
    before: Bar | None = None
    for i, bar in enumerate(sheet.bars):
        numbered = f'number="{bar.number}"' if bar.number else f'number="{f"X{i}" if i else 0}" implicit="yes"'
        yield f"<measure {numbered}>"
        yield from _attributes(part, bar, before)
        for at, tempo, printed in tempos.get(i, ()):
            yield _tempo(at, tempo, printed, bar)
        yield from _voices(part, number, i, bar)
        if i == len(sheet.bars) - 1:
            yield '<barline location="right"><bar-style>light-heavy</bar-style></barline>'
        yield "</measure>"
        before = bar


def _attributes(part: Part, bar: Bar, before: Bar | None) -> Iterator[str]:
    inside = ""
    if before is None:
        inside += f"<divisions>{UNITS}</divisions>"
    if (before is None or before.key != bar.key) and not part.is_drum:
        inside += f"<key><fifths>{bar.key[0]}</fifths><mode>{'minor' if bar.key[1] else 'major'}</mode></key>"
    if before is None or before.signature != bar.signature:
        inside += f"<time><beats>{bar.signature[0]}</beats><beat-type>{bar.signature[1]}</beat-type></time>"
    if before is None:
        inside += f"<staves>{len(part.staves)}</staves>" if len(part.staves) > 1 else ""
        for n, staff in enumerate(part.staves):
            sign, line, octave = staff.clef
            change = f"<clef-octave-change>{octave}</clef-octave-change>" if octave else ""
            at = f' number="{n + 1}"' if len(part.staves) > 1 else ""
            inside += f"<clef{at}><sign>{sign}</sign><line>{line}</line>{change}</clef>"
    if inside:
        yield f"<attributes>{inside}</attributes>"


def _tempo(at: int, tempo: float, printed: bool, bar: Bar) -> str:
    sound = f'<sound tempo="{_number(tempo)}"'
    offset = f"<offset>{at}</offset>" if at else ""
    if not printed:
        return f"{sound}>{offset}</sound>" if offset else f"{sound}/>"
    numerator, denominator = bar.signature
    dotted = denominator == 8 and numerator % 3 == 0 and numerator > 3
    shown = tempo / 1.5 if dotted else tempo
    shown = round(shown) if shown >= 10 else shown
    beat = "<beat-unit>quarter</beat-unit>" + "<beat-unit-dot/>" * dotted
    mark = f"<metronome>{beat}<per-minute>{_number(shown)}</per-minute></metronome>"
    return f'<direction placement="above"><direction-type>{mark}</direction-type>{offset}{sound}/></direction>'


def _number(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".") or "0"


def _voices(part: Part, number: int, i: int, bar: Bar) -> Iterator[str]:
    at = 0
    for s, staff in enumerate(part.staves):
        shown = shown_accidentals(staff.bars[i], bar.key[0]) if not part.is_drum else set()
        two = sum(bool(voice) for voice in staff.bars[i]) > 1
        for v, voice in enumerate(staff.bars[i]):
            if not voice:
                continue
            if at:
                yield f"<backup><duration>{at}</duration></backup>"
            at = bar.length
            where = f"<staff>{s + 1}</staff>" if len(part.staves) > 1 else ""
            stem = ("up", "down")[v % 2] if two else ""
            for symbol in voice:
                yield from _symbol(symbol, f"<voice>{4 * s + v + 1}</voice>", where, stem, shown, number, part.is_drum)


def _symbol(
    symbol: Symbol, voice: str, staff: str, stem: str, shown: set[int], part: int, is_drum: bool
) -> Iterator[str]:
    kind = "" if symbol.whole else f"<type>{_TYPES[symbol.value]}</type>" + "<dot/>" * symbol.dots
    ratio = "<time-modification><actual-notes>3</actual-notes><normal-notes>2</normal-notes></time-modification>"
    ratio = ratio if symbol.tuplet else ""
    tuplet = f'<tuplet type="{symbol.tuplet}"/>' if symbol.tuplet in ("start", "stop") else ""
    duration = f"<duration>{symbol.length}</duration>"
    if not symbol.heads:
        hidden = ' print-object="no"' if symbol.hidden else ""
        rest = '<rest measure="yes"/>' if symbol.whole else "<rest/>"
        notations = f"<notations>{tuplet}</notations>" if tuplet else ""
        yield f"<note{hidden}>{rest}{duration}{voice}{kind}{ratio}{staff}{notations}</note>"
        return
    stem = f"<stem>{stem}</stem>" if stem and symbol.value < whole((4, 4)) else ""
    for n, head in enumerate(symbol.heads):
        ties = '<tie type="stop"/>' * head.held + '<tie type="start"/>' * head.holds
        notations = '<tied type="stop"/>' * head.held + '<tied type="start"/>' * head.holds + tuplet * (n == 0)
        notations = f"<notations>{notations}</notations>" if notations else ""
        accidental = f"<accidental>{_ACCIDENTALS[head.alter]}</accidental>" if id(head) in shown else ""
        instrument = f'<instrument id="P{part + 1}-I{head.pitch}"/>' if is_drum else ""
        form = place(head.pitch)[2] if is_drum else ""
        form = f"<notehead>{form}</notehead>" if form else ""
        beams = "".join(f'<beam number="{k + 1}">{word}</beam>' for k, word in enumerate(symbol.beams)) * (n == 0)
        yield (
            f'<note dynamics="{_number(head.velocity * 100 / _FULL_VELOCITY)}">{"<chord/>" * (n > 0)}'
            f"{_pitch(head, is_drum)}{duration}{ties}{instrument}{voice}{kind}{accidental}{ratio}{stem}{form}{staff}"
            f"{beams}{notations}</note>"
        )


def _pitch(head: Head, is_drum: bool) -> str:
    if is_drum:
        where = f"<display-step>{head.step}</display-step><display-octave>{head.octave}</display-octave>"
        return f"<unpitched>{where}</unpitched>"
    alter = f"<alter>{head.alter}</alter>" if head.alter else ""
    return f"<pitch><step>{head.step}</step>{alter}<octave>{head.octave}</octave></pitch>"
