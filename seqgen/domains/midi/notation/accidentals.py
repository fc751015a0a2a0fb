"""Which notes of a bar need an accidental before them."""

from __future__ import annotations

from seqgen.domains.midi.notation.sheet import Symbol


def key_alterations(fifths: int) -> dict[str, int]:
    """What a key signature does to each step."""
    order = "FCGDAEB"
    return dict.fromkeys(order[:fifths], 1) if fifths >= 0 else dict.fromkeys(order[fifths:], -1)


def shown_accidentals(voices: list[list[Symbol]], fifths: int, loose: bool = False) -> set[int]:
    """The identities of the heads in a bar of a staff before which an accidental stands.

    It holds for its octave to the bar's end, in all voices; a note tied to one in the last bar needs none.
    loose: every note that is not as the key has it gets its own, and so does what follows one in any octave: readers
    of ABC differ in how far an accidental reaches.
    """
    in_key = key_alterations(fifths)
    now: dict[tuple[str, int], int] = {}
    anywhere: set[str] = set()
    shown: set[int] = set()
    symbols = sorted((symbol for voice in voices for symbol in voice if symbol.heads), key=lambda s: s.start)
    for symbol in symbols:
        for head in symbol.heads:
            usual = in_key.get(head.step, 0)
            differs = now.get((head.step, head.octave), usual) != head.alter
            if loose:
                differs |= head.alter != usual or head.step in anywhere
            elif head.held:
                continue
            if differs:
                shown.add(id(head))
                anywhere.add(head.step)
                now[head.step, head.octave] = head.alter
    return shown
