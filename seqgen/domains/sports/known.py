"""The sports that are known. A new one is one file and one line here."""

from seqgen.domains.sports.american_football import american_football
from seqgen.domains.sports.badminton import badminton
from seqgen.domains.sports.baseball import baseball
from seqgen.domains.sports.basketball import basketball
from seqgen.domains.sports.cricket import cricket
from seqgen.domains.sports.hockey import hockey
from seqgen.domains.sports.soccer import soccer
from seqgen.domains.sports.sport import Sport
from seqgen.domains.sports.tennis import tennis

SPORTS: dict[str, Sport] = {
    sport.name: sport for sport in (cricket, soccer, badminton, baseball, american_football, tennis, basketball, hockey)
}
_ALSO = {"ice hockey": "hockey", "association football": "soccer", "gridiron football": "american football"}
KNOWN = f"Known sports: {', '.join(sorted(SPORTS))}."


def sport_name(said: str) -> str:
    """What we call a sport, however it is written: Ice_Hockey is hockey. What nobody knows stays as it is."""
    plain = " ".join(said.lower().replace("_", " ").replace("-", " ").split())
    found = _ALSO.get(plain, plain)
    return found if found in SPORTS else said
