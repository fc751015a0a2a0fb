"""Instruments by name: families of General MIDI, single programs, drums."""

from __future__ import annotations

from seqgen.core.errors import UsageError

# General MIDI has its 128 programs in families of eight.
FAMILIES = (
    "piano", "chromatic percussion", "organ", "guitar", "bass", "strings", "ensemble", "brass", "reed", "pipe",
    "synth lead", "synth pad", "synth effects", "ethnic", "percussive", "sound effects",
)  # fmt: skip
_OTHERS: dict[str, tuple[int, ...]] = {
    "harpsichord": (6,), "celesta": (8,), "glockenspiel": (9,), "vibraphone": (11,), "marimba": (12,),
    "xylophone": (13,), "accordion": (21, 23), "harmonica": (22,), "violin": (40,), "viola": (41,), "cello": (42,),
    "contrabass": (43,), "harp": (46,), "timpani": (47,), "choir": (52, 53, 54), "voice": (52, 53, 54),
    "trumpet": (56, 59), "trombone": (57,), "tuba": (58,), "horn": (60,), "saxophone": (64, 65, 66, 67),
    "oboe": (68,), "english horn": (69,), "bassoon": (70,), "clarinet": (71,), "piccolo": (72,), "flute": (73,),
    "recorder": (74,), "sitar": (104,), "banjo": (105,), "bagpipe": (109,), "synth": tuple(range(80, 104)),
}  # fmt: skip


def read_instruments(text: str) -> tuple[frozenset[int], bool]:
    """(programs, whether drums are among them) of a list such as "piano, bass, drums" or "0,33". Raises UsageError."""
    programs: set[int] = set()
    drums = False
    for part in text.split(","):
        name = " ".join(part.lower().replace("_", " ").replace("-", " ").split())
        if name in ("drums", "drum"):
            drums = True
        elif (found := _programs(name)) is not None:
            programs.update(found)
        else:
            raise UsageError(
                f"{part.strip()[:40]!r} is no instrument.",
                f"Write drums, numbers of programs from 0 to 127, or among {', '.join((*FAMILIES, *_OTHERS))}.",
            )
    return frozenset(programs), drums


def _programs(name: str) -> tuple[int, ...] | None:
    if name.isascii() and name.isdigit() and len(name) < 4 and int(name) < 128:
        return (int(name),)
    for one in (name, name.removesuffix("s"), f"{name}s"):
        if one in FAMILIES:
            first = 8 * FAMILIES.index(one)
            return tuple(range(first, first + 8))
        if one in _OTHERS:
            return _OTHERS[one]
    return None
