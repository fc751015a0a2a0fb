"""A process that has imported everything and computed nothing: it forks commands in milliseconds, where a fresh
interpreter takes seconds. Orders come as lines of JSON on stdin, answers go to stdout.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import faults
import torch

from seqgen import api
from seqgen.cli import app
from seqgen.core import workers
from seqgen.training import machine


def say(value: object) -> None:
    os.write(1, f"{json.dumps(value)}\n".encode())


def fork(order: dict[str, Any]) -> int:
    """Start `seqgen …`; returns the number of the new process."""
    if pid := os.fork():
        return pid
    for number, path, flags in ((0, os.devnull, os.O_RDONLY), (1, order["out"], None), (2, order["err"], None)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND if flags is None else flags), number)
    os.chdir(order["folder"])
    os.environ.update(order["environment"])
    sys.argv = ["seqgen", *order["arguments"]]
    workers.start_method = lambda: "fork"  # none of torch's threads runs yet
    if order["fault"]:
        faults.install(order["fault"]["last"], Path(order["fault"]["log"]), order["fault"]["around"])
    app.main()
    sys.exit(0)


def wait(pid: int, seconds: float) -> int | None:
    """The exit code of a child, negative for a signal; None while it runs."""
    end = time.monotonic() + seconds
    while True:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > end:
            return None
        time.sleep(0.002)


def main() -> None:
    assert api is not None and torch.get_num_threads() > 0
    machine._TRIAL_SECONDS = 0.02
    signal.signal(signal.SIGINT, signal.default_int_handler)
    gc.freeze()  # or each child would copy all of it when it ends
    say("ready")
    # Not sys.stdin: what it has read ahead a child would read again.
    with open(0, "rb", buffering=0) as orders:
        rest = b""
        while data := orders.read(65_536):
            rest += data
            while b"\n" in rest:
                line, _, rest = rest.partition(b"\n")
                order = json.loads(line)
                say(wait(*order["wait"]) if "wait" in order else fork(order))


if __name__ == "__main__":
    main()
