"""Every tokenizer, ready to import: `from seqgen.tokenizers import MidiTokenizer`. Needs no torch."""

from seqgen.domains.images.tokenizer import ImageTokenizer
from seqgen.domains.midi.tokenizer import MidiTokenizer
from seqgen.domains.prices.tokenizer import PriceTokenizer
from seqgen.domains.sports.tokenizer import SportsTokenizer
from seqgen.domains.text.tokenizer import TextTokenizer

__all__ = ["ImageTokenizer", "MidiTokenizer", "PriceTokenizer", "SportsTokenizer", "TextTokenizer"]
