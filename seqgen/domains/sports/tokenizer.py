"""SportsTokenizer: matches ↔ ids, as the sport declares."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from seqgen.core.augmentation import Augmentation
from seqgen.core.controls import asked, header_ids
from seqgen.core.errors import BadInput, CorpusError, UsageError
from seqgen.core.tokenizer import Ids, Length, Tokenizer
from seqgen.core.vocabulary import Vocabulary
from seqgen.domains.sports.context import SportsContext
from seqgen.domains.sports.decoding import Decoder
from seqgen.domains.sports.encoding import event_ids
from seqgen.domains.sports.files import to_match
from seqgen.domains.sports.grammar import sports_grammar
from seqgen.domains.sports.known import KNOWN, SPORTS, sport_name
from seqgen.domains.sports.labels import checked_labels, control, label_value, learned_labels
from seqgen.domains.sports.match import Match
from seqgen.domains.sports.names import UNKNOWN, WEIGHT, acting, checked_names, learned_names, named_slots, summary
from seqgen.domains.sports.options import SportsOptions
from seqgen.domains.sports.roster import called
from seqgen.domains.sports.sport import Sport

_EVENT = 1 << 20  # the weight of an event against that of an id that only opens one


class SportsTokenizer(Tokenizer[Match]):
    """Matches ↔ integer ids. A piece is a whole match, so that a chase knows what it chases.

    A header of labels, then for every event the ids of its sport's slots, `End` last. Cricket: `Side_1` opens an
    innings, `Bowler_3` an over, `Batter_2` `Outcome_4` is a delivery; players are numbered as they appear.

    sport: its name, or a Sport of one's own (which a saved run then does not know by its name). labels: type of a label
    -> the values that have an id. names: type of a slot that numbers -> the names that have one (see `names`).

    >>> tokenizer = SportsTokenizer.fit(["match.csv"])  # doctest: +SKIP
    >>> tokenizer.encode("match.csv")                   # doctest: +SKIP
    """

    domain = "sports"
    order = 4

    def __init__(
        self,
        sport: str | Sport = "cricket",
        labels: Mapping[str, Iterable[str]] | None = None,
        names: Mapping[str, Iterable[str]] | None = None,
    ) -> None:
        found = SPORTS.get(sport_name(sport)) if isinstance(sport, str) else sport
        if not isinstance(found, Sport):
            raise UsageError(f"No sport {str(sport)[:60]!r}.", KNOWN)
        self.sport: Sport = found
        self.name = found.name
        self._labels = checked_labels(self.sport, labels or {})
        self._names = checked_names(self.sport, names or {})
        self._named = named_slots(self.sport, self._names)
        self._header = tuple(label for label in self.sport.labels if label.kind in self._labels)
        tokens = [f"{slot.kind}_{value}" for slot in self.sport.slots for value in slot.tokens()]
        tokens.append("End")
        for kind, values in self._labels.items():
            tokens += [*(f"{kind}_{value}" for value in values), f"{kind}_Unknown"]
        for kind, slot in self._named.items():
            tokens += [*(f"{kind}_{name}" for name in self._names[slot.kind]), f"{kind}_{UNKNOWN}"]
        light = [slot.kind for slot in self.sport.slots if slot.weight < 1]
        self.vocabulary = Vocabulary(tokens, unscored_types=[*self._labels, *self._named, *light])
        self.unknown_of: Ids = np.full(len(tokens), -1, np.int32)
        for kind in (*self._labels, *self._named):
            self.unknown_of[self.vocabulary.of_type(kind)] = self.vocabulary.id(f"{kind}_Unknown")
        weights = {**{slot.kind: slot.weight for slot in self.sport.slots}, **dict.fromkeys(self._named, WEIGHT)}
        self.loss_weights = np.array([weights.get(kind, 1.0) for kind in self.vocabulary.types], np.float32)
        self.controls = tuple(control(label, self._labels[label.kind]) for label in self._header)
        self.grammar = sports_grammar(self.sport, self.vocabulary, tuple(self._labels), self._named)
        self.augmentations = _mirrorings(self.sport, self.vocabulary)
        self.context = SportsContext(
            self.sport, self.vocabulary, self._labels, self.augmentations.map, acting(self.sport, self._named)
        )
        # Type of a slot that numbers -> the id of each name.
        self.name_ids = {
            slot.kind: {self.vocabulary.values[i][1]: i for i in self.vocabulary.of_type(kind).tolist()}
            for kind, slot in self._named.items()
        }
        self.backoff, self.main = self.sport.backoff, self.sport.main
        self.renumbers = tuple(slot.kind for slot in self.sport.levels[:1])
        self._slot_of = {slot.kind: slot for slot in self.sport.slots}
        # That a period begins is worth predicting; an over, or who acts, is looked through.
        passed = tuple(self._slot_of)[1 : list(self._slot_of).index(self.sport.main)]
        self.passed = (*passed, *self._named)

    @classmethod
    def fit(cls, matches: Iterable[Any], options: SportsOptions | None = None) -> SportsTokenizer:
        """The tokenizer that suits these matches, which must be of one sport. options: also say what the columns of
        tables are called. Raises CorpusError."""
        options = options or SportsOptions()
        given, wanted = (to_match(match, options) for match in matches), options.sport
        found = [summary(SPORTS[match.sport], match) for match in given]
        sports = sorted({match.sport for match in found})
        if not found or (wanted and sports != [wanted]) or len(sports) > 1:
            held = " and ".join(sports) or "nothing"
            raise CorpusError(f"One sport is learned at a time; there is {held}.", "Train on a folder of one sport.")
        sport = SPORTS[sports[0]]
        return cls(sport.name, learned_labels(sport, found), learned_names(sport, found) if options.players else None)

    def encode(self, piece: Any) -> Ids:
        """int32 [T] ids of a Match, or of the first of a path, the bytes of a file or a DataFrame; header first.
        Raises BadInput."""
        match = to_match(piece)
        if match.sport != self.name:
            hint = f"It wants a run of {match.sport}: `seqgen runs` lists those here."
            raise BadInput(match.about["match"] or "match", f"is {match.sport}, not {self.name}", hint=hint)
        ends = self.vocabulary.ids(["End"])
        events = event_ids(self.sport, match, self.vocabulary, self.name_ids)
        return np.concatenate([self.header(match.about), events, ends])

    def header(self, about: Mapping[str, str]) -> Ids:
        """What is said of a match before its events."""
        values = ((label, label_value(label, self._labels[label.kind], about[label.column])) for label in self._header)
        return self.vocabulary.ids([f"{label.kind}_{value}" for label, value in values])

    def decode(self, ids: npt.NDArray[np.integer], reference: Match | None = None) -> Match:
        """The match that ids say; an event that is not whole is left out, as is an id where it may not stand. Players
        get the names that those of `reference` had, else numbers."""
        return self._decoder(reference).take(ids).match()

    def continuation(self, prompt: Ids, reference: Match | None = None) -> Callable[[Ids], Match]:
        """See Tokenizer."""
        if self._named:
            return super().continuation(prompt, reference)
        begun = self._decoder(reference).take(prompt)
        return lambda ids: begun.fork().take(ids).match()

    def _decoder(self, reference: Match | None) -> Decoder:
        labels = {label.kind: label.column for label in self._header}
        return Decoder(self.sport, self.vocabulary, self.grammar, labels, self._named, reference)

    def template(self, prompt: Any = None, length: tuple[int, str] | None = None, **given: Any) -> Ids:
        """See Tokenizer. given: the sport's labels by column, such as gender="female", season=2016."""
        header = dict.fromkeys(self._labels, -1)
        body = np.zeros(0, np.int32)
        if prompt is not None:
            ids = self.encode(prompt)
            header.update(zip(self._labels, ids.tolist(), strict=False))
            body = ids[len(header) : -1]
        header |= header_ids(self.controls, self.vocabulary, asked(self.controls, given))
        return np.concatenate([np.array(list(header.values()), np.int32), body]).astype(np.int32)

    def length(self, amount: int, unit: str, ids: Ids) -> Length:
        """So many events more, or tokens; 1game: until the match ends by itself. Raises UsageError."""
        types = np.array(self.vocabulary.types)
        if unit == "games" and amount == 1:
            return Length(np.zeros(len(types), np.int64), 0)
        if unit == "tokens":
            return Length(self.vocabulary.scored & (types != "End"), amount)
        if unit != "events":
            raise UsageError(f"A length of {amount} {unit} is not known here.", "Use 1game, 30events or 100tokens.")
        # Every event has the first slot that is always said; before it may stand those that open an over. When the last
        # event has begun, none of them may follow it.
        first = next(slot for slot in self.sport.slots if not slot.on)
        opens = np.isin(types, [slot.kind for slot in self.sport.levels])
        return Length(np.where(types == first.kind, _EVENT, opens), amount * _EVENT)

    def called(self, piece: Any) -> Mapping[str, str]:
        """See Tokenizer."""
        return called(self.sport, to_match(piece))

    def losses(self, piece: Any) -> Mapping[str, float]:
        """What reading changed, and how many values of each column ids do not say as they are."""
        match = to_match(piece)
        again = self.decode(self.encode(match), match)
        changed = {
            f"{column}_not_kept": float(sum(a != b for a, b in zip(values, again.events[column], strict=True)))
            for column, values in match.events.items()
        }
        return {name: float(n) for name, n in {**match.notes, **changed}.items() if n}

    def config(self) -> Mapping[str, Any]:
        labels = {kind: list(values) for kind, values in self._labels.items()}
        names = {kind: list(values) for kind, values in self._names.items()}
        return {"sport": self.name, "labels": labels, **({"names": names} if names else {})}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> SportsTokenizer:
        """Rebuild from `config()`. Raises UsageError."""
        try:
            return cls(**config)
        except (TypeError, ValueError, AttributeError) as error:
            raise UsageError(f"The tokenizer's settings are damaged ({error}).") from None


def _mirrorings(sport: Sport, vocabulary: Vocabulary) -> Augmentation:
    """As it is, and with the sides of the field exchanged where that changes anything."""
    table = np.arange(len(vocabulary), dtype=np.int32)
    for slot in sport.slots:
        if slot.grid and slot.grid.mirrored:
            ids = vocabulary.of_type(slot.kind)
            table[ids] = [vocabulary.id(f"{slot.kind}_{slot.grid.mirror(vocabulary.values[i][1])}") for i in ids]
    as_it_is = np.arange(len(vocabulary), dtype=np.int32)
    if (table == as_it_is).all():
        return Augmentation(["as it is"], as_it_is[None])
    return Augmentation(["as it is", "mirrored"], [as_it_is, table])
