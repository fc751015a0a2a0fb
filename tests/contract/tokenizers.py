"""A tokenizer of every kind, and walks through their grammars: what the laws are tested on."""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from seqgen.core.tokenizer import Tokenizer
from seqgen.domains.images.image import Image
from seqgen.domains.images.tokenizer import ImageTokenizer
from seqgen.domains.midi.score import Score
from seqgen.domains.midi.tokenizer import MidiTokenizer
from seqgen.domains.prices.series import Series
from seqgen.domains.prices.tokenizer import PriceTokenizer
from seqgen.domains.sports.match import Match
from seqgen.domains.sports.tokenizer import SportsTokenizer
from seqgen.domains.text.tokenizer import TextTokenizer

Ids = npt.NDArray[np.int32]

TEXTS = ("ROMEO:\nBut, soft! what light", "the thin thing then, the end.\n\n\n", "that is the wind\twith the sea")
LETTERS = "".join(sorted(set("".join(TEXTS))))
# " the", "thin", "w" with the first byte of "ä", the rest of it
MERGES = ((116, 104), (256, 101), (32, 257), (105, 110), (256, 259), (119, 0xC3), (0xA4, 32))

SIZES = tuple(0.15 * 1.22**k for k in range(13))  # bounds of bins of returns, and what stands for each
SIZES_OF = tuple(0.9 * size for size in SIZES)

TOKENIZERS: dict[str, Tokenizer[Any]] = {
    "voices": MidiTokenizer("voices"),
    "voices-plain": MidiTokenizer("voices", holds=False, header=False, end=False, order=(0, 1, 2, 3)),
    "voices-duet": MidiTokenizer("voices", n_voices=2, steps_per_quarter=3, quarters_per_minute=97.3),
    "remi": MidiTokenizer("remi"),
    "remi-coarse": MidiTokenizer("remi", positions_per_quarter=4, n_velocities=4),
    "performance": MidiTokenizer("performance"),
    "performance-coarse": MidiTokenizer("performance", steps_per_second=20, n_velocities=4, max_duration=8),
    "text-characters": TextTokenizer("characters", characters=LETTERS),
    "text-plain": TextTokenizer("characters", characters=LETTERS, fallback=False, end=False),
    "text-bytes": TextTokenizer("bytes"),
    "text-words": TextTokenizer("words", words=("the", " the", " then", "ROMEO"), characters="aehnot ", end=False),
    "text-bpe": TextTokenizer("bpe", merges=MERGES),
    "cricket": SportsTokenizer("cricket", {"Gender": ["female"], "Season": ["2009", "2016"], "Overs": ["20"]}),
    "soccer": SportsTokenizer("soccer", {"Competition": ["Italy"]}),
    "badminton": SportsTokenizer("badminton", {"One": ["Ann"], "Two": ["Ann", "Zoe"], "Length": ["5", "9"]}),
    "baseball": SportsTokenizer("baseball"),
    "american football": SportsTokenizer(
        "american football", {"Season": ["2009"], "One": ["NE"], "Two": ["NE", "NYJ"]}
    ),
    "cricket-named": SportsTokenizer(
        "cricket",
        {"Gender": ["female"]},
        {"Side": ["India", "Oman"], "Batter": ["M Raj", "J_Goswami", "Zoe"], "Bowler": ["Zoe"]},
    ),
    "soccer-named": SportsTokenizer("soccer", names={"Start": ["Ajax", "Genk", "Roma"]}),
    "baseball-named": SportsTokenizer("baseball", names={"Batter": ["Ruth", "Aaron"], "Pitcher": ["Young"]}),
    "tennis": SportsTokenizer("tennis", {"Best": ["3", "5"], "One": ["Ann"], "Two": ["Ann", "Zoe"]}),
    "basketball": SportsTokenizer("basketball", {"Season": ["2015"]}),
    "hockey": SportsTokenizer("hockey", {"Season": ["2016", "2024"]}),
    "images": ImageTokenizer(labels=tuple("0123456789")),
    "images-grey": ImageTokenizer(height=8, width=8, levels=16, strip=1, labels=("a cat", "dog_1")),
    "images-uneven": ImageTokenizer(height=9, width=11, levels=3, strip=4, label_weight=2.5),
    "prices": PriceTokenizer(),
    "prices-daily": PriceTokenizer(SIZES[:-1], SIZES_OF, 0.94, calendar=True, mirror=False),
    "prices-volume": PriceTokenizer(calendar=True, volumes={"edges": [0.5, 1.1, 2.0], "values": [0.3, 0.8, 1.4, 2.5]}),
}
# How likely a walk takes a type of id where it may; what is not named gets 1.
WEIGHTS = {
    "Hold": 6.0, "Pitch": 4.0, "End": 0.02, "Position": 3.0, "Bar": 1.5, "Rest": 0.5, "Tempo": 0.3, "Byte": 0.3,
    "Side": 0.05, "Bowler": 0.2, "Batter": 2.0, "Start": 0.05, "Set": 0.05, "Server": 0.3, "Game": 0.1,
    "Off": 0.1,
}  # fmt: skip
# A zero byte can be said, but a text file with one is refused as binary: walks leave it out.
ZERO = ("Byte_00", r"Subword_\x00")


