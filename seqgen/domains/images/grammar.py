"""What may follow in an image: a header, its strips, perhaps its label."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from seqgen.core.grammar import Grammar, build_grammar
from seqgen.core.vocabulary import Vocabulary
from seqgen.domains.images.settings import ImageSettings


def image_grammar(s: ImageSettings, v: Vocabulary, strip: str, fits: npt.NDArray[np.bool_]) -> Grammar:
    """Header, as many strips as an image has, and the label where it is asked for. A state is (task, strips said)."""
    strips = v.of_type(strip)
    classes: dict[Hashable, Iterable[int]] = {"strip": strips[~fits], "fitting": strips[fits]}
    if s.labels:
        classes |= {kind: v.of_type(kind) for kind in ("Label", "Class")}
        classes |= {"classify": v.ids(["Task_classify"]), "draw": v.ids(["Task_draw"])}
    n = s.n_strips

    def follow(state: Any) -> dict[Hashable, Hashable]:
        task, said = state
        if task == "begin":
            return {"classify": ("classify", 0), "draw": ("draw", -1)}
        if said == -1:
            return {"Class": ("draw", 0)}
        if said < n:
            kinds = ("fitting",) if (said + 1) % s.columns == 0 else ("strip", "fitting")
            return dict.fromkeys(kinds, (task, said + 1))
        return {"Label": ("end", n)} if task == "classify" else {}

    def final(state: Any) -> bool:
        return state[0] in ("draw", "end") and state[1] == n

    return build_grammar(classes, ("begin", 0) if s.labels else ("draw", 0), follow, final)
