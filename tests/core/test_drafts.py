"""Drafts of processes that are gone are cleared; those of others, and what is no draft, stay."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from seqgen.core import drafts
from seqgen.core.drafts import draft_beside, remove_drafts
from seqgen.core.processes import started

GONE = 2**22 + 1  # more than any process's number


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_the_dead_left_goes_and_what_they_moved_away_comes_back(tmp_path: Path) -> None:
    mine = draft_beside(tmp_path / "x")
    for name in (f".a.{GONE}-1.0123abcd.tmp", f".b.{GONE}.0123abcd.tmp", f".c.{os.getpid()}-1.0123abcd.tmp", ".d.tmp"):
        (tmp_path / name).write_text("half")
    mine.mkdir()
    (tmp_path / f".e.{GONE}-1.0123abcd.tmp").mkdir()
    (tmp_path / f".whole.{GONE}-1.0123abcd.old").mkdir()
    (tmp_path / f".there.{GONE}-1.0123abcd.old").mkdir()
    (tmp_path / "there").mkdir()
    remove_drafts(tmp_path)
    assert names(tmp_path) == sorted([".d.tmp", mine.name, "there", "whole"])
    remove_drafts(tmp_path / "missing")


def test_a_draft_says_who_makes_it(tmp_path: Path) -> None:
    first, second = draft_beside(tmp_path / "x"), draft_beside(tmp_path / "x")
    assert first != second and first.parent == tmp_path
    assert first.name.startswith(f".x.{os.getpid()}-{started(os.getpid())}.") and first.suffix == ".tmp"


def test_drafts_that_cannot_be_removed_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / f".x.{GONE}-1.0123abcd.tmp").mkdir()
    with monkeypatch.context() as patch:
        patch.setattr(drafts.shutil, "rmtree", lambda path, *, ignore_errors: None)
        patch.setattr(Path, "unlink", None)
        remove_drafts(tmp_path)
    assert names(tmp_path) == [f".x.{GONE}-1.0123abcd.tmp"]
