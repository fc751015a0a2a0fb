"""Names of General MIDI: programs, and the keys of the drum kit."""

from __future__ import annotations

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
