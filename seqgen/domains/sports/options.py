"""How matches are read, and written as ids: the flags of `seqgen train sports`."""

from __future__ import annotations

from dataclasses import dataclass, field

from seqgen.core.domain import READING
from seqgen.core.errors import UsageError

_SPORT = (
    "American football, badminton, baseball, basketball, cricket, hockey, soccer or tennis; told from the files where "
    "it is not given."
)


@dataclass(frozen=True)
class SportsOptions:
    """How matches are read, and written as ids; each field is a flag.

    columns: see `ColumnMap`; of a file its text is kept, so that a run knows it wherever the file goes.
    """

    sport: str = field(default="", metadata={"help": _SPORT, **READING})
    columns: str = field(
        default="",
        metadata={"help": "Of tables, ours=theirs: action=event_type,time=seconds; or a .toml file.", **READING},
    )
    players: bool = field(
        default=False, metadata={"help": "Tell players and teams by name, those of at least five matches."}
    )

    def __post_init__(self) -> None:
        if self.sport:
            from seqgen.domains.sports.known import sport_name

            object.__setattr__(self, "sport", sport_name(self.sport))
        if self.columns:
            from seqgen.domains.sports.formats.columns import column_map, toml_text

            object.__setattr__(self, "columns", toml_text(self.columns))
            found = column_map(self.columns)
            if self.sport and found.sport and found.sport != self.sport:
                raise UsageError(f"The map of columns is for {found.sport}, not {self.sport}.")
            object.__setattr__(self, "sport", self.sport or found.sport)
        if self.sport:
            from seqgen.domains.sports.known import KNOWN, SPORTS

            if self.sport not in SPORTS:
                raise UsageError(f"No sport {self.sport!r}.", KNOWN)
