"""A headless Chromium that opens one page, spoken to over its debugging pipe: no package is needed for that."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
_CODE = "import os,sys; a,b=map(int,sys.argv[1:3]); os.dup2(a,13); os.dup2(b,14); os.dup2(13,3); os.dup2(14,4); \
os.execv(sys.argv[3],sys.argv[3:])"


class Page:
    """A page, open until `close`. events: what the browser has said about it so far."""

    def __init__(self, path: Path, profile: Path, width: int = 1200, height: int = 700) -> None:
        assert BROWSER
        ours, theirs = os.pipe(), os.pipe()
        command = [
            sys.executable, "-c", _CODE, str(ours[0]), str(theirs[1]), BROWSER, "--headless=new", "--no-sandbox",
            "--remote-debugging-pipe", f"--user-data-dir={profile}", "--disable-gpu", "--no-first-run",
            "--autoplay-policy=no-user-gesture-required", f"--window-size={width},{height}", "about:blank",
        ]  # fmt: skip
        self._process = subprocess.Popen(
            command, pass_fds=(ours[0], theirs[1]), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        os.close(ours[0])
        os.close(theirs[1])
        self._to, self._from = os.fdopen(ours[1], "wb", 0), os.fdopen(theirs[0], "rb", 0)
        self._rest = b""
        self._n = 0
        self._session = ""
        self.events: list[dict[str, Any]] = []
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for name in ("Page", "Runtime", "Network", "Log"):
            self.ask(f"{name}.enable")
        self.ask("Page.navigate", url=path.resolve().as_uri())
        deadline = time.monotonic() + 20
        while not self.run("document.readyState === 'complete' && location.protocol === 'file:'"):
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        self._n += 1
        message: dict[str, Any] = {"id": self._n, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        self._to.write(json.dumps(message).encode() + b"\0")
        while True:
            while b"\0" not in self._rest:
                part = self._from.read(1 << 16)
                assert part, "the browser has ended"
                self._rest += part
            line, self._rest = self._rest.split(b"\0", 1)
            answer = json.loads(line)
            if answer.get("id") == self._n:
                assert "error" not in answer, answer
                return dict(answer["result"])
            self.events.append(answer)

    def run(self, code: str) -> Any:
        """What JavaScript says, awaited."""
        said = self.ask("Runtime.evaluate", expression=code, awaitPromise=True, returnByValue=True, userGesture=True)
        assert "exceptionDetails" not in said, said
        return said["result"].get("value")

    def close(self) -> None:
        self._to.close()
        self._from.close()
        self._process.kill()
        self._process.wait()
