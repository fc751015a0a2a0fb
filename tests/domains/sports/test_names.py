"""Players and teams by name: said once where they first act, unknown where training saw little of them."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest

from seqgen.core.errors import UsageError
from seqgen.domains.sports.files import read
from seqgen.domains.sports.formats.table import to_table
from seqgen.domains.sports.match import Match
from seqgen.domains.sports.options import SportsOptions
from seqgen.tokenizers import SportsTokenizer

CORPUS = Path(__file__).parents[3] / "corpora" / "cricket"
NAMES = {"Side": ["India"], "Batter": ["G Gambhir", "V Sehwag"], "Bowler": ["B Lee"]}


@pytest.fixture(scope="module")
def matches() -> list[Match]:
    return list(read(CORPUS / "2008-q2.csv.gz"))


@pytest.fixture(scope="module")
def tokenizer(matches: list[Match]) -> SportsTokenizer:
    return SportsTokenizer.fit(matches, SportsOptions(players=True))


def named(tokenizer: SportsTokenizer, ids: np.ndarray, kind: str) -> list[tuple[str, str]]:
    """(number, name) as they are said."""
    v = tokenizer.vocabulary.values
    return [(v[ids[t - 1]][1], v[ids[t]][1]) for t in np.flatnonzero(np.isin(ids, tokenizer.vocabulary.of_type(kind)))]


def test_who_acts_often_has_a_name_and_comes_back_by_it(tokenizer: SportsTokenizer, matches: list[Match]) -> None:
    assert "MS Dhoni" in tokenizer.name_ids["Batter"] and len(tokenizer.name_ids["Side"]) > 8
    plain = SportsTokenizer.fit(matches)
    for match in matches[:12]:
        ids = tokenizer.encode(match)
        assert not len(tokenizer.grammar.violations(ids))
        names = np.array([kind.endswith("Name") for kind in tokenizer.vocabulary.types])
        assert ids[~names[ids]].tolist() == plain.encode(match).tolist(), "but for names, nothing changes"
        assert tokenizer.losses(match) == plain.losses(match)
        for column, kind in (("team", "Side"), ("player", "Batter")):
            decoded = tokenizer.decode(ids).events[column]
            for name, said in zip(match.events[column], decoded, strict=True):
                assert said == (name if name in tokenizer.name_ids[kind] else said)
                assert (said == name) == (name in tokenizer.name_ids[kind])


def test_one_is_named_once_and_not_before_acting(tokenizer: SportsTokenizer, matches: list[Match]) -> None:
    for match in matches[:12]:
        ids = tokenizer.encode(match)
        second = int(np.flatnonzero(ids == tokenizer.vocabulary.id("Side_2"))[0])
        for innings in (ids[:second], ids[second:]):
            found = named(tokenizer, innings, "BatterName")
            assert [number for number, _ in found] == [str(n) for n in range(1, len(found) + 1)]
        assert [number for number, _ in named(tokenizer, ids, "SideName")] == ["1", "2"]


def test_the_context_knows_who_acts() -> None:
    tokenizer = SportsTokenizer("cricket", names=NAMES)
    said = "Side_1|SideName_India|Bowler_1|BowlerName_Unknown|Batter_1|BatterName_V Sehwag|Outcome_4|Batter_2|Outcome_1"
    said += "|Batter_1|BatterName_G Gambhir|Side_2|Bowler_1|Batter_1|BatterName_G Gambhir"
    rows = tokenizer.context.of(tokenizer.vocabulary.ids(said.split("|")))
    columns = [[f.name for f in tokenizer.context.features].index(n) for n in ("sidename", "battername", "bowlername")]
    found = [tuple(row) for row in rows[:, columns].tolist()]
    assert found[0] == (0, 0, 0) and found[2] == (2, 0, 0) and found[6] == (2, 3, 1)
    assert found[8] == (2, 0, 1), "the second has no name"
    assert found[11] == (2, 3, 1), "the first name holds"
    assert found[12] == (0, 0, 0) and found[15] == (0, 2, 0), "an innings begins anew"


def test_who_is_not_known_keeps_a_number(tokenizer: SportsTokenizer, matches: list[Match]) -> None:
    ids = tokenizer.encode(matches[0])
    blanked = np.where(tokenizer.unknown_of[ids] >= 0, tokenizer.unknown_of[ids], ids)
    assert not len(tokenizer.grammar.violations(blanked))
    assert tokenizer.decode(blanked).events["player"][0] == "Batter 1"
    assert tokenizer.decode(blanked, matches[0]).events["player"] == matches[0].events["player"]


def test_both_sides_of_a_game_of_turns_are_named_where_they_first_act() -> None:
    tokenizer = SportsTokenizer("soccer", names={"Start": ["Ajax", "Genk"]})
    rows = "match,period,time,team,action\nm,1,0,Genk,pass\nm,1,1,Genk,pass\nm,1,2,Ajax,pass\nm,2,0,Ajax,pass\n"
    ids = tokenizer.encode(rows.encode())
    said = [t for t in tokenizer.vocabulary.readable(ids) if t.startswith(("Start", "Team"))]
    assert said == [
        "Start_1", "StartName_Genk", "Team_same", "Team_same", "Team_other", "StartName_Ajax", "Start_2", "Team_same",
    ]  # fmt: skip
    assert list(tokenizer.decode(ids).events["team"]) == ["Genk", "Genk", "Ajax", "Ajax"]
    column = [f.name for f in tokenizer.context.features].index("startname")
    known = tokenizer.context.of(ids)[1:, column][np.isin(ids, tokenizer.vocabulary.of_type("Team"))]
    assert known.tolist() == [3, 3, 0, 2]  # Ajax was not known before its name was said


def test_samples_name_whom_training_knew(tokenizer: SportsTokenizer) -> None:
    from seqgen.sampling.sampler import Request, draw
    from seqgen.training.config import TrainConfig
    from seqgen.training.loop import new_model

    model = new_model(tokenizer, TrainConfig(width=16, n_layers=1)).eval()
    for drawn in draw(model, tokenizer, Request(tokenizer.template(), (20, "events")), count=4, seed=1):
        assert not len(tokenizer.grammar.violations(drawn.ids)) and len(tokenizer.decode(drawn.ids)) == 20
        assert not {t for t in tokenizer.vocabulary.readable(drawn.ids) if t.endswith("Name_Unknown")}


def test_the_switch_is_kept_and_without_it_nothing_changes(tokenizer: SportsTokenizer, matches: list[Match]) -> None:
    again = SportsTokenizer.from_config(json.loads(json.dumps(tokenizer.config())))
    assert again.vocabulary.fingerprint == tokenizer.vocabulary.fingerprint
    assert (again.encode(matches[0]) == tokenizer.encode(matches[0])).all()
    plain = SportsTokenizer.fit(matches)
    assert set(plain.config()) == {"sport", "labels"} and not plain.name_ids
    assert plain.vocabulary.tokens == tokenizer.vocabulary.tokens[: len(plain.vocabulary)]
    assert (tokenizer.loss_weights[tokenizer.vocabulary.of_type("BatterName")] < 1).all()  # type: ignore[index]  # it has weights


def test_a_run_predicts_by_name_and_follows_as_it_reads(
    matches: list[Match], quick_trials: None, tmp_path: Path
) -> None:
    import seqgen

    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "some.csv").write_bytes(to_table(matches[:8]))
    settings = {"steps": 2, "preset": "tiny", "width": 32, "crop": 32, "players": True}
    seqgen.train("sports", tmp_path / "logs", out=tmp_path / "run", **settings)  # type: ignore[arg-type]  # of many types
    model = seqgen.load(tmp_path / "run")
    match = matches[0]
    fields = model.forecast(match, at="30", top=12)["fields"]
    batters = list(dict.fromkeys(match.events["player"][:30]))
    found = {v["value"]: v.get("name") for v in fields["Batter"]["values"]}
    assert len(batters) == 2 and [found[str(n)] for n in range(1, 12)] == batters + [None] * (11 - len(batters))
    assert sum(v["probability"] for v in fields["Outcome"]["values"]) == pytest.approx(1, abs=1e-3)
    told = list(model.follow(io.BytesIO(to_table([model.domain.until(match, "7")])), top=3))
    whole = model.predict(model.domain.until(match, "7"), top=3)
    assert [p["action"] for p in told[-1]["predictions"]] == [p["action"] for p in whole]


def test_numbers_stand_for_the_last_who_had_them(matches: list[Match]) -> None:
    match = matches[0]
    last = match.events["period"][len(match) - 1]
    rows = [row for row in match.rows() if row["period"] == last]
    found = SportsTokenizer.fit(matches).called(match)
    for kind, column in (("Batter", "player"), ("Bowler", "bowler"), ("Side", "team")):
        of = rows if column != "team" else list(match.rows())
        names = list(dict.fromkeys(row[column] for row in of if column != "bowler" or row["ball"] == 1))
        assert {t: n for t, n in found.items() if t.startswith(kind)} == {
            f"{kind}_{n}": name for n, name in enumerate(names, 1)
        }


@pytest.mark.parametrize(
    "names", [{"Coach": ["x"]}, {"Batter": "x"}, {"Batter": [1]}, {"Batter": ["Batter 3"]}, {"Batter": ["Unknown"]},
              {"Batter": [" x"]}, {"Batter": ["x"] * 501}, {"Batter": ["x", "x"]}],
)  # fmt: skip
def test_names_that_cannot_be_said_are_refused(names: object) -> None:
    with pytest.raises(UsageError):
        SportsTokenizer.from_config({"sport": "cricket", "labels": {}, "names": names})
