"""Tennis: what its logs hold, what a shot or a point says in ids, what is counted.

An event is a shot, serves included, where the log has shots; where it only says who won a point, the point is one
event, and its action says how it was won. Who hits is not said: the server serves, then the players take turns.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from typing import TYPE_CHECKING

from seqgen.domains.sports.memory import Last
from seqgen.domains.sports.sport import CORE, NONE, OTHER, Column, Label, Row, Slot, Sport
from seqgen.domains.sports.tennis_counters import TennisCounters
from seqgen.domains.sports.tennis_score import KINDS, SUPER, TIE_BREAK
from seqgen.domains.sports.tennis_shots import (
    ACTIONS,
    DEPTHS,
    DETAILS,
    DIRECTIONS,
    ERRORS,
    LENGTHS,
    LOSSES,
    OUTCOMES,
    POINTS,
    SERVES,
    STROKES,
    WINNING,
    Play,
    winner_of,
)  # fmt: skip

if TYPE_CHECKING:
    from seqgen.domains.sports.match import Match

_SAID_ALIKE = {
    "one": Column("text", "the player, or the pair, who serves first"),
    "two": Column("text", "the other"),
    "best_of": Column("text", "how many sets are played at most: 3 or 5"),
    "surface": Column("text", "of the court"),
    "gender": Column("text", "men, women, mixed …"),
}


def filler() -> Callable[[Row], None]:
    """Who serves and who hits, the number of a shot and the score before it, where a log does not say it."""
    play: Play | None = None

    def complete(row: Row) -> None:
        nonlocal play
        if play is None:
            play = Play(row["best_of"])
        names = row["one"] or "Server 1", row["two"] or "Server 2"
        place = row["period"], row["game"], row["point"]
        if place != play.place:
            kind = row["kind"] if row["kind"] in KINDS else ""
            play.begin(place, kind, names.index(row["server"]) if row["server"] in names else None)
        hitter, score = play.hit(row["action"]), play.score
        row["one"], row["two"] = names
        row["kind"], row["shot"] = score.kind, play.shots
        row["server"], row["team"] = names[play.server], names[hitter]
        row["outcome"] = row["outcome"] and (row["outcome"] if row["outcome"] in OUTCOMES[1:] else OTHER)
        for column, values in (("sets", score.sets), ("games", score.games), ("points", score.called())):
            row[column], row[f"opponent_{column}"] = values[hitter], values[1 - hitter]
        play.end(row["action"], row["outcome"])

    return complete


def ahead(rows: list[Row]) -> None:
    """Who the players are, what kind of game each is: what any row says of the match or of its game, all say; a
    tie-break that goes on when seven points have won it is a super tie-break."""
    alike = {c: next((row[c] for row in rows if row[c]), "") for c in _SAID_ALIKE}
    called = {"Server 1": alike["one"] or "Server 1", "Server 2": alike["two"] or "Server 2"}  # what ids call them
    servers = [called.get(row["server"], row["server"]) for row in rows if row["server"]]
    one = servers[0] if servers else called["Server 1"]
    names = (*called.values(), *servers, *(row["team"] for row in rows))
    two = next((name for name in names if name not in ("", one, "Server 1", "Server 2")), "")
    two = two or next(name for name in ("Server 2", "Server 1") if name != one)
    for _, point in groupby(rows, lambda row: (row["period"], row["game"], row["point"])):
        events = list(point)
        server = next((row["server"] for row in events if row["server"]), "")
        for row in events:
            row.update(alike)
            row["one"], row["two"], row["server"] = one, two, called.get(server, server)
    for _, game in groupby(rows, lambda row: (row["period"], row["game"])):
        events = list(game)
        kind = next((row["kind"] for row in events if row["kind"] in KINDS), "")
        if not kind and len({row["server"] for row in events if row["server"]}) > 1:
            kind = TIE_BREAK
        if kind == TIE_BREAK and _goes_on(events):
            kind = SUPER
        for row in events:
            row["kind"] = kind


def _goes_on(game: list[Row]) -> bool:
    """Whether a tie-break has points after somebody has won seven by two."""
    play = Play()
    for row in game:
        place = row["period"], row["game"], row["point"]
        if place != play.place:
            if play.score.over():
                return True
            play.begin(place, TIE_BREAK, int(row["server"] == row["two"]))
        play.hit(row["action"])
        play.end(row["action"], row["outcome"])
    return False


def points(event: Row) -> tuple[int, int]:
    """Of who hits and of the other; one, where it ends the point."""
    won = winner_of(event["action"], event["outcome"], 0, int(event["server"] != event["team"]))
    return int(won == 0), int(won == 1)


def result(match: Match) -> dict[str, float | str]:
    """Of each player the sets, and who won: whoever has enough of them, or, where it is not known how many are enough,
    more than the other; unfinished: nobody."""
    about = match.about
    names = about["one"], about["two"]
    play = Play(about["best_of"])
    columns = ("period", "game", "point", "kind", "server", "action", "outcome")
    for *place, kind, server, action, outcome in zip(*(match.events[c] for c in columns), strict=True):
        if tuple(place) != play.place:
            play.begin((place[0], place[1], place[2]), kind, int(server == names[1]))
        play.hit(action)
        play.end(action, outcome)
    score = play.score
    if score.over() >= 2:
        score.new_set()
    a, b = score.sets
    done = max(a, b) >= score.need if about["best_of"] else a != b and not any(score.games + score.points)
    winner_name = names[a < b] if done else "unfinished"
    return {f"sets_{names[0]}": a, f"sets_{names[1]}": b, "winner": winner_name}


tennis = Sport(
    name="tennis",
    columns={
        "match": CORE["match"],
        "date": CORE["date"],
        **_SAID_ALIKE,
        "period": Column("whole", "the set, from 1", required=True),
        "game": Column("whole", "of the set, from 1", required=True),
        "kind": Column("text", f"of the game: {', '.join(KINDS)}"),
        "point": Column("whole", "of the game, from 1", required=True),
        "shot": Column("whole", "of the point, from 1; serves that are out count"),
        "time": Column("number", "seconds since the match began"),
        "team": Column("text", "who hits; of a point that is one event, who serves"),
        "server": Column("text", "who serves"),
        "action": Column("text", f"{', '.join(SERVES)}; {', '.join(STROKES)}; {', '.join(POINTS)}", required=True),
        "direction": Column("text", f"of a serve: wide, body, T; of others: {', '.join(DIRECTIONS[4:])}, right-handed"),
        "depth": Column("text", ", ".join(DEPTHS[1:])),
        "detail": Column("text", ", ".join(DETAILS)),
        "outcome": Column("text", f"{', '.join(WINNING)}; {', '.join(LOSSES)}, with the error: {', '.join(ERRORS)}"),
        "serve": Column("text", "of a point that is one event: 1 or 2, the serve that was in or out"),
        "rally": Column("whole", "of a point that is one event: how many shots it had"),
        "sets": Column("whole", "won before by who hits"),
        "opponent_sets": Column("whole", "by the other"),
        "games": Column("whole", "of the set, won before by who hits"),
        "opponent_games": Column("whole", "by the other"),
        "points": Column("text", "of the game, won before by who hits: 0, 15, 30, 40, AD; numbers in a tie-break"),
        "opponent_points": Column("text", "by the other"),
    },
    order=("period", "game", "point", "shot"),
    labels=(
        Label("Gender", "gender"),
        Label("Best", "best_of"),
        Label("Surface", "surface"),
        Label("One", "one", most=128),
        Label("Two", "two", most=128),
    ),
    slots=(
        Slot("Set", "server", numbered=2, within="match", on="period"),
        Slot("Game", "kind", values=KINDS, on="game"),
        Slot("Server", "server", numbered=2, within="match", on="point"),
        Slot("Stroke", "action", values=ACTIONS),
        Slot("To", "direction", values=DIRECTIONS),
        Slot("Depth", "depth", values=DEPTHS, after=STROKES),
        Slot("Detail", "detail", values=(NONE, *DETAILS), after=(*SERVES, *STROKES)),
        Slot("Outcome", "outcome", values=OUTCOMES, after=(*SERVES, *STROKES)),
        Slot("Serve", "serve", values=(NONE, "1", "2"), after=POINTS),
        Slot("Rally", "rally", values=LENGTHS, after=POINTS),
    ),
    main="Stroke",
    filler=filler,
    ahead=ahead,
    counters=TennisCounters,
    memory=(
        Last("stroke", "Stroke"),
        Last("stroke_2", "Stroke", 2),
        Last("stroke_3", "Stroke", 3),
        Last("to", "To"),
        Last("to_2", "To", 2),
        Last("deep", "Depth"),
        Last("detail", "Detail"),
        Last("detail_2", "Detail", 2),
    ),
    backoff=("stage", "stroke", "to", "stroke_2"),
    result=result,
    points=points,
)
