"""The piano roll of a score: tracks coloured, beats and bars ruled, drums in lanes of their own, wrapped like text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from seqgen.core.files import write_bytes
from seqgen.core.pictures import INK, STYLE, check_picture, entitle, picture_bytes, shortened
from seqgen.domains.midi.clock import bars, first_number
from seqgen.domains.midi.headline import colour_of, headline
from seqgen.domains.midi.instruments import drum_name, pitch_name, track_name
from seqgen.domains.midi.score import Score

_WIDTH = 14.0  # inches
_ROWS, _FEW_ROWS = 14, 4  # at most; of short bars
_QUARTERS = (32, 64)  # of a row: where few rows then hold the piece, else
_PITCH, _LANE, _GAP = 0.075, 0.16, 0.34  # inches of a semitone, of a drum's lane, below a row
_NAMED = 24  # drums, at most
_HIGHEST = 3.6  # inches of the pitches of a row
_TOP = 1.15  # inches above the first row
_LEGEND = 12  # tracks
_FEWEST_PITCHES = 13
_BLACK = (1, 3, 6, 8, 10)
_LIGHTEST = 0.4  # of the colour, that the softest notes have


def draw(score: Score, path: Path) -> None:
    """See `Domain.draw`: the piano roll as .png, .svg or .pdf. Raises UsageError, MissingExtra, TooLarge."""
    write_bytes(path, drawn(score, check_picture(path).suffix))


def drawn(score: Score, suffix: str) -> bytes:
    """The piano roll as the bytes of a file of that suffix. Raises UsageError, MissingExtra, TooLarge."""
    check_picture(f"roll{suffix}")
    lines, beats = bars(score)
    rows = _rows(score, lines)
    with _figure(score, len(rows)) as (page, heights):
        n_bars, number = len(lines) - 1, first_number(score, lines)
        last = rows[-1][-1] + number - 1
        shown = f"bars {number}–{last} of {n_bars + number - 1:,} are shown" if rows[-1][-1] < n_bars else ""
        entitle(page, shortened(score.name or "Piano roll", 90), headline(score), shown)
        _legend(page, score)
        inch = 1 / page.get_figheight()
        page.get_layout_engine().set(rect=(0.005, 0.3 * inch, 0.99, 1 - (_TOP + 0.3) * inch))
        span = max(lines[stop] - lines[start] for start, stop in rows)
        grid = page.add_gridspec(len(rows) * len(heights), 1, height_ratios=heights * len(rows))
        for k, (start, stop) in enumerate(rows):
            for place, lane in enumerate(_lanes(score)):
                axes = page.add_subplot(grid[k * len(heights) + place])
                (_drums if lane else _pitches)(axes, score)
                _rule(axes, lines, beats, start, stop, span, None if place else number)
                _notes(axes, score, lines[start], lines[stop], drums=lane)
        return picture_bytes(page, suffix)


def _lanes(score: Score) -> list[bool]:
    """Which of pitches (False) and drums (True) are drawn, from above."""
    drums = _is_drum(score)
    return [lane for lane in (False, True) if (drums == lane).any()] or [False]


def _is_drum(score: Score) -> npt.NDArray[np.bool_]:
    return np.array([track.is_drum for track in score.tracks], bool)[score.track]


def _rows(score: Score, lines: list[int]) -> list[tuple[int, int]]:
    """The first bar of each row and the one after its last; of as many rows as a picture holds."""
    n_bars = len(lines) - 1
    quarters = max(float(np.median(np.diff(lines))) / score.ticks_per_quarter, 1 / 8)
    for width in _QUARTERS:
        per_row = min(16, max(1, round(width / quarters)))
        if n_bars <= per_row * _FEW_ROWS:
            break
    starts = range(0, n_bars, per_row)
    return [(start, min(start + per_row, n_bars)) for start in starts][:_ROWS]


@contextmanager
def _figure(score: Score, n_rows: int) -> Iterator[tuple[Any, list[float]]]:
    """A page as high as its rows need, and the heights of a row's parts."""
    from matplotlib import style
    from matplotlib.figure import Figure

    heights = []
    for lane in _lanes(score):
        low, high = _range(score)
        heights.append(_LANE * min(_NAMED, len(_kit(score))) if lane else min(_HIGHEST, _PITCH * 2 * (high - low + 1)))
    height = _TOP + 0.4 + n_rows * (sum(heights) + _GAP + 0.1 * len(heights))
    with style.context(["default", dict(STYLE)]):
        yield Figure((_WIDTH, height), layout="constrained"), heights


