"""MidiTokenizer: music ↔ ids, in one of three tokenizations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from seqgen.core.context import Context
from seqgen.core.errors import BadInput, CorpusError, UsageError
from seqgen.core.narrowing import Barred
from seqgen.core.tokenizer import Gap, Ids, Length, Tokenizer
from seqgen.domains.midi.files import to_score
from seqgen.domains.midi.keeping import problems
from seqgen.domains.midi.options import MidiOptions, Tokenization
from seqgen.domains.midi.performance.detection import is_performed
from seqgen.domains.midi.performance.scheme import Performance
from seqgen.domains.midi.remi.filling import gap
from seqgen.domains.midi.remi.scheme import Remi
from seqgen.domains.midi.score import Score
from seqgen.domains.midi.voices.assignment import assign_voices, drums, on_grid
from seqgen.domains.midi.voices.filling import outline
from seqgen.domains.midi.voices.scheme import Voices
from seqgen.domains.midi.voices.settings import VoicesSettings

Scheme = Voices | Remi | Performance

_SCHEMES: dict[str, type[Scheme]] = {"voices": Voices, "remi": Remi, "performance": Performance}


class MidiTokenizer(Tokenizer[Score]):
    """Music ↔ integer ids.

    tokenization: "voices" writes one id per voice and sixteenth (chorales, melodies); "remi" writes bars, positions,
    programs, pitches, velocities and durations (anything); "performance" writes time in seconds, with pedals (what is
    played freely). settings: of that tokenization.

    >>> tokenizer = MidiTokenizer("remi")
    >>> ids = tokenizer.encode("song.mid")        # doctest: +SKIP
    >>> tokenizer.decode(ids).write("again.mid")  # doctest: +SKIP
    """

    domain = "midi"

    def __init__(self, tokenization: Tokenization = "remi", **settings: Any) -> None:
        if tokenization not in _SCHEMES:
            raise UsageError(f"No MIDI tokenizer {tokenization!r}.", "Choose voices, remi or performance.")
        try:
            self.scheme: Scheme = _SCHEMES[tokenization](**settings)
        except TypeError as error:
            raise UsageError(f"The tokenizer {tokenization!r} does not take these settings: {error}.") from None
        scheme = self.scheme
        self.name = scheme.name
        self.vocabulary, self.grammar = scheme.vocabulary, scheme.grammar
        self.context: Context = scheme.context
        self.augmentations, self.unknown_of = scheme.augmentations, scheme.unknown_of
        self.backoff, self.controls = scheme.backoff, scheme.controls
        self.candidates = scheme.candidates
        self.once = scheme.once

    @classmethod
    def fit(cls, scores: Iterable[Score], options: MidiOptions | None = None) -> MidiTokenizer:
        """The tokenizer that suits these pieces. Raises CorpusError when there are none."""
        options = options or MidiOptions()
        if iter(scores) is scores:  # they are gone over several times
            scores = list(scores)
        empty = CorpusError("There is no piece to fit a tokenizer to.")
        if options.tokenizer in ("remi", "performance"):
            if next(iter(scores), None) is None:
                raise empty
            return cls(options.tokenizer)
        automatic = options.tokenizer == "auto"
        performed = [is_performed(score) for score in scores] if automatic else []
        if sum(performed) > len(performed) / 2:
            return cls("performance")
        # Some pieces may need more voices than there are; then they are left out of a corpus that is for voices.
        n_voices = [_n_voices(score, options) for score in scores]
        if not n_voices:
            raise empty
        if automatic and sum(n > 0 for n in n_voices) < 0.9 * len(n_voices):
            return cls("remi")
        most = max(n_voices)
        if not most:
            raise CorpusError(f"No piece has at most {options.voices} voices.", "Use --tokenizer remi.")
        # Asked again: of pieces that are read anew, one that took too long may be missing now, or may not.
        fitting = (score for score in scores if 0 < _n_voices(score, options) <= most)
        return cls("voices", **_voice_settings(fitting, most, options.steps_per_quarter))

    def encode(self, piece: Any) -> Ids:
        """int32 [T] ids of a path, the bytes of a MIDI file, a pretty_midi.PrettyMIDI, a music21 stream, a
        symusic.Score or a Score; header first. Raises BadInput."""
        return self.scheme.encode(to_score(piece))

    def decode(self, ids: npt.NDArray[np.integer], reference: Score | None = None) -> Score:
        """The piece that ids say, with `.write("x.mid")`, `.to_pretty_midi()`, `.to_symusic()`. Never raises on ids
        of this vocabulary."""
        return self.scheme.decode(np.asarray(ids))

    def template(self, prompt: Any = None, length: tuple[int, str] | None = None, **given: Any) -> Ids:
        """See Tokenizer. given: key ("G major"), bars, density (notes a quarter), tempo, time_signature ("3/4"), and
        pickup (voices) or instruments (remi); performance takes key, seconds, density
        and instruments."""
        return self.scheme.template(None if prompt is None else to_score(prompt), length, **given)

    def outline(
        self,
        piece: Any = None,
        fixed: Mapping[str, Any] | None = None,
        renew: tuple[int, int] | None = None,
        **given: Any,
    ) -> Ids | Gap:
        """See Tokenizer; of voices, by their names or numbers, and bars. remi: of bars alone. Raises UsageError."""
        score = None if piece is None else to_score(piece)
        if isinstance(self.scheme, Voices):
            tunes = {name: to_score(tune) for name, tune in (fixed or {}).items()}
            return outline(self.scheme, score, tunes, renew, **given)
        if not isinstance(self.scheme, Remi) or fixed or score is None or renew is None:
            return super().outline(piece, fixed, renew, **given)
        if given:
            raise UsageError("A piece that is filled in is in its own key, metre and so on.", "Leave the rest out.")
        return gap(self.scheme, score, renew)

    def barred(self, prompt: Any = None, **given: Any) -> tuple[Barred, ...]:
        """See Tokenizer."""
        return () if isinstance(self.scheme, Voices) else self.scheme.barred(prompt, **given)

    def length(self, amount: int, unit: str, ids: Ids) -> Length:
        return self.scheme.length(amount, unit, ids)

    def losses(self, piece: Any) -> Mapping[str, float]:
        return self.scheme.losses(to_score(piece))

    def sizes(self, ids: npt.NDArray[np.integer]) -> Mapping[str, float]:
        """note: those that begin. sixteenth: from the first note to the end of the last."""
        score = self.decode(ids)
        first = int(score.onset.min()) if score.n_notes else 0
        return {"note": score.n_notes, "sixteenth": (score.end_tick - first) * 4 / score.ticks_per_quarter}

    def problems(self, piece: Any) -> list[str]:
        score = to_score(piece)
        return problems(score, self.losses(score))

    def config(self) -> Mapping[str, Any]:
        return {"tokenization": self.name, **self.scheme.config()}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> MidiTokenizer:
        """Rebuild from `config()`. Raises UsageError."""
        settings = {k: _tupled(v) for k, v in config.items() if k != "tokenization"}
        try:
            return cls(config.get("tokenization", ""), **settings)
        except (TypeError, ValueError, KeyError, ArithmeticError) as error:
            raise UsageError(f"The tokenizer's settings are damaged ({error}).") from None


def _tupled(value: Any) -> Any:
    return tuple(_tupled(v) for v in value) if isinstance(value, list) else value


def _n_voices(score: Score, options: MidiOptions) -> int:
    """The fewest voices that hold this piece, 0 when it needs too many or has drums."""
    if drums(score).any():
        return 0
    onset, stop = on_grid(score, options.steps_per_quarter)
    for n in range(1, options.voices + 1):
        try:
            assign_voices(score, onset, stop, n)
        except BadInput:
            continue
        return max(n, min(options.voices, len(np.unique(score.track))))
    return 0


def _voice_settings(scores: Iterable[Score], n_voices: int, steps_per_quarter: int) -> dict[str, Any]:
    """Names, programs, tempo and ranges as most of the pieces have them."""
    names: list[Counter[str]] = [Counter() for _ in range(n_voices)]
    programs: list[Counter[int]] = [Counter() for _ in range(n_voices)]
    lows, highs = [127] * n_voices, [0] * n_voices
    tempos: list[float] = []
    densities = []
    for score in scores:
        onset, stop = on_grid(score, steps_per_quarter)
        voice = assign_voices(score, onset, stop, n_voices)
        densities.append(score.n_notes * steps_per_quarter / float(stop.max() - onset.min()))
        tempos += [score.tempos[0].quarters_per_minute] if score.tempos else []
        for v in np.unique(voice):
            chosen = voice == v
            track = score.tracks[int(np.bincount(score.track[chosen]).argmax())]
            names[v][track.name] += 1
            programs[v][track.program] += 1
            lows[v] = min(lows[v], int(score.pitch[chosen].min()))
            highs[v] = max(highs[v], int(score.pitch[chosen].max()))
    default = VoicesSettings(n_voices=n_voices)
    low, high = min(default.low, *lows), max(default.high, *highs)
    return {
        "n_voices": n_voices,
        "steps_per_quarter": steps_per_quarter,
        "low": low,
        "high": high,
        "names": tuple((names[v] or Counter([""])).most_common(1)[0][0] or default.names[v] for v in range(n_voices)),
        "programs": tuple((programs[v] or Counter([0])).most_common(1)[0][0] for v in range(n_voices)),
        "ranges": tuple((a, b) if a <= b else (low, high) for a, b in zip(lows, highs, strict=True)),
        "densities": (min(densities), max(densities)),
        "tempos": len(tempos) > len(densities) / 2 and len(set(tempos)) > 1,
        "quarters_per_minute": float(np.median(tempos)) if tempos else default.quarters_per_minute,
    }
