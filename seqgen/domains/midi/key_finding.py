"""Which key pitches suggest: correlation with key profiles (Krumhansl & Kessler 1982), in whole numbers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_MAJOR = np.array([6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88])
_MINOR = np.array([6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17])
UNKNOWN = -1


def _profiles() -> npt.NDArray[np.int64]:
    rows = []
    for profile in (_MAJOR, _MINOR):
        centred = profile - profile.mean()
        whole = np.rint(1000 * centred / np.linalg.norm(centred)).astype(np.int64)
        rows += [np.roll(whole, tonic) for tonic in range(12)]
    return np.stack(rows, axis=1)


_PROFILES = _profiles()  # [12, 24]: pitch class × (12 major, 12 minor keys)
_KEY = np.arange(24)


def find_keys(counts: npt.NDArray[np.integer], first: npt.NDArray[np.integer]) -> npt.NDArray[np.int32]:
    """The likeliest key of each row: 0 … 11 major by tonic, 12 … 23 minor, -1 where nothing was heard.

    counts: [n, 12] how often each pitch class was heard. first: [n] a pitch class of the piece that decides between
    equally likely keys, so that a transposed piece is always in the transposed key.
    """
    score = counts.astype(np.int64) @ _PROFILES * 32
    score += (_KEY - first[:, None]) % 12 * 2 + _KEY // 12
    return np.where(counts.any(axis=1), score.argmax(axis=1), UNKNOWN).astype(np.int32)


def collection(keys: npt.NDArray[np.integer]) -> npt.NDArray[np.int32]:
    """The tonic of the major key with the same notes, 12 where the key is unknown."""
    tonic = np.where(keys < 12, keys, (keys + 3) % 12)
    return np.where(keys < 0, 12, tonic).astype(np.int32)
