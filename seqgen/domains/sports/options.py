"""How matches are written as ids: the flags of `seqgen train sports`."""

from __future__ import annotations

from dataclasses import dataclass, field

from seqgen.core.errors import UsageError


@dataclass(frozen=True)
class SportsOptions:
    """How matches are written as ids; each field is a flag."""

    sport: str = field(default="", metadata={"help": "the sport; told from the files where it is not given"})
    players: bool = field(
        default=False, metadata={"help": "tell players and teams by name, those of at least five matches"}
    )

    def __post_init__(self) -> None:
        from seqgen.domains.sports.known import SPORTS

        if self.sport and self.sport not in SPORTS:
            raise UsageError(f"No sport {self.sport!r}.", f"Known sports: {', '.join(SPORTS)}.")
