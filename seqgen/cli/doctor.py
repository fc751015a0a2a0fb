"""`seqgen doctor`: what this machine and installation offer."""

from __future__ import annotations

import os
import platform
import shutil
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Any

import typer

from seqgen.cli import console

_PACKAGES = ("seqgen-toolkit", "torch", "numpy", "safetensors", "symusic", "pretty_midi", "music21", "typer")


def command(json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """Report versions, device, threads, precision, free disk."""
    import torch

    from seqgen.cells import CELLS
    from seqgen.corpus.build import cache_folder, n_workers

    found: dict[str, Any] = {
        "python": platform.python_version(),
        "system": platform.platform(),
        "cores": n_workers(),
        "cuda": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "bfloat16_instructions": "bf16" in torch.backends.cpu.get_cpu_capability().lower()
        or torch.ops.mkldnn._is_mkldnn_bf16_supported(),
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "cells": ", ".join(CELLS),
        "free_disk_bytes": shutil.disk_usage(Path.cwd()).free,
        "cache": str(cache_folder()),
        "limits": {name: value for name, value in os.environ.items() if name.startswith("SEQGEN_")},
        "packages": {name: _version(name) for name in _PACKAGES},
    }
    if json:
        console.out_json(found)
        return
    packages = found.pop("packages")
    console.table(
        [(k.replace("_", " "), f"{v:,}" if isinstance(v, int) and k.endswith("bytes") else v) for k, v in found.items()]
    )
    console.out()
    console.table([(name, v or "not installed") for name, v in packages.items()])


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
