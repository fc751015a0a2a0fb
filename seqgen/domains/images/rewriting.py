"""The ways to say one image: to be classified or drawn, where it stands or a pixel beside."""

from __future__ import annotations

import itertools

import numpy as np

from seqgen.core.tokenizer import Ids
from seqgen.core.vocabulary import Vocabulary
from seqgen.domains.images.strips import Strips

# Of each way: whether it is drawn, by how many pixels it is moved down and to the right.
WAYS = tuple(itertools.product((False, True), (0, -1, 1), (0, -1, 1)))


class Rewriting:
    """names: of each way; the first changes nothing."""

    def __init__(self, strips: Strips, vocabulary: Vocabulary, n_strips: int) -> None:
        self._strips, self._n = strips, n_strips
        self._tasks = [vocabulary.id(f"Task_{task}") for task in ("classify", "draw") if vocabulary.are("Task").any()]
        self._labels, self._classes = vocabulary.of_type("Label"), vocabulary.of_type("Class")
        self.ways = [(drawn, *moved) for drawn, *moved in WAYS if self._tasks or not drawn]
        self.names = tuple(
            f"{'drawn' if drawn else 'as it is'}{f', moved {down}, {right}' if down or right else ''}"
            for drawn, down, right in self.ways
        )

    def rewritten(self, ids_T: Ids, way: int) -> Ids | None:
        """int32 [T] the whole piece said in that way; None where it cannot be: something would leave the image, or it
        has no label to be drawn by."""
        drawn, down, right = self.ways[way]
        ids = np.asarray(ids_T, np.int32)
        begin = len(ids) - self._n - int(bool(self._tasks) and ids[0] == self._tasks[0])
        if drawn and ids[0] != self._tasks[0]:
            return None
        strips = ids[begin : begin + self._n]
        if down or right:
            moved = self._strips.shifted(strips, down, right)
            if moved is None:
                return None
            strips = moved
        if drawn:
            label = self._classes[np.searchsorted(self._labels, ids[-1])]
            return np.concatenate([np.array([self._tasks[1], label], np.int32), strips])
        return np.concatenate([ids[:begin], strips, ids[begin + self._n :]])
