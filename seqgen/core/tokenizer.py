"""The one contract between a domain and the model: pieces become ids, ids become pieces."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from seqgen.core.augmentation import Augmentation, Order
from seqgen.core.context import Context
from seqgen.core.controls import Control
from seqgen.core.errors import UsageError
from seqgen.core.grammar import Grammar
from seqgen.core.narrowing import Barred, Once
from seqgen.core.vocabulary import Vocabulary

Piece = TypeVar("Piece")
Ids = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Length:
    """How long a sample shall be: until the ids together count for `amount`. counted: int or bool [V], for how much
    each id does.

    Before that the piece may not end; after it no further counted id may come, so the grammar leads to the end.
    """

    counted: npt.NDArray[np.integer] | npt.NDArray[np.bool_]
    amount: int


@dataclass(frozen=True)
class Gap:
    """A piece with a gap that any number of ids may fill.

    before: what stands before it. length, barred: of what is drawn then. whole: makes the piece of what is drawn.
    n_behind: how many ids then stand behind the gap.
    """

    before: Ids
    length: tuple[int, str]
    barred: tuple[Barred, ...]
    whole: Callable[[Ids], Ids]
    n_behind: int


class Tokenizer(ABC, Generic[Piece]):
    """Pieces ↔ ids, with the grammar and the context of the language they form.

    Attributes:
        domain: the name of the domain this tokenizer belongs to.
        name: the tokenization's name, unique within the domain.
        vocabulary: tokens and their ids (V of them).
        grammar: what may follow.
        context: side inputs of the model.
        augmentations: legal re-writings of a piece, id by id.
        orders: in which a training says a piece; none: as it was encoded.
        unknown_of: int32 [V], for a header id the id that says "not given" (itself included), else -1.
            In training header ids are blanked at random, so that giving them is optional when sampling.
        loss_weights: float32 [V], how much each id counts in the training loss; None: all alike.
        order: of the longest plain n-gram among the baselines.
        main: the type of id that says what an event is, one in every event; "" where sequences are not of events. An
            event ends where a sequence may stop.
        passed: types of ids that a prediction looks through to what comes behind them, such as who acts.
        renumbers: types of ids after which those that stand for someone (`called`) may stand for others.
        controls: what may be asked of a sample by name.
        candidates: of so many a sample of a given length is one, by how probable its end is; 1: as it was drawn.
        tries: of so many a sample of which something is asked is one, where `asked_last` is known.
        once: ids that are not said again at the same moment: a model that is carried off would never leave it.
        backoff: names of context features, most telling first, on which the n-gram baseline conditions.
    """

    domain: str
    name: str
    vocabulary: Vocabulary
    grammar: Grammar
    context: Context
    augmentations: Augmentation
    unknown_of: Ids
    orders: tuple[Order, ...] = ()
    loss_weights: npt.NDArray[np.float32] | None = None
    controls: tuple[Control, ...] = ()
    once: tuple[Once, ...] = ()
    backoff: tuple[str, ...] = ()
    order: int = 3
    passed: tuple[str, ...] = ()
    main: str = ""
    renumbers: tuple[str, ...] = ()
    candidates: int = 1
    tries: int = 1

    @abstractmethod
    def encode(self, piece: Piece) -> Ids:
        """int32 [T] ids of a piece, header first. Raises BadInput for a piece this tokenizer cannot say."""

    def encode_stream(self, piece: Any) -> Iterator[Ids]:
        """The same in parts, for pieces that need not fit into memory."""
        yield self.encode(piece)

    @abstractmethod
    def decode(self, ids: npt.NDArray[np.integer], reference: Piece | None = None) -> Piece:
        """The piece that ids say. Total: never raises on ids that the grammar allows, nor on a part of them.
        `reference` carries what ids leave out (scale, calendar, roster), where a domain has such."""

    def continuation(self, prompt: Ids, reference: Piece | None = None) -> Callable[[Ids], Piece]:
        """What further ids make of a prompt: `decode` of both, for many ids behind one prompt."""
        return lambda ids: self.decode(np.concatenate([prompt, ids]), reference)

    @abstractmethod
    def template(self, prompt: Piece | None = None, length: tuple[int, str] | None = None, **given: Any) -> Ids:
        """int32 [T] what a sample begins with; -1 = free, chosen by the model.

        prompt: a piece to continue, in its own key, metre and so on. length: amount and unit that will be added, for
        the header to announce. given: values of `controls` by name, as text or numbers (key="G major"). Raises
        UsageError for an unknown name or value."""

    def outline(
        self,
        piece: Piece | None = None,
        fixed: Mapping[str, Any] | None = None,
        renew: tuple[int, int] | None = None,
        **given: Any,
    ) -> Ids | Gap:
        """int32 [T] a whole piece, to its end, with gaps; -1 = free. Or a Gap, where ids have no places of their own.

        fixed: by name the parts of a new piece that are given, such as voices; the piece is as long as they are.
        piece, renew: or a piece of which these bars, first and last, are to be made new; of it parts that are `fixed`
        are given there. given: as for `template`. Raises UsageError where pieces have no such parts, BadInput."""
        raise UsageError(
            f"Nothing can be given or filled in with the tokenizer {self.name} of {self.domain}.",
            "Voices of music take both, remi bars to fill in.",
        )

    def barred(self, prompt: Piece | None = None, **given: Any) -> tuple[Barred, ...]:
        """What may not come behind the template of the same prompt and `given`. Raises UsageError."""
        return ()

    def asked_last(self, template: Ids) -> Callable[[Ids], Ids] | None:
        """Where samples that begin so are asked to show something that can also be told of them: a sample's ids -> the
        same with that as the last id. How probable that is says how well a sample shows it."""
        return None

    @abstractmethod
    def length(self, amount: int, unit: str, ids: Ids) -> Length:
        """A length in one of the domain's units, counted after `ids` (header and prompt). Raises UsageError."""

    def losses(self, piece: Piece) -> Mapping[str, float]:
        """What encoding changes in a piece or leaves out: name -> how many; nothing that is zero."""
        return {}

    def problems(self, piece: Piece) -> list[str]:
        """The same as lines to be read."""
        return [f"{what.replace('_', ' ')}: {n:g}" for what, n in self.losses(piece).items()]

    def called(self, piece: Piece) -> Mapping[str, str]:
        """Tokens that stand for someone after a piece -> his name, where that is known."""
        return {}

    def sizes(self, ids: npt.NDArray[np.integer]) -> Mapping[str, float]:
        """How long a piece is in what nats are also counted by: unit, such as "note", -> how many."""
        return {}

    @abstractmethod
    def config(self) -> Mapping[str, Any]:
        """JSON-ready settings from which `Domain.tokenizer` rebuilds an equal tokenizer."""