def _range(score: Score) -> tuple[int, int]:
    """The lowest and highest pitch that is drawn."""
    pitches = score.pitch[~_is_drum(score)]
    low, high = (int(pitches.min()) - 1, int(pitches.max()) + 1) if len(pitches) else (60, 72)
    missing = max(0, _FEWEST_PITCHES - (high - low + 1))
    return max(0, low - missing // 2), min(127, high + missing - missing // 2)


def _kit(score: Score) -> list[int]:
    """The drums that are struck, from below."""
    return [int(key) for key in np.unique(score.pitch[_is_drum(score)])]


def _pitches(axes: Any, score: Score) -> None:
    low, high = _range(score)
    pitches = range(low, high + 1)
    _shade(axes, [pitch for pitch in pitches if pitch % 12 in _BLACK], "#F1F1F1")
    for pitch in pitches:
        if pitch % 12 == 0:
            axes.axhline(pitch - 0.5, color="#BBBBBB", linewidth=0.6, zorder=1)
    named = (0, 4, 7) if high - low <= 36 else (0,)
    ticks = [pitch for pitch in pitches if pitch % 12 in named]
    axes.set_yticks(ticks, [pitch_name(pitch) for pitch in ticks], size=7)
    axes.set_ylim(low - 0.5, high + 0.5)


def _drums(axes: Any, score: Score) -> None:
    kit = _kit(score)
    _shade(axes, range(0, len(kit), 2), "#F6F6F6")
    named = range(0, len(kit), -(-len(kit) // _NAMED))
    axes.set_yticks(named, [drum_name(kit[place]) for place in named], size=7)
    axes.set_ylim(-0.5, len(kit) - 0.5)


def _shade(axes: Any, places: Iterable[int], colour: str) -> None:
    """Whole rows; all in one, as hundreds of patches would take their time."""
    from matplotlib.collections import PolyCollection

    boxes = [[(0, y - 0.5), (1, y - 0.5), (1, y + 0.5), (0, y + 0.5)] for y in places]
    across = axes.get_yaxis_transform()
    axes.add_collection(PolyCollection(boxes, facecolors=colour, linewidths=0, zorder=0, transform=across))


def _rule(axes: Any, lines: list[int], beats: list[int], start: int, stop: int, span: int, number: int | None) -> None:
    """Bar lines with numbers above, beats between them. number: of the first bar of all; None for no numbers."""
    begin, end = lines[start], lines[stop]
    bottom, top = axes.get_ylim()
    axes.axvspan(end, begin + span + 1, color="white", linewidth=0, zorder=2)
    axes.vlines([beat for beat in beats if begin < beat < end], bottom, top, color="#E2E2E2", linewidth=0.5, zorder=1)
    axes.vlines(lines[start : stop + 1], bottom, top, color="#8A8A8A", linewidth=0.8, zorder=2.5)
    if number is not None:
        for bar in range(start, stop):
            axes.annotate(
                f"{bar + number}", (lines[bar], top), (2, 2), textcoords="offset points", size=7, color="#666666",
                annotation_clip=False,
            )  # fmt: skip
    axes.set_xlim(begin, begin + span)
    axes.tick_params(length=0)
    axes.set_xticks([])
    for side in axes.spines.values():
        side.set_visible(False)


def _notes(axes: Any, score: Score, begin: int, end: int, *, drums: bool) -> None:
    """Those that sound between two ticks, the louder the fuller of colour."""
    from matplotlib.collections import PolyCollection
    from matplotlib.colors import to_rgb

    stops = score.onset.astype(np.int64) + score.duration
    chosen = (score.onset < end) & (stops > begin) & (_is_drum(score) == drums)
    if not chosen.any():
        return
    left = np.maximum(score.onset[chosen], begin)
    right = np.minimum(stops[chosen], end)
    if drums:  # how long a drum sounds is its own affair: all are as wide as a sixteenth at most
        right = np.minimum(right, left + score.ticks_per_quarter // 4 + 1)
    place = np.searchsorted(_kit(score), score.pitch[chosen]) if drums else score.pitch[chosen]
    half = 0.36 if drums else 0.44
    corners = np.stack(
        [np.stack([x, y], 1) for x, y in ((left, place - half), (right, place - half),
                                          (right, place + half), (left, place + half))], axis=1
    )  # fmt: skip
    colours = np.array([to_rgb(colour_of(track)) for track in range(len(score.tracks))])[score.track[chosen]]
    full = (_LIGHTEST + (1 - _LIGHTEST) * score.velocity[chosen] / 127)[:, None]
    faces = 1 - (1 - colours) * full
    edges = colours * 0.75
    axes.add_collection(PolyCollection(list(corners), facecolors=faces, edgecolors=edges, linewidths=0.4, zorder=3))


def _legend(page: Any, score: Score) -> None:
    from matplotlib.patches import Patch

    sounding = np.unique(score.track).tolist()
    if not sounding:
        return
    shown = sounding[: _LEGEND - 1] if len(sounding) > _LEGEND else sounding
    patches = [
        Patch(color=colour_of(k), label=shortened(track_name(score.tracks[k], k + 1), 24).lstrip("_") or "–")
        for k in shown
    ]
    if len(shown) < len(sounding):
        patches.append(Patch(color="none", label=f"and {len(sounding) - len(shown)} more"))
    top = 1 - 0.68 / page.get_figheight()
    legend = page.legend(
        handles=patches, loc="upper left", bbox_to_anchor=(0.006, top), ncols=min(6, len(patches)), fontsize=8,
        handlelength=1, borderaxespad=0, labelcolor=INK,
    )  # fmt: skip
    legend.set_in_layout(False)
