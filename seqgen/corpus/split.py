"""Which pieces, or which parts of them, are for training and which are held out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from seqgen.core.files import sha256
from seqgen.corpus.store import SPLITS, Split

Shares = tuple[float, float, float]  # of train, valid and test
_WORDS: Mapping[Split, tuple[str, ...]] = {
    "train": ("train", "training"),
    "valid": ("valid", "validation", "val", "dev"),
    "test": ("test", "testing", "t10k"),  # the last is MNIST's
}
Cut = tuple[int, Split, Any]  # the number of a piece, a split, the part of the piece that is in it


def split_pieces(identities: Sequence[tuple[str, ...]], shares: Shares, dates: Sequence[str] = ()) -> list[Split]:
    """Each piece's split. Pieces that share an identity stay together. Where every piece has a date, the last are the
    test and those before them the validation part. Else which split they go to depends on their content alone, so a
    renamed file stays where it was. With at least three groups no split is empty."""
    parent = list(range(len(identities)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    first: dict[str, int] = {}
    for i, hashes in enumerate(identities):
        for value in hashes:
            parent[root(i)] = root(first.setdefault(value, i))
    groups: dict[int, list[int]] = {}
    for i in range(len(identities)):
        groups.setdefault(root(i), []).append(i)

    def by_content(group: list[int]) -> str:
        return min(sha256("".join(identities[i]).encode()) for i in group)

    if dates and all(dates):
        order = sorted(groups.values(), key=lambda group: max((dates[i], i) for i in group), reverse=True)
    else:
        order = sorted(groups.values(), key=by_content)
    split: list[Split] = ["train"] * len(identities)
    total, held = len(identities), order[: max(0, len(order) - 1)]
    wanted = {name: share * total for name, share in zip(SPLITS, shares, strict=True)}
    for name in ("test", "valid"):
        count = 0
        while held and wanted[name] > 0 and (count == 0 or count + len(held[0]) / 2 <= wanted[name]):
            if len(order) < 3 and name == "test":
                break
            group = held.pop(0)
            count += len(group)
            for i in group:
                split[i] = name
    return split


def split_by_names(names: Sequence[str], identities: Sequence[tuple[str, ...]], shares: Shares) -> list[Split] | None:
    """Each piece's split, as the files' own names have it (see `said_by`): what was published with a split of its own
    keeps that. A held-out part that no name says is taken from the training part, as large as its share. None unless
    every name says one and none of the three is empty."""
    by_name = {name: said_by(name) for name in dict.fromkeys(names)}
    if len(set(by_name.values())) < 2 or None in by_name.values():
        return None
    split: list[Split] = [by_name[name] or "train" for name in names]
    train = [i for i, s in enumerate(split) if s == "train"]
    left = (shares[0], *(0.0 if s in split else share for s, share in zip(SPLITS[1:], shares[1:], strict=True)))
    parts = split_pieces(
        [identities[i] for i in train], (left[0] / sum(left), left[1] / sum(left), left[2] / sum(left))
    )
    for i, part in zip(train, parts, strict=True):
        split[i] = part
    return split if set(split) == set(SPLITS) else None


def said_again(split: Sequence[Split], identities: Sequence[tuple[str, ...]]) -> set[int]:
    """The pieces that say the same as one of a split behind theirs (train, valid, test): what is held out is not
    learned from."""
    last: dict[str, int] = {}
    for part, hashes in zip(split, identities, strict=True):
        for value in hashes:
            last[value] = max(last.get(value, 0), SPLITS.index(part))
    return {
        i
        for i, (part, hashes) in enumerate(zip(split, identities, strict=True))
        if any(last[value] > SPLITS.index(part) for value in hashes)
    }


def said_by(name: str) -> Split | None:
    """The split that a file's path says: by a folder of such a name, else by a word of its own."""
    *folders, file = name.lower().split("/")
    for word in (*folders, *re.split(r"[^a-z0-9]+", file)):
        for split, words in _WORDS.items():
            if word in words:
                return split
    return None


def cut_pieces(pieces: Sequence[Any], shares: Shares, cut: Callable[[Any, float, float], Any | None]) -> list[Cut]:
    """(index of the piece, split, part) in order: each piece is cut where its training share ends, and again where
    the part for validation does. Empty parts are left out."""
    train, valid, test = shares
    places = (0.0, train, train + valid if test else 1.0, 1.0)
    found = []
    for i, piece in enumerate(pieces):
        for k, name in enumerate(SPLITS):
            part = cut(piece, places[k], places[k + 1]) if shares[k] else None
            if part is not None:
                found.append((i, name, part))
    return found


def cut_pieces_at_moments(
    pieces: Sequence[Any],
    shares: Shares,
    moments: Callable[[Any], Any],
    cut: Callable[[Any, int, int | None], Any | None],
) -> list[Cut]:
    """The same for pieces whose events have moments: all are cut at the same two, which leave the shares of all events
    before, between and after them, so that no moment is in two splits. A split of no share is empty."""
    when = np.sort(np.concatenate([moments(piece) for piece in pieces]))
    last = int(when[-1]) + 1
    bounds = [int(when[0])]
    for share in np.round(np.cumsum(shares), 6):  # .7 + .2 is a little less than .9
        place = int(share * len(when))
        bounds.append(int(when[place]) if place < len(when) else last)
    found = []
    for i, piece in enumerate(pieces):
        for k, name in enumerate(SPLITS):
            part = cut(piece, bounds[k], bounds[k + 1]) if bounds[k] < bounds[k + 1] else None
            if part is not None:
                found.append((i, name, part))
    return found


def repetitions(identities: Sequence[tuple[str, ...]]) -> list[int]:
    """For each piece the first that shares an identity with it; itself when none does."""
    first: dict[str, int] = {}
    return [min(first.setdefault(value, i) for value in hashes) for i, hashes in enumerate(identities)]
