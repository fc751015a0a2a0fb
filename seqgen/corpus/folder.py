"""A corpus on disk: a folder of files with or without a corpus.toml, one file, or the files that match a pattern."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from glob import has_magic
from itertools import islice
from pathlib import Path
from typing import Any

from seqgen.core.domain import Domain
from seqgen.core.errors import BadInput, CorpusError, named
from seqgen.core.files import read_bytes
from seqgen.core.limits import LIMITS

Counted = Callable[[int, int], None]  # done, of how many
_TEXTS = ("domain", "title", "origin", "licence", "citation", "recipe")


@dataclass(frozen=True)
class CorpusFolder:
    """path: a folder, a file, or a pattern such as books/*.txt. The rest is what its corpus.toml says; all optional.

    split: shares of train, valid and test.
    """

    path: Path
    domain: str = ""
    title: str = ""
    origin: str = ""
    licence: str = ""
    citation: str = ""
    recipe: str = ""
    split: tuple[float, float, float] = field(default=(0.8, 0.1, 0.1))

    @property
    def name(self) -> str:
        """What it is called: its folder or file, without a suffix."""
        named = self.folder if _is_pattern(self.path) else self.path
        return named.resolve().stem or "corpus"

    @property
    def folder(self) -> Path:
        """The folder that all files lie in; of a pattern the last above its first wildcard."""
        if not _is_pattern(self.path):
            return self.path if self.path.is_dir() else self.path.parent
        return next(p for p in self.path.parents if not has_magic(str(p)))

    def files(self, suffixes: tuple[str, ...]) -> list[Path]:
        """Every file with one of the suffixes, at any depth, in a fixed order; hidden ones left out. What is named, by
        itself or by a pattern, may have any suffix. Links to nothing, pipes and devices are among them, and folders
        that have a file's name and no file in them: whoever reads them says what they are. Raises CorpusError."""
        if self.path.is_file():
            return [self.path]
        asked = _is_pattern(self.path)
        if asked:
            matching = self.folder.glob(str(self.path.relative_to(self.folder)))
            visible = (p for p in matching if not any(part[0] == "." for part in p.relative_to(self.folder).parts))
        else:
            visible = (p for p in _visible(self.folder) if p.name.lower().endswith(suffixes))
        try:
            found = list(islice(visible, LIMITS.max_files + 1))
        except OSError as error:  # folders that go while they are looked through
            raise CorpusError(f"{self.path} cannot be read ({error.strerror or error}).") from None
        if len(found) > LIMITS.max_files:
            raise CorpusError(
                f"{self.path} holds more than {LIMITS.max_files:,} files.", "SEQGEN_MAX_FILES=N allows N."
            )
        folders = {p for p in found if p.is_dir()}
        filled = {parent for p in found if p not in folders for parent in p.parents} if folders else set()
        return sorted(p for p in found if p not in folders or not (asked or p in filled))

    def build(self, domain: Domain, report: Counted) -> int:
        """Run the recipe into the folder unless its files are there; returns how many files it wrote.
        Raises CorpusError."""
        if not self.recipe or self.files(domain.suffixes):
            return 0
        if self.recipe not in domain.recipes:
            raise CorpusError(
                f"{self.path / 'corpus.toml'}: there is no recipe {named(self.recipe)!r} for {domain.name}.",
                f"Known recipes: {', '.join(domain.recipes) or 'none'}.",
            )
        return domain.recipes[self.recipe](self.path, report)


def open_corpus(path: Path) -> CorpusFolder:
    """What stands at a path or matches it. Raises CorpusError when nothing does or its corpus.toml is not one."""
    try:
        there = path.exists()
    except OSError as error:  # a name that is too long
        raise CorpusError(f"{path} cannot be opened: {error.strerror}.") from None
    if not there:
        if not _is_pattern(path):
            raise CorpusError(f"{path} does not exist.", "Give a folder of files, one file, or a pattern like '*.txt'.")
        if not CorpusFolder(path).files(()):
            raise CorpusError(f"No file matches {path}.", "In a pattern, * is any name and ** folders at any depth.")
    if there and not (path.is_file() or path.is_dir()):
        raise CorpusError(
            f"{path} is neither a file nor a folder.", "What comes through a pipe, write to a file first."
        )
    toml = path / "corpus.toml"
    if not toml.is_file():
        return CorpusFolder(path)
    try:
        said: dict[str, Any] = tomllib.loads(read_bytes(toml, 100_000).decode("utf-8"))
        texts = {name: said[name] for name in _TEXTS if name in said}
        shares = said.get("split", {"train": 0.8, "valid": 0.1, "test": 0.1})
        split = (float(shares["train"]), float(shares["valid"]), float(shares["test"]))
    except BadInput as error:
        raise CorpusError(error.message) from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CorpusError(f"{toml} is not TOML: {error}.") from None
    except RecursionError:
        raise CorpusError(f"{toml} is nested too deeply.") from None
    except (KeyError, TypeError, ValueError, AttributeError):
        raise CorpusError(f"{toml}: split must give numbers for train, valid and test.") from None
    if not all(isinstance(text, str) for text in texts.values()):
        raise CorpusError(f"{toml}: {', '.join(_TEXTS)} must be texts.")
    if min(split) < 0 or split[0] <= 0 or abs(sum(split) - 1) > 1e-6:
        raise CorpusError(f"{toml}: the split's shares must be positive and add up to 1.")
    return CorpusFolder(path, split=split, **texts)


def _visible(folder: Path) -> Iterator[Path]:
    """Every file and folder at any depth but hidden ones; folders that cannot be read, and links to folders, are not
    looked into."""
    for at, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name[0] != "."]
        yield from (Path(at, name) for name in (*folders, *names) if name[0] != ".")


def _is_pattern(path: Path) -> bool:
    """Has wildcards, and is not the name of something."""
    return has_magic(str(path)) and not path.exists()
