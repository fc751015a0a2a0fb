"""MusicXML from strangers: looked over by expat, element by element, before anything is built from it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING
from xml.parsers import expat

from seqgen.core.errors import BadInput, TooLarge, named
from seqgen.core.limits import LIMITS

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_MAX_DEPTH = 64  # MusicXML goes about 12 deep
_MAX_TAG = 1_000_000  # bytes, and of text between two
_MAX_ATTRIBUTES = 256  # of one element; MusicXML has about 40
_STEPS = tuple(zip("CCDDEFFGGAAB", "010100101010", strict=True))  # of each pitch class, and how far it is raised
_HUGE_NUMBER = re.compile(r"[0-9]{4}")
_ROOTS = ("score-partwise", "score-timewise")


def musicxml_root(data: bytes, name: str) -> Element:
    """The tree of a MusicXML document, by parts. Raises BadInput for what is malformed, declares entities or is other
    XML, TooLarge over max_events or max_notes."""
    from xml.etree import ElementTree

    root = _look_over(data, name)
    if root not in _ROOTS:
        raise BadInput(name, f"is XML, but not MusicXML: its root is <{named(root)}>")
    tree = ElementTree.fromstring(data)  # noqa: S314  # looked over just above: no entities, no depth
    if any(_HUGE_NUMBER.search(text) for time in tree.iter("time") for text in time.itertext()):
        raise BadInput(name, "has a time signature of a thousand beats or more")
    tree = _by_parts(tree) if root == "score-timewise" else tree
    _say_what_is_struck(tree)
    return tree


def root_file(data: bytes, name: str) -> str:
    """The path that a META-INF/container.xml gives as that of the score; "" when it gives none. Raises BadInput."""
    paths: dict[str, str] = {}

    def see(tag: str, attributes: dict[str, str]) -> None:
        if tag.rsplit(":", 1)[-1] == "rootfile" and attributes.get("full-path"):
            paths.setdefault(attributes.get("media-type", ""), attributes["full-path"])

    _look_over(data, name, see)
    scores = [path for kind, path in paths.items() if not kind or "musicxml" in kind]
    return (scores or [*paths.values(), ""])[0]


def _look_over(data: bytes, name: str, see: Callable[[str, dict[str, str]], None] | None = None) -> str:
    """The root's name. see: shown each element's name and attributes."""
    _measure(data, name)
    parser = expat.ParserCreate()
    root, depth, n_elements, n_notes = "", 0, 0, 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal root, depth, n_elements, n_notes
        root = root or tag
        depth += 1
        n_elements += 1
        n_notes += tag == "note"
        if depth > _MAX_DEPTH:
            raise BadInput(name, "is nested too deeply", where=f"line {parser.CurrentLineNumber}")
        if len(attributes) > _MAX_ATTRIBUTES:
            raise BadInput(name, f"has an element of {len(attributes):,} attributes")
        if n_elements > LIMITS.max_events:
            raise TooLarge(name, "max_events", LIMITS.max_events)
        if n_notes > LIMITS.max_notes:
            raise TooLarge(name, "max_notes", LIMITS.max_notes)
        if see is not None:
            see(tag, attributes)

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1

    def doctype(doctype: str, system: str | None, public: str | None, has_internal_subset: bool) -> None:
        if has_internal_subset:
            raise BadInput(name, "declares entities: such XML is not read", where=f"line {parser.CurrentLineNumber}")

    parser.StartElementHandler, parser.EndElementHandler, parser.StartDoctypeDeclHandler = start, end, doctype
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError, LookupError) as error:  # the others: encodings that there are not
        where = f"line {parser.CurrentLineNumber}, column {parser.CurrentColumnNumber}"
        why = f" ({expat.ErrorString(error.code)})" if isinstance(error, expat.ExpatError) else ""
        raise BadInput(name, f"is not XML{why}" if data else "is empty", where=where if data else "") from None
    return root


def _measure(data: bytes, name: str) -> None:
    """Raises TooLarge or BadInput for what a parser would take long to see to be too much."""
    if data.count(b"<") > 2 * LIMITS.max_events:  # each element has two, or one
        raise TooLarge(name, "max_events", LIMITS.max_events)
    at = 0
    while len(data) - at > _MAX_TAG:
        at = data.rfind(b">", at, at + _MAX_TAG) + 1
        if not at:
            raise BadInput(name, f"has a tag or a text of over {_MAX_TAG:,} bytes")


def _by_parts(timewise: Element) -> Element:
    """A score-timewise document as the score-partwise one that says the same."""
    from xml.etree.ElementTree import Element, SubElement

    score = Element("score-partwise", timewise.attrib)
    parts: dict[str, Element] = {}
    for child in timewise:
        if child.tag != "measure":
            score.append(child)
            continue
        for piece in child.findall("part"):
            part_id = piece.get("id", "")
            if part_id not in parts:
                parts[part_id] = Element("part", piece.attrib)
            SubElement(parts[part_id], "measure", child.attrib).extend(piece)
    score.extend(parts.values())
    return score


def _say_what_is_struck(score: Element) -> None:
    """Notes of percussion get the MIDI pitch of their instrument, which music21 does not look up."""
    from xml.etree.ElementTree import Element, SubElement

    struck: dict[str | None, int] = {}
    for instrument in score.iter("midi-instrument"):
        text = (instrument.findtext("midi-unpitched") or "").strip()
        if text.isdecimal() and len(text) <= 3 and 1 <= int(text) <= 128:
            struck[instrument.get("id")] = int(text) - 1  # MusicXML counts from 1
    for part in score.iter("score-part") if struck else ():
        ids = [i.get("id") for i in part.findall("midi-instrument")]
        struck.setdefault(part.get("id"), next((struck[i] for i in ids if i in struck), -1))
    for part in score.findall("part") if struck else ():
        for note in part.iter("note"):
            place, sounding = note.find("unpitched"), note.find("instrument")
            of = sounding.get("id") if sounding is not None else None
            pitch = struck.get(of, struck.get(part.get("id"), -1))
            if place is None or pitch < 0:
                continue
            said = Element("pitch")
            step, sharp = _STEPS[pitch % 12]
            for tag, text in (("step", step), ("alter", sharp), ("octave", str(pitch // 12 - 1))):
                SubElement(said, tag).text = text
            note[list(note).index(place)] = said
