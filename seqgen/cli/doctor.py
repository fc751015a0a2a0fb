"""`seqgen doctor`: what this machine and installation offer, and what is wrong with them."""

from __future__ import annotations

import os
import platform
import shutil
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any

import typer

from seqgen.cli import console
from seqgen.cli.installation import DISTRIBUTION, Requirement, requirements
from seqgen.core.limits import LIMITS, Limits

_SAID = ("SEQGEN_CACHE", "SEQGEN_DEBUG", "SEQGEN_SOUNDFONT")  # variables that are no limits


def command(json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """Report versions, device, threads, free disk, extras, limits, and what is broken."""
    needed, extras = _packages()
    problems = [problem for one in needed if (problem := one.problem())]
    problems += [f"{name} means nothing to seqgen" for name in _variables() if not _is_known(name)]
    found: dict[str, Any] = {"python": platform.python_version(), "system": platform.platform()}
    found |= _machine(problems)
    found |= _places(problems)
    found["limits"] = {name: value for name, value in vars(LIMITS).items() if value != getattr(Limits, name)}
    found["variables"] = _variables()
    found["packages"] = {DISTRIBUTION: Requirement(DISTRIBUTION, "0", "").installed()}
    found["packages"] |= {one.name: one.installed() for one in needed}
    found["extras"] = {extra: _extra(extra, packages) for extra, packages in extras.items()}
    found["problems"] = problems
    if json:
        console.out_json(found)
    else:
        _show(found)
    if problems:
        raise typer.Exit(1)


def _packages() -> tuple[list[Requirement], dict[str, list[Requirement]]]:
    """Those needed, and those of each extra."""
    stated = requirements()
    extras: dict[str, list[Requirement]] = {}
    for one in stated:
        if one.extra:
            extras.setdefault(one.extra, []).append(one)
    return [one for one in stated if not one.extra], dict(sorted(extras.items()))


def _extra(name: str, packages: list[Requirement]) -> dict[str, Any]:
    missing = [problem for one in packages if (problem := one.problem())]
    install = f"pip install '{DISTRIBUTION}[{name}]'" if missing else None
    return {"packages": {one.name: one.installed() for one in packages}, "missing": missing, "install": install}


def _machine(problems: list[str]) -> dict[str, Any]:
    """Device, threads, precision; less where torch is broken, which is among the problems."""
    try:
        import torch

        from seqgen.cells import CELLS
        from seqgen.core.workers import cores
        from seqgen.training.machine import choose_machine

        capability = torch.backends.cpu.get_cpu_capability()
        return {
            "cores": cores(),
            "threads": choose_machine("cpu")["replicas"],
            "device": choose_machine()["device"],
            "cuda": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
            "bfloat16_instructions": "bf16" in capability.lower() or torch.ops.mkldnn._is_mkldnn_bf16_supported(),
            "cpu_capability": capability,
            "cells": ", ".join(CELLS),
        }
    except Exception as error:  # noqa: BLE001  # whatever a broken installation raises
        if not problems:
            problems.append(f"the model cannot be imported ({type(error).__name__}: {str(error)[:200]})")
        return {"cores": os.cpu_count()}


def _places(problems: list[str]) -> dict[str, Any]:
    """Where runs and prepared corpora go, how much is free and taken there; the SoundFont that is played."""
    try:
        from seqgen.corpus.build import cache_folder
        from seqgen.domains.midi.formats.wave import soundfont

        cache, font = cache_folder(), soundfont()
    except Exception as error:  # noqa: BLE001  # whatever a broken installation raises
        if not problems:
            problems.append(f"seqgen cannot be imported ({type(error).__name__}: {str(error)[:200]})")
        return {"free_disk_bytes": _free(Path.cwd())}
    if font is not None and not font.is_file():
        problems.append(f"SEQGEN_SOUNDFONT={font} is not a file")
    return {
        "free_disk_bytes": _free(Path.cwd()),
        "cache": str(cache),
        "cache_bytes": _taken(cache),
        "cache_free_bytes": _free(cache),
        "soundfont": None if font is None else str(font),
    }


def _free(path: Path) -> int:
    """Bytes free where a path is or would be."""
    return shutil.disk_usage(next(p for p in (path, *path.absolute().parents) if p.exists())).free


def _taken(folder: Path) -> int:
    """Bytes of all files below a folder."""
    total = 0
    for file in folder.rglob("*"):
        with suppress(OSError):  # another process may have removed it
            total += file.stat().st_size if file.is_file() else 0
    return total


def _variables() -> dict[str, str]:
    return {name: value for name, value in sorted(os.environ.items()) if name.startswith("SEQGEN_")}


def _is_known(variable: str) -> bool:
    return variable in _SAID or variable.removeprefix("SEQGEN_").lower() in {field.name for field in fields(Limits)}


def _show(found: dict[str, Any]) -> None:
    packages, extras, problems = (found.pop(name) for name in ("packages", "extras", "problems"))
    limits = found.pop("limits")
    found.pop("variables")
    rows = [
        (k.replace("_", " "), f"{v:,}" if isinstance(v, int) and k.endswith("bytes") else v) for k, v in found.items()
    ]
    console.table([*rows, ("limits", ", ".join(f"{k} {v:,}" for k, v in limits.items()) or "as they come")])
    console.out()
    console.table([(name, said or "not installed") for name, said in packages.items()])
    console.out()
    lines = ((name, "; ".join(e["missing"]) or "installed", e["install"] or "") for name, e in extras.items())
    console.table(list(lines), ("extra", "", "to install"))
    for problem in problems:
        console.out(f"\nproblem: {problem}")
