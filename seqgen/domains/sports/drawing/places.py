"""Where the next event takes place, seen from one side of the field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from seqgen.domains.sports.sport import NONE, OTHER, Grid, Slot, Sport

Given = Callable[[str, str], Mapping[str, Any]]


@dataclass(frozen=True)
class Places:
    """cells: [X, Y] how probable each cell of the slot's grid is, where one is said. nowhere: how probably none is.
    turned: whether all is seen as the side sees it that acted last, whoever acts next; else as the one does that
    acts."""

    slot: Slot
    cells: npt.NDArray[np.float64]
    nowhere: float
    turned: bool


def next_places(sport: Sport, found: Mapping[str, Any], given: Given) -> Places | None:
    """Of the first slot that says a place; found and given as `Domain.picture` has them. None where nothing says one,
    or nothing may come."""
    slot = next((slot for slot in sport.slots if slot.grid), None)
    if slot is None or slot.kind not in found["fields"]:
        return None
    assert slot.grid is not None  # noqa: S101  # as chosen
    side = next((slot for slot in sport.slots if slot.relative), None)
    if side is None or side.kind not in found["fields"] or not _alike(slot.grid):
        return Places(slot, *_cells(slot.grid, found["fields"][slot.kind]), turned=False)
    p_XY, nowhere = np.zeros((len(slot.grid.x) - 1, len(slot.grid.y) - 1)), 0.0
    for said in found["fields"][side.kind]["values"]:
        cells, none = _cells(slot.grid, given(side.kind, said["value"])[slot.kind])
        p_XY += said["probability"] * (cells[::-1, ::-1] if said["value"] == OTHER else cells)
        nowhere += said["probability"] * none
    return Places(slot, p_XY, nowhere, turned=True)


def _cells(grid: Grid, said: Mapping[str, Any]) -> tuple[npt.NDArray[np.float64], float]:
    p_XY, nowhere = np.zeros((len(grid.x) - 1, len(grid.y) - 1)), 0.0
    for value in said["values"]:
        if value["value"] == NONE:
            nowhere = value["probability"]
        else:
            p_XY[tuple(map(int, value["value"].split("_")))] = value["probability"]
    return p_XY, nowhere


def _alike(grid: Grid) -> bool:
    """Whether the cells lie as they do when seen from the other end."""
    return all(np.allclose(np.add(edges, edges[::-1]), edges[0] + edges[-1]) for edges in (grid.x, grid.y))