def n_events(piece: Any) -> int:
    """Notes of a score, characters of a text, events of a match, pixels of an image that are not black."""
    if isinstance(piece, Image):
        return int((piece.pixels > 0).sum())
    return piece.n_notes if isinstance(piece, Score) else len(piece)


def in_a_file(piece: Any) -> bool:
    """A file without notes, text or events is refused by the reader."""
    if isinstance(piece, Score | Match | Series):
        return n_events(piece) > 0
    if isinstance(piece, Image):
        return True
    return not (piece.isspace() or piece == "")


def walk(tokenizer: Tokenizer[Any], seed: int, n: int) -> Ids:
    """Legal ids: a random walk of about n steps through the grammar, then the shortest way to an end.

    Pitches move by small steps, so that lines, repetitions and held notes occur as they do in music.
    """
    rng, grammar = np.random.default_rng(seed), tokenizer.grammar
    names, kind_of = np.unique(tokenizer.vocabulary.types, return_inverse=True)
    pitches = tokenizer.vocabulary.of_type("Pitch")
    if len(pitches):
        centre, memory = float(pitches.mean()), [int(p) for p in rng.choice(pitches[30:60], 3)]
    weights = WEIGHTS if len(pitches) else {**WEIGHTS, "End": 0.001}  # a text may end anywhere
    odds = np.array([weights.get(name, 1.0) for name in names])
    zeros = np.array([tokenizer.vocabulary.id(token) for token in ZERO if token in tokenizer.vocabulary], np.int64)
    state, ids = grammar.start(1), []
    while len(ids) < n or not grammar.final(state)[0]:
        mask = (grammar.mask(state) if len(ids) < n else grammar.closing(state))[0].copy()
        mask[zeros] = False
        allowed = np.flatnonzero(mask)
        if not len(allowed):
            break
        kinds = np.flatnonzero(np.bincount(kind_of[allowed]))
        kind = rng.choice(kinds, p=odds[kinds] / odds[kinds].sum())
        of_kind = allowed[kind_of[allowed] == kind]
        if names[kind] == "Pitch":
            wanted = memory[int(rng.integers(3))] + int(rng.integers(-3, 4)) + round((centre - memory[0]) / 20)
            chosen = int(of_kind[np.abs(of_kind - wanted).argmin()])
            memory = [*memory[1:], chosen]
        else:
            chosen = int(rng.choice(of_kind))
        ids.append(chosen)
        state = grammar.advance(state, np.array([chosen]))
    if n > 100 and rng.random() < 0.5:  # say something twice
        ids = repeated(tokenizer, ids)
    end = tokenizer.vocabulary.of_type("End").tolist()
    if rng.random() < 0.7 and not len(grammar.violations(np.array([*ids, *end], np.int32))):
        ids += end
    return np.array(ids, np.int32)


def repeated(tokenizer: Tokenizer[Any], ids: list[int]) -> list[int]:
    """The ids with a part of them said again, where the grammar lets it."""
    half = [*ids[: len(ids) * 3 // 4], *ids[len(ids) // 4 :]]
    return half if not len(tokenizer.grammar.violations(np.array(half, np.int32))) else ids


@functools.cache
def walks(tokenizer: Tokenizer[Any], n: int = 15) -> tuple[Ids, ...]:
    """Walks of many lengths."""
    lengths = (0, 5, 40, 200, 600)
    return tuple(walk(tokenizer, seed, lengths[seed % len(lengths)]) for seed in range(n))


def from_high_to_low(piece: Score) -> Score:
    """The same with its tracks in order of height, by which voices are known."""
    means = [piece.pitch[piece.track == t].mean() for t in range(len(piece.tracks))]
    rank = np.argsort(np.argsort(-np.array(means))).astype(np.int32)
    return replace(piece, track=rank[piece.track]).sorted()


def untrained(tokenizer: Tokenizer[Any]) -> Any:
    from seqgen.training.config import TrainConfig
    from seqgen.training.loop import new_model

    return new_model(tokenizer, TrainConfig(width=16, n_layers=1)).eval()


def comes_back_from_ids(tokenizer: Tokenizer[Any], piece: Any) -> bool:
    """Encode a piece that was decoded, legally, and decode it to itself; False where it says nothing to encode."""
    if tokenizer.name == "voices":
        if len(piece.tracks) < tokenizer.config()["n_voices"]:
            return False  # which voice is silent, tracks do not say
        piece = from_high_to_low(piece)
    if not n_events(piece):
        return False
    ids = tokenizer.encode(piece)
    assert not len(tokenizer.grammar.violations(ids))
    assert tokenizer.decode(ids) == piece
    return True
