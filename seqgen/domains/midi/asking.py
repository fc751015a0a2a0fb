"""What may be asked of new music by name: the flags of `seqgen sample`, which a tokenization takes or not."""

from __future__ import annotations

CONTROLS = {
    "key": 'Music: the key, like "G major", "F# minor", Bb or Em.',
    "bars": "Music: how many bars; as --length 16bars.",
    "seconds": "Music: how many seconds, of performances; as --length 30seconds.",
    "density": "Music: about how many notes a quarter, all voices together.",
    "tempo": "Music: quarters a minute at the beginning.",
    "time_signature": "Music: the time signature at the beginning, like 3/4.",
    "instruments": "Music: which may play, like drums or piano,bass,drums; families or numbers of General MIDI.",
}
