"""Every tokenizer, ready to import: `from seqgen.tokenizers import MidiTokenizer`. Needs no torch."""

from seqgen.domains.midi.tokenizer import MidiTokenizer

__all__ = ["MidiTokenizer"]
