"""Every numeric bound on untrusted input, in one place."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields

from seqgen.core.errors import UsageError


@dataclass(frozen=True)
class Limits:
    """Bounds on what a file may ask of us. Each can be raised by an environment variable SEQGEN_<NAME>."""

    max_file_bytes: int = 10_000_000
    max_text_bytes: int = 2_000_000_000  # of one plain text held in memory; it is only decoded, not parsed
    max_stream_bytes: int = 100_000_000_000  # of one plain text read in parts, as for training
    max_files: int = 1_000_000
    max_json_bytes: int = 50_000_000
    max_table_bytes: int = 50_000_000  # of a log of matches or a table of prices, unzipped
    max_columns: int = 10_000  # of a table
    max_images_bytes: int = 200_000_000  # of a file of images, unzipped
    max_pixels: int = 50_000_000  # of one image
    max_score_bytes: int = 40_000_000  # of compressed notation, unpacked
    max_tracks: int = 1_024
    max_events: int = 2_000_000
    max_notes: int = 1_000_000
    max_ticks: int = 100_000_000  # a day of music at 480 ticks a quarter and 120 quarters a minute is 83 million
    max_bars: int = 20_000
    max_measures: int = 100_000  # of a score that is written as notation: bars of all its parts together
    max_engraved_notes: int = 20_000  # and rests, of a score that is drawn
    max_tokens: int = 20_000_000  # of one piece
    max_audio_seconds: int = 1_800  # of sound that is rendered: 0.35 MB of memory each
    max_note_seconds: int = 100_000  # that its notes sound, all together
    max_soundfont_bytes: int = 1_000_000_000
    read_seconds: float = 2.0
    read_bytes: int = 256_000_000  # memory a reader may take beyond what its worker starts with
    max_sample_tokens: int = 1_000_000


def from_environment() -> Limits:
    """The limits with SEQGEN_<NAME> variables applied. Raises UsageError for a value that is not a number."""
    changed: dict[str, float] = {}
    for field in fields(Limits):
        text = os.environ.get(f"SEQGEN_{field.name.upper()}")
        if text is None:
            continue
        try:
            changed[field.name] = float(text) if field.type == "float" else int(text)
        except ValueError:
            raise UsageError(
                f"SEQGEN_{field.name.upper()}={text!r} is not a number.", "Unset it or give a number."
            ) from None
    return Limits(**changed)  # type: ignore[arg-type]  # the types are checked just above


LIMITS = from_environment()
