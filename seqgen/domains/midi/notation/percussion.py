"""Where drums stand on a percussion staff: General MIDI keys, places as if in the treble clef, heads, stems."""

from __future__ import annotations

_FEET = (35, 36, 44)  # stems down, like all feet: bass drums and the pedal of the hi-hat

# Key -> step, octave, head ("" the usual one), as the Percussive Arts Society recommends; cymbals are crosses.
_PLACES: dict[int, tuple[str, int, str]] = {
    35: ("E", 4, ""), 36: ("F", 4, ""), 37: ("C", 5, "x"), 38: ("C", 5, ""), 39: ("C", 5, "slash"), 40: ("C", 5, ""),
    41: ("G", 4, ""), 42: ("G", 5, "x"), 43: ("A", 4, ""), 44: ("D", 4, "x"), 45: ("B", 4, ""),
    46: ("G", 5, "circle-x"), 47: ("D", 5, ""), 48: ("D", 5, ""), 49: ("A", 5, "x"), 50: ("E", 5, ""),
    51: ("F", 5, "x"), 52: ("A", 5, "circle-x"), 53: ("F", 5, "diamond"), 54: ("B", 4, "x"), 55: ("B", 5, "x"),
    56: ("E", 5, "triangle"), 57: ("B", 5, "x"),
    58: ("A", 4, "x"), 59: ("F", 5, "x"), 60: ("E", 5, "slash"), 61: ("D", 5, "slash"), 62: ("G", 5, "slash"),
    63: ("F", 5, "slash"), 64: ("D", 5, "slash"), 65: ("G", 5, ""), 66: ("F", 5, ""), 67: ("G", 5, "triangle"),
    68: ("F", 5, "triangle"), 69: ("B", 4, "slash"), 70: ("A", 5, "slash"), 75: ("E", 5, "x"), 76: ("D", 5, "x"),
    77: ("B", 4, "x"), 80: ("A", 5, "triangle"), 81: ("B", 5, "triangle"),
}  # fmt: skip

_NAMES = (  # noqa: SIM905  # one a line would fill a page
    "Acoustic Bass Drum|Bass Drum|Side Stick|Acoustic Snare|Hand Clap|Electric Snare|Low Floor Tom|Closed Hi-Hat|"
    "High Floor Tom|Pedal Hi-Hat|Low Tom|Open Hi-Hat|Low-Mid Tom|Hi-Mid Tom|Crash Cymbal 1|High Tom|Ride Cymbal 1|"
    "Chinese Cymbal|Ride Bell|Tambourine|Splash Cymbal|Cowbell|Crash Cymbal 2|Vibraslap|Ride Cymbal 2|Hi Bongo|"
    "Low Bongo|Mute Hi Conga|Open Hi Conga|Low Conga|High Timbale|Low Timbale|High Agogo|Low Agogo|Cabasa|Maracas|"
    "Short Whistle|Long Whistle|Short Guiro|Long Guiro|Claves|Hi Wood Block|Low Wood Block|Mute Cuica|Open Cuica|"
    "Mute Triangle|Open Triangle"
).split("|")  # from key 35

_PROGRAMS = (  # noqa: SIM905  # likewise
    "Piano|Bright Piano|Electric Grand|Honky-tonk|Electric Piano|Electric Piano 2|Harpsichord|Clavinet|Celesta|"
    "Glockenspiel|Music Box|Vibraphone|Marimba|Xylophone|Tubular Bells|Dulcimer|Drawbar Organ|Percussive Organ|"
    "Rock Organ|Church Organ|Reed Organ|Accordion|Harmonica|Bandoneon|Nylon Guitar|Steel Guitar|Jazz Guitar|"
    "Clean Guitar|Muted Guitar|Overdriven Guitar|Distortion Guitar|Guitar Harmonics|Acoustic Bass|Finger Bass|"
    "Pick Bass|Fretless Bass|Slap Bass 1|Slap Bass 2|Synth Bass 1|Synth Bass 2|Violin|Viola|Cello|Contrabass|"
    "Tremolo Strings|Pizzicato Strings|Harp|Timpani|Strings 1|Strings 2|Synth Strings 1|Synth Strings 2|Choir Aahs|"
    "Voice Oohs|Synth Voice|Orchestra Hit|Trumpet|Trombone|Tuba|Muted Trumpet|French Horn|Brass Section|Synth Brass 1|"
    "Synth Brass 2|Soprano Sax|Alto Sax|Tenor Sax|Baritone Sax|Oboe|English Horn|Bassoon|Clarinet|Piccolo|Flute|"
    "Recorder|Pan Flute|Blown Bottle|Shakuhachi|Whistle|Ocarina|Square Lead|Sawtooth Lead|Calliope Lead|Chiff Lead|"
    "Charang Lead|Voice Lead|Fifths Lead|Bass Lead|New Age Pad|Warm Pad|Polysynth Pad|Choir Pad|Bowed Pad|"
    "Metallic Pad|Halo Pad|Sweep Pad|Rain|Soundtrack|Crystal|Atmosphere|Brightness|Goblins|Echoes|Sci-fi|Sitar|Banjo|"
    "Shamisen|Koto|Kalimba|Bagpipe|Fiddle|Shanai|Tinkle Bell|Agogo|Steel Drums|Woodblock|Taiko|Melodic Tom|"
    "Synth Drum|Reverse Cymbal|Fret Noise|Breath Noise|Seashore|Bird|Telephone|Helicopter|Applause|Gunshot"
).split("|")


def place(key: int) -> tuple[str, int, str]:
    """Step, octave and head of a drum."""
    return _PLACES.get(key, ("C", 5, "slash"))


def is_foot(key: int) -> bool:
    """Whether a drum is played with the foot."""
    return key in _FEET


def drum_name(key: int) -> str:
    """The name that General MIDI gives a drum."""
    return _NAMES[key - 35] if 0 <= key - 35 < len(_NAMES) else f"Drum {key}"


def program_name(program: int) -> str:
    """The name that General MIDI gives an instrument, from 0 to 127."""
    return _PROGRAMS[program]
