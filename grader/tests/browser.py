"""Headless Chromium, driven over a pipe (the DevTools protocol): open a page, ask it, take its picture."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

__all__ = ["Browser", "find_browser"]

_LIMIT = 60.0  # seconds for an answer
_SETTINGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-extensions", "--remote-debugging-pipe",
)  # fmt: skip
_WIRED = """
import fcntl, os, sys
reads, writes = (fcntl.fcntl(int(each), fcntl.F_DUPFD, 10) for each in sys.argv[1:3])
os.dup2(reads, 3)  # the browser listens on 3 and speaks on 4
os.dup2(writes, 4)
os.execvp(sys.argv[3], sys.argv[3:])
"""
_HEARD = ("Network.requestWillBeSent", "Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown")


def find_browser() -> str | None:
    """Path of a Chromium, or None."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Browser:
    """One browser with one page. Use as a context manager; `events`: what the page asked for or complained of."""

    def __init__(self, program: str, profile: Path) -> None:
        ours, theirs = os.pipe(), os.pipe()
        self._out, self._in = ours[1], theirs[0]
        command = [program, *_SETTINGS, f"--user-data-dir={profile}", "about:blank"]
        wired = [sys.executable, "-c", _WIRED, str(ours[0]), str(theirs[1]), *command]
        self._process = subprocess.Popen(
            wired, pass_fds=(ours[0], theirs[1]), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        os.close(ours[0])
        os.close(theirs[1])
        self._buffer, self._last, self._session = b"", 0, ""
        self.events: list[dict[str, Any]] = []

    def __enter__(self) -> Browser:
        try:
            target = self._ask("Target.createTarget", url="about:blank")["targetId"]
            self._session = self._ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
            for domain in ("Page", "Network", "Log", "Runtime"):
                self._ask(f"{domain}.enable")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._out)
        self._process.kill()
        self._process.wait()
        os.close(self._in)

    def open(self, path: Path, *, width: int = 900, dark: bool = False, media: str = "") -> list[str]:
        """Load a file; gives the addresses that it asked for, itself included, and its complaints."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._ask("Emulation.setEmulatedMedia", media=media, features=[scheme])
        self._ask("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        self.events.clear()
        self._ask("Page.navigate", url=path.absolute().as_uri())
        self._wait("Page.loadEventFired")
        self.evaluate("document.fonts.ready")
        return [_told(event) for event in self.events if event["method"] in _HEARD]

    def evaluate(self, expression: str) -> Any:
        """What a JavaScript expression gives in the page."""
        told = self._ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    def accessible(self) -> list[dict[str, Any]]:
        """The nodes of the tree that a screen reader walks."""
        nodes: list[dict[str, Any]] = self._ask("Accessibility.getFullAXTree")["nodes"]
        return [node for node in nodes if not node.get("ignored")]

    def screenshot(self) -> bytes:
        """The whole page as PNG."""
        size = self._ask("Page.getLayoutMetrics")["cssContentSize"]
        clip = {**{name: size[name] for name in ("x", "y", "width", "height")}, "scale": 1}
        return base64.b64decode(self._ask("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)["data"])

    def pdf(self) -> bytes:
        """The page as it is printed."""
        return base64.b64decode(self._ask("Page.printToPDF", preferCSSPageSize=True, printBackground=False)["data"])

    def _ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._last += 1
        message = {"id": self._last, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        return self._until(lambda told: told.get("id") == self._last, method)["result"]

    def _wait(self, event: str) -> None:
        if not any(told["method"] == event for told in self.events):
            self._until(lambda told: told.get("method") == event, event)

    def _until(self, is_it: Any, what: str) -> dict[str, Any]:
        ends = time.monotonic() + _LIMIT
        while time.monotonic() < ends:
            for told in self._messages():
                if "method" in told:
                    self.events.append(told)
                assert "error" not in told, f"{what}: {told}"
                if is_it(told):
                    return told
        raise AssertionError(f"{what}: no answer in {_LIMIT:g} s")

    def _messages(self) -> Sequence[dict[str, Any]]:
        chunk = os.read(self._in, 1 << 16)
        assert chunk, "the browser has ended"
        *whole, self._buffer = (self._buffer + chunk).split(b"\0")
        return [json.loads(message) for message in whole]


def _told(event: dict[str, Any]) -> str:
    if event["method"] == "Network.requestWillBeSent":
        return str(event["params"]["request"]["url"])
    return json.dumps(event["params"])
