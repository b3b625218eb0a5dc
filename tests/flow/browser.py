"""A real Chromium, spoken to through two pipes; its network is cut off before a page is opened."""

import base64
import json
import os
import shutil
import subprocess
from pathlib import Path

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars"),
    "--remote-debugging-pipe",
)
_COMPLAINTS = ("Runtime.exceptionThrown", "Log.entryAdded", "Network.loadingFailed")


class Browser:
    """One page of a browser; `events` is all that it told since the page was opened."""

    def __init__(self, profile: Path):
        to_read, self._to = os.pipe()
        self._from, to_write = os.pipe()
        words = " ".join([str(PROGRAM), *_QUIET, f"--user-data-dir={profile}"])
        command = ["bash", "-c", f"exec {words} 3<&{to_read} 4>&{to_write}"]
        self._process = subprocess.Popen(command, pass_fds=(to_read, to_write), stderr=subprocess.DEVNULL)
        os.close(to_read)
        os.close(to_write)
        self._rest, self._count, self._session, self.events = b"", 0, None, []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def close(self):
        self._process.kill()
        self._process.wait()
        os.close(self._to)
        os.close(self._from)

    def call(self, method, **parameters):
        self._count += 1
        message = {"id": self._count, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while (answer := self._next()).get("id") != self._count:
            self.events.append(answer)
        assert "error" not in answer, answer
        return answer["result"]

    def _next(self):
        while b"\0" not in self._rest:
            self._rest += os.read(self._from, 1 << 20)
        message, self._rest = self._rest.split(b"\0", 1)
        return json.loads(message)

    def ask(self, expression):
        """The value of an expression in the page, awaited if it is a promise."""
        how = {"awaitPromise": True, "returnByValue": True, "allowUnsafeEvalBlockedByCSP": False}
        found = self.call("Runtime.evaluate", expression=expression, **how)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def open(self, page, *, width, height=1000):
        """Open a file with the network off, and wait until its charts stand."""
        self.events.clear()
        off = {"offline": True, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
        self.call("Network.emulateNetworkConditions", **off)
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.call("Emulation.setDeviceMetricsOverride", **size)
        self.call("Page.navigate", url=page.as_uri())
        self.ask(
            "new Promise(done => { const look = () => document.readyState == 'complete' &&"
            " (!document.querySelector('script.chart') || Bokeh.documents.length =="
            " document.querySelectorAll('script.chart').length && Bokeh.documents.every(d => d.is_idle))"
            " ? setTimeout(done, 300) : setTimeout(look, 50); look(); })"
        )

    def complaints(self):
        """Errors, warnings and failed requests; what the browser says of itself is `verbose` or `info`."""
        told = [event for event in self.events if event.get("method") in _COMPLAINTS]
        said = [event for event in self.events if event.get("method") == "Runtime.consoleAPICalled"]
        loud = [event for event in said if event["params"]["type"] in {"error", "warning", "assert"}]
        return [*told, *loud]

    def requests(self):
        """Addresses of everything that the page asked for, without what it carries itself."""
        asked = [
            event["params"] for event in self.events if event.get("method") == "Network.requestWillBeSent"
        ]
        return [entry["request"]["url"] for entry in asked if not entry["request"]["url"].startswith("data:")]

    def picture(self, path, *, whole=True):
        """The whole page, or what the window shows of it, as PNG."""
        found = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(found["data"]))

    def printed(self, path):
        """The page as it is printed, as PDF."""
        path.write_bytes(base64.b64decode(self.call("Page.printToPDF", printBackground=True)["data"]))

    def point_at(self, x, y):
        """Move the mouse to a place of the window."""
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
