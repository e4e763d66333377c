"""Firefox by WebDriver BiDi (W3C): the few commands that the tests need, straight to the browser, no driver between."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from websockets.sync.client import connect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from websockets.sync.client import ClientConnection

PATIENCE_S = 60.0
QUIET = {
    "app.update.disabledForTesting": True,
    "browser.safebrowsing.downloads.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,",
    "toolkit.telemetry.enabled": False,
}
"""The browser's own talk with its maker, switched off: what is left is what the pages ask for."""


class Firefox:
    """A window of Firefox."""

    def __init__(self, wire: ClientConnection) -> None:
        self._wire = wire
        self._number = 0
        self.errors: list[str] = []
        self.asked: list[str] = []
        self.version = self.do("session.new", capabilities={})["capabilities"]["browserVersion"]
        self.do("session.subscribe", events=["log.entryAdded", "network.beforeRequestSent"])
        # The window that Firefox starts with never has the keyboard when it has no screen: a key arrives there and
        # presses no button, on any page. A window that is asked for has it.
        self.window = self.do("browsingContext.create", type="window")["context"]
        assert self.ask("document.hasFocus()"), "without the keyboard, keys would press nothing"

    def do(self, method: str, **params: object) -> dict:
        """Give a command and its answer; what happens meanwhile is noted."""
        self._number += 1
        self._wire.send(json.dumps({"id": self._number, "method": method, "params": params}))
        while True:
            found = json.loads(self._wire.recv(timeout=PATIENCE_S))
            if found["type"] == "event":
                self._note(found)
            elif found["id"] == self._number:
                assert found["type"] == "success", (method, found)
                return found["result"]

    def _note(self, event: dict) -> None:
        params = event["params"]
        if event["method"] == "network.beforeRequestSent":
            self.asked.append(params["request"]["url"])
        elif params["level"] == "error":
            self.errors.append(params["text"])

    def open(self, url: str) -> None:
        """Go to an address and wait until it is loaded."""
        self.do("browsingContext.navigate", context=self.window, url=url, wait="complete")

    def fresh(self) -> None:
        """Forget who is signed in."""
        self.do("storage.deleteCookies")

    def size(self, width: int, height: int) -> None:
        """Make the page so large."""
        self.do("browsingContext.setViewport", context=self.window, viewport={"width": width, "height": height})

    def ask(self, expression: str) -> object:
        """Give the value of an expression in the page."""
        found = self.do("script.evaluate", expression=expression, awaitPromise=True, target={"context": self.window})
        assert found["type"] == "success", (expression, found)
        return found["result"].get("value")

    def until(self, expression: str) -> None:
        """Wait until an expression in the page is true."""
        end = time.monotonic() + PATIENCE_S
        while not self.ask(f"Boolean({expression})"):
            assert time.monotonic() < end, f"never: {expression}\n{self.ask('document.body.innerText')}"
            time.sleep(0.1)

    def press(self, *keys: str) -> None:
        """Press keys one after another, as a keyboard does."""
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self.do("input.performActions", context=self.window,
                actions=[{"type": "key", "id": "keyboard", "actions": actions}])  # fmt: skip

    def tab_to(self, expression: str) -> None:
        """Press the tabulator until an element has the focus: what cannot be reached so fails."""
        for _ in range(80):
            if self.ask(f"document.activeElement === ({expression})"):
                return
            self.press("\ue004")
        raise AssertionError(f"the tabulator never reaches {expression}")

    def close(self) -> None:
        """End the browser's session."""
        with contextlib.suppress(Exception):
            self.do("browser.close")


@contextlib.contextmanager
def firefox(program: str, profile: Path) -> Iterator[Firefox]:
    """Start Firefox without a screen and with a profile of its own, and end it."""
    lines = (f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in QUIET.items())
    (profile / "user.js").write_text("".join(lines))
    log = profile / "said.txt"
    with log.open("w") as said:
        process = subprocess.Popen(
            [program, "--headless", "--no-remote", "--remote-debugging-port=0", "--profile", str(profile)],
            stdout=subprocess.DEVNULL, stderr=said,
        )  # fmt: skip
        try:
            address = f"{_address(log, process)}/session"
            with connect(address, max_size=None, open_timeout=PATIENCE_S, proxy=None) as wire:
                found = Firefox(wire)
                try:
                    yield found
                finally:
                    found.close()
        finally:
            process.terminate()
            process.wait(PATIENCE_S)


def _address(log: Path, process: subprocess.Popen[bytes]) -> str:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        found = re.search(r"WebDriver BiDi listening on (ws://\S+)", log.read_text(errors="replace"))
        if found:
            return found[1]
        assert process.poll() is None, log.read_text(errors="replace")
        time.sleep(0.1)
    raise AssertionError(f"Firefox did not say where it listens: {log.read_text(errors='replace')}")


def origin(url: str) -> str:
    """Give scheme, host and port of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
