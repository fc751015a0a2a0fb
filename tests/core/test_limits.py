from __future__ import annotations

from dataclasses import FrozenInstanceError, fields

import pytest

from seqgen.core.errors import UsageError
from seqgen.core.limits import LIMITS, Limits, from_environment


def test_limits_are_positive_and_fixed() -> None:
    assert all(getattr(LIMITS, field.name) > 0 for field in fields(Limits))
    with pytest.raises(FrozenInstanceError):
        LIMITS.max_notes = 1  # type: ignore[misc]  # wrong on purpose


def test_each_limit_can_be_raised_by_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    for field in fields(Limits):
        monkeypatch.setenv(f"SEQGEN_{field.name.upper()}", "7")
    raised = from_environment()
    for field in fields(Limits):
        value = getattr(raised, field.name)
        assert value == 7 and type(value).__name__ == field.type


def test_nothing_set_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for field in fields(Limits):
        monkeypatch.delenv(f"SEQGEN_{field.name.upper()}", raising=False)
    assert from_environment() == Limits()


@pytest.mark.parametrize("value", ["many", "", "1.5"])
def test_what_is_no_number_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("SEQGEN_MAX_NOTES", value)
    with pytest.raises(UsageError, match=f"^SEQGEN_MAX_NOTES={value!r} is not a number.$") as caught:
        from_environment()
    assert caught.value.hint == "Unset it or give a number."
