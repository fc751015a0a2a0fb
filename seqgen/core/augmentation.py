"""Legal re-writings of a piece: transposition or mirroring, which map each id, and other orders of what it says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int32]


class Augmentation:
    """A re-writings by table.

    map: int32 [A, V], the id that each id becomes; -1 where it would leave the vocabulary.
    Row 0 is always the identity.
    """

    def __init__(self, names: Sequence[str], table: npt.ArrayLike) -> None:
        self.names = tuple(names)
        self.map: Ints = np.asarray(table, np.int32)

    def __len__(self) -> int:
        return len(self.map)

    def admits(self, ids_T: npt.NDArray[np.integer]) -> npt.NDArray[np.bool_]:
        """bool [A]: the rows that keep this piece legal."""
        present = np.unique(ids_T)
        return np.asarray((self.map[:, present] >= 0).all(axis=1))


def no_augmentation(n_ids: int) -> Augmentation:
    """Only the identity."""
    return Augmentation(["as it is"], np.arange(n_ids)[None])


@dataclass(frozen=True)
class Order:
    """One of several orders in which a model learns to say a piece, such as a picture before or behind what it shows.

    share: of the training, beside those of the other orders. of: the ids of an encoded piece -> as many ids in this
    order.
    """

    name: str
    share: float
    of: Callable[[Ints], Ints]
