"""What is installed is pinned, and known holes of it are noticed where a database answers."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
CONSTRAINTS = (ROOT / "constraints.txt").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def audit() -> Any:
    spec = spec_from_file_location("audit", ROOT / ".ci" / "audit.py")
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@contextmanager
def database(answer: bytes) -> Iterator[tuple[str, list[Any]]]:
    """One on this machine that gives an answer, and what it was asked."""
    asked: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.handle_request)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/", asked
        thread.join()


def test_everything_that_is_needed_is_pinned(audit: Any) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    stated = project["dependencies"] + project["optional-dependencies"]["dev"]
    names = {re.split(r"[^\w.-]", requirement)[0].lower() for requirement in stated}
    pins = audit.pinned(CONSTRAINTS)
    assert names - {name.lower() for name, _ in pins} == set()
    assert len(dict(pins)) == len(pins) == sum("==" in line for line in CONSTRAINTS.splitlines())


def test_known_holes_are_said(audit: Any, capsys: pytest.CaptureFixture[str]) -> None:
    pins = audit.pinned(CONSTRAINTS)
    results: list[Any] = [{} for _ in pins]
    results[1] = {"vulns": [{"id": "GHSA-1"}, {"id": "PYSEC-2"}]}
    with database(json.dumps({"results": results}).encode()) as (url, asked):
        assert audit.main(url) == 1
    assert capsys.readouterr().out.split() == [
        f"{pins[1][0]}",
        f"{pins[1][1]}:",
        "GHSA-1",
        *pins[1][:1],
        f"{pins[1][1]}:",
        "PYSEC-2",
    ]
    assert [(q["package"]["name"], q["version"]) for q in asked[0]["queries"]] == pins


@pytest.mark.parametrize(("answer", "said"), [(b"{}", "skipped"), (b"<html>", "skipped"), (None, "no hole")])
def test_without_a_hole_or_an_answer_nothing_fails(
    audit: Any, answer: bytes | None, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if answer is None:
        answer = json.dumps({"results": [{}] * len(audit.pinned(CONSTRAINTS))}).encode()
    with database(answer) as (url, _):
        assert audit.main(url) == 0
    assert capsys.readouterr().out.startswith(said)


def test_where_nothing_answers_nothing_fails(audit: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with database(b"") as (url, _):
        audit.main(url)
    assert audit.main(url) == 0  # it has closed
    assert capsys.readouterr().out.count("skipped: no database of holes reachable") == 2
