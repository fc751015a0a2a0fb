"""What is known in an image besides the last id: the place, the strips around it, what is asked for."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from seqgen.core.context import Feature

Ints = npt.NDArray[np.int32]

# Strips around the one to come, by rows and columns from it; all stand before it.
AROUND = (
    ("above", (-1, 0)),
    ("above_left", (-1, -1)),
    ("above_right", (-1, 1)),
    ("two_above", (-2, 0)),
    ("left", (0, -1)),
    ("two_left", (0, -2)),
)


class ImageContext:
    """row and column of the next strip (behind the last those of no strip); the strips around it from 1, 0 outside;
    asked: nothing yet, to classify, to draw, to draw this class.

    height, columns: strips of an image. n_strips: ids that are strips. draw: the id of the task, -1 where there are no
    tasks. class_of: int32 [V], for the ids of classes from 0, else -1.
    """

    def __init__(self, height: int, columns: int, n_strips: int, draw: int, class_of: Ints) -> None:
        self._n, self._n_strips, self._draw = height * columns, n_strips, draw
        place = np.arange(self._n)
        self._places = np.stack([place // columns, place % columns], axis=1).astype(np.int32)
        self._nowhere = np.array([height, columns], np.int32)
        around = []
        for _, (down, right) in AROUND:
            row, column = self._places[:, 0] + down, self._places[:, 1] + right
            inside = (row >= 0) & (column >= 0) & (column < columns)
            around.append(np.where(inside, row * columns + column, self._n))
        self._around = np.stack(around, axis=1)  # [n, neighbours], n: outside
        self._strip_of = np.zeros(len(class_of), np.int32)
        self._strip_of[:n_strips] = np.arange(1, n_strips + 1)
        self._class_of = class_of
        self._begin = 0 if draw < 0 else 1
        self.features = (
            Feature("row", height + 1),
            Feature("column", columns + 1),
            *(Feature(name, n_strips + 1) for name, _ in AROUND),
            *([Feature("asked", 4 + int(class_of.max()))] if draw >= 0 else []),
        )

    def of(self, ids_T: npt.NDArray[np.integer]) -> Ints:
        """int32 [T + 1, F]."""
        ids = np.asarray(ids_T)
        T, k = len(ids), len(AROUND) + 2
        header = self._begin + int(T > 0 and ids[0] == self._draw)
        rows = np.zeros((T + 1, len(self.features)), np.int32)
        rows[:, :2] = self._nowhere
        n = max(0, min(T + 1 - header, self._n))  # of which something is known
        strips = np.zeros(self._n + 1, np.int32)
        said = self._strip_of[ids[header : header + n]]
        strips[: len(said)] = said
        known = rows[header : header + n]
        known[:, :2] = self._places[:n]
        known[:, 2:k] = strips[self._around[:n]]
        if self._draw >= 0:
            rows[1:, k] = 1
            if header > 1:
                rows[1, k] = 2
                rows[2:, k] = 3 + self._class_of[ids[1]] if T > 1 else 0
        return rows

    def start(self, ids_BT: npt.NDArray[np.integer]) -> ImageCursor:
        """A cursor after these ids."""
        cursor = ImageCursor(self, len(ids_BT))
        for column in np.asarray(ids_BT).T:
            cursor.advance(column)
        return cursor


class ImageCursor:
    """The same, one id at a time, for a batch."""

    def __init__(self, context: ImageContext, batch: int) -> None:
        self._context = context
        self._t = 0
        self._header = np.full(batch, context._begin)
        self._asked = np.zeros(batch, np.int32)
        self._strips = np.zeros((batch, context._n + 1), np.int32)

    def fork(self, rows: npt.NDArray[np.integer]) -> ImageCursor:
        """Another, at these sequences."""
        other = ImageCursor(self._context, 0)
        other._t = self._t
        other._header, other._asked, other._strips = self._header[rows], self._asked[rows], self._strips[rows]
        return other

    def row(self) -> Ints:
        """int32 [B, F]."""
        c, k = self._context, len(AROUND) + 2
        place = self._t - self._header
        within = (place >= 0) & (place < c._n)
        at = np.where(within, place, 0)
        rows = np.zeros((len(place), len(c.features)), np.int32)
        rows[:, :2] = np.where(within[:, None], c._places[at], c._nowhere)
        rows[:, 2:k] = np.take_along_axis(self._strips, c._around[at], axis=1) * within[:, None]
        if c._draw >= 0:
            rows[:, k] = self._asked
        return rows

    def advance(self, ids_B: npt.NDArray[np.integer]) -> None:
        """Take one id each."""
        c, ids = self._context, np.asarray(ids_B)
        place = self._t - self._header
        if c._draw >= 0 and self._t == 0:
            draws = ids == c._draw
            self._header = self._header + draws
            self._asked = np.where(draws, 2, 1).astype(np.int32)
        elif c._draw >= 0 and self._t == 1:
            self._asked = np.where(self._header > 1, 3 + c._class_of[ids], self._asked).astype(np.int32)
        here = np.flatnonzero((place >= 0) & (place < c._n))
        if self._t >= c._begin:
            self._strips[here, place[here]] = c._strip_of[ids[here]]
        self._t += 1
