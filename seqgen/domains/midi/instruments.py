"""Instruments by the names of General MIDI: programs, families of eight, the keys of the drum kit."""

from __future__ import annotations

from seqgen.core.errors import UsageError
from seqgen.domains.midi.score import Track


def _split(names: str) -> tuple[str, ...]:
    return tuple(names.split("|"))


_PROGRAMS = _split(
    "Grand Piano|Bright Piano|Electric Grand|Honky-tonk|Electric Piano 1|Electric Piano 2|Harpsichord|Clavinet|"
    "Celesta|Glockenspiel|Music Box|Vibraphone|Marimba|Xylophone|Tubular Bells|Dulcimer|"
    "Drawbar Organ|Percussive Organ|Rock Organ|Church Organ|Reed Organ|Accordion|Harmonica|Bandoneon|"
    "Nylon Guitar|Steel Guitar|Jazz Guitar|Clean Guitar|Muted Guitar|Overdriven Guitar|Distorted Guitar|Harmonics|"
    "Acoustic Bass|Fingered Bass|Picked Bass|Fretless Bass|Slap Bass 1|Slap Bass 2|Synth Bass 1|Synth Bass 2|"
    "Violin|Viola|Cello|Contrabass|Tremolo Strings|Pizzicato|Harp|Timpani|"
    "Strings 1|Strings 2|Synth Strings 1|Synth Strings 2|Choir Aahs|Voice Oohs|Synth Voice|Orchestra Hit|"
    "Trumpet|Trombone|Tuba|Muted Trumpet|French Horn|Brass|Synth Brass 1|Synth Brass 2|"
    "Soprano Sax|Alto Sax|Tenor Sax|Baritone Sax|Oboe|English Horn|Bassoon|Clarinet|"
    "Piccolo|Flute|Recorder|Pan Flute|Bottle|Shakuhachi|Whistle|Ocarina|"
    "Square Lead|Saw Lead|Calliope|Chiff Lead|Charang|Voice Lead|Fifths Lead|Bass Lead|"
    "New Age Pad|Warm Pad|Polysynth|Choir Pad|Bowed Pad|Metal Pad|Halo Pad|Sweep Pad|"
    "Rain|Soundtrack|Crystal|Atmosphere|Brightness|Goblins|Echoes|Sci-fi|"
    "Sitar|Banjo|Shamisen|Koto|Kalimba|Bagpipe|Fiddle|Shanai|"
    "Tinkle Bell|Agogo|Steel Drums|Woodblock|Taiko|Melodic Tom|Synth Drum|Reverse Cymbal|"
    "Fret Noise|Breath|Seashore|Bird|Telephone|Helicopter|Applause|Gunshot"
)
_FIRST_DRUM = 35
_DRUMS = _split(
    "kick 2|kick|side stick|snare|clap|snare 2|floor tom 2|closed hat|floor tom|pedal hat|low tom|open hat|mid tom 2|"
    "mid tom|crash|high tom|ride|china|ride bell|tambourine|splash|cowbell|crash 2|vibraslap|ride 2|high bongo|"
    "low bongo|mute conga|open conga|low conga|high timbale|low timbale|high agogo|low agogo|cabasa|maracas|"
    "short whistle|long whistle|short guiro|long guiro|claves|high block|low block|mute cuica|open cuica|"
    "mute triangle|triangle"
)
_LETTERS = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")
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


def track_name(track: Track, number: int) -> str:
    """What a track is called: its name, else its instrument."""
    instrument = "Drums" if track.is_drum else _PROGRAMS[track.program & 0x7F]
    return track.name.strip() or f"{number}: {instrument}"


def drum_name(key: int) -> str:
    """What is struck: `snare`, or `key 12` where the standard has no name."""
    place = key - _FIRST_DRUM
    return _DRUMS[place] if 0 <= place < len(_DRUMS) else f"key {key}"


def pitch_name(pitch: int) -> str:
    """C4 is the middle C, 60."""
    return f"{_LETTERS[pitch % 12]}{pitch // 12 - 1}"


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
