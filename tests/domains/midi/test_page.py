"""Pages that play: complete, closed to the network, and of any name harmless; in a browser they show and sound."""

from __future__ import annotations

import base64
import importlib.util
import json
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from seqgen.core.errors import TooLarge
from seqgen.domains.midi.files import to_score
from seqgen.domains.midi.formats import page
from seqgen.domains.midi.formats.page import write_page
from seqgen.domains.midi.score import Score, Tempo, TimeSignature, Track, make_score

_EVIL = "</script><img src=http://x.invalid/ onerror=alert(1)>{{SCRIPT}}"


def _browser() -> ModuleType:
    spec = importlib.util.spec_from_file_location("browser", Path(__file__).with_name("browser.py"))
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _score() -> Score:
    """A bar of chords over drums, and a second bar of drums alone."""
    onset = [0, 0, 0, *range(0, 3840, 480)]
    pitch = [60, 64, 67, *[36, 38] * 4]
    return make_score(
        480, onset, [1920] * 3 + [120] * 8, pitch, [90] * 11, [0] * 3 + [1] * 8,
        [Track(52, name=_EVIL), Track(0, True)], tempos=(Tempo(0, 120.0),), time_signatures=(TimeSignature(0, 4, 4),),
        name=_EVIL,
    )  # fmt: skip


def _contents(data: bytes) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="score">(.*?)</script>', data.decode(), re.DOTALL)
    assert found
    return dict(json.loads(found[1]))


def test_a_page_holds_the_whole_score() -> None:
    data = write_page(_score())
    said = _contents(data)
    notes = np.reshape(said["notes"], (-1, 6))
    assert len(notes) == 11 and said["bars"] == [0, 2000, 4000] and len(said["beats"]) == 6
    assert notes[notes[:, 4] == 0].tolist() == [[0, 2000, 2 + p - 60, 90, 0, p] for p in (60, 64, 67)]
    assert [name for name, _ in said["rows"][:3]] == ["kick", "snare", "C4"]
    assert to_score(base64.b64decode(said["midi"])).n_notes == 11
    assert len(data) < 30_000


def test_names_are_harmless_and_nothing_is_fetched() -> None:
    text = write_page(_score()).decode()
    assert "<img" not in text and text.count("</script>") == 2
    assert "default-src 'none'" in text and not re.search(r'(src|href)="(?!#)', text)
    assert _contents(text.encode())["tracks"][0]["name"] == _EVIL
    hashed = re.findall(r"'(sha256-[^']+)'", text)
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    assert style and page._hash(style[1]) == hashed[0]


def test_odd_scores_have_pages_too(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _contents(write_page(make_score(480, [], [], [], [], [])))["notes"] == []
    assert b"\xf0\x9f\x8e\xb5" in write_page(replace(_score(), name="\U0001f3b5 \ud800"))
    monkeypatch.setattr(page, "_MAX_NOTES", 10)
    with pytest.raises(TooLarge, match="10 notes that a page plays"):
        write_page(_score())


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    browser = _browser()
    if not browser.BROWSER:
        pytest.skip("no Chromium here")
    folder = tmp_path_factory.mktemp("page")
    (folder / "page.html").write_bytes(write_page(_score()))
    found = browser.Page(folder / "page.html", folder / "profile")
    yield found
    found.close()


def _state(opened: Any) -> dict[str, str]:
    return dict(json.loads(opened.run("JSON.stringify(document.body.dataset)")))


@pytest.mark.slow  # a browser takes a second or two to start
def test_a_browser_shows_and_plays_it(opened: Any) -> None:
    state = _state(opened)
    assert state["notes"] == state["shown"] == "11" and state["state"] == "paused"
    count = """(() => { const c = document.getElementById("canvas"), d = c.getContext("2d")
        .getImageData(0, 0, c.width, c.height).data; let n = 0;
        for (let i = 0; i < d.length; i += 4) if (d[i] < 120 && d[i + 2] > 150) n++; return n; })()"""
    assert opened.run(count) > 3 * 100 * 5  # the chord's blue
    opened.run("document.getElementById('play').click()")
    deadline = time.monotonic() + 10
    while float(_state(opened)["position"]) < 0.2 and time.monotonic() < deadline:
        time.sleep(0.05)
    state = _state(opened)
    assert state["state"] == "playing" and float(state["position"]) >= 0.2
    opened.run("document.getElementById('play').click()")
    paused = _state(opened)
    assert paused["state"] == "paused" and _state(opened) == paused
    opened.run("s = document.getElementById('seek'); s.value = 3000; s.dispatchEvent(new Event('input'))")
    assert _state(opened)["position"] == "3.000"
    opened.run("document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'Home', bubbles: true}))")
    assert _state(opened)["position"] == "0.000"


@pytest.mark.slow
def test_it_sounds_in_a_browser(opened: Any) -> None:
    whole = opened.run("seqgenTest.render()")
    assert whole["rms"] > 0.02 and whole["peak"] <= 1
    drums = opened.run("seqgenTest.render(2, 2)")
    assert 0.002 < drums["rms"] < whole["rms"]
    mute = "document.querySelectorAll('#tracks input').forEach((box) => box.click())"
    opened.run(mute)
    assert opened.run("seqgenTest.render()")["rms"] == 0
    opened.run(mute)


@pytest.mark.slow
def test_nothing_leaves_the_page_and_nothing_fails(opened: Any) -> None:
    asked = [e["params"]["request"]["url"] for e in opened.events if e["method"] == "Network.requestWillBeSent"]
    assert asked and all(url.startswith(("file:", "blob:")) for url in asked)
    failed = ("Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled")
    assert not [event for event in opened.events if event["method"] in failed]
    refused = opened.run("fetch('http://127.0.0.1:9/').then(() => 'let out', () => 'refused')")
    assert refused == "refused"
    names = opened.run("[...document.querySelectorAll('#tracks label')].map((label) => label.textContent)")
    assert names == [_EVIL, "2: Drums"] and opened.run("document.images.length") == 0
