"""A page in a headless Chromium, over its debugging pipe: no server, no driver, no library.

    with Browser(width=1200, height=900) as b:
        b.open("file:///tmp/report.html")
        b.ask("document.title")             the value of an expression
        b.wait("document.querySelector('table')")
        b.key("/"), b.type("text"), b.picture("page.png")
        b.complaints, b.requests            what the console said; the addresses that were asked for

Browser.find() is the program, or None. As a program: browser.py URL FILE.png [light|dark|phone]
"""
import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

SWITCHES = ["--headless", "--no-sandbox", "--remote-debugging-pipe", "--disable-gpu", "--disable-dev-shm-usage",
            "--no-first-run", "--disable-background-networking", "--disable-component-update", "--hide-scrollbars",
            "--disable-sync", "--disable-extensions", "--force-color-profile=srgb"]


class Browser:
    @staticmethod
    def find():
        return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

    def __init__(self, width=1200, height=900, dark=False, phone=False, scripts=True):
        self.complaints, self.requests, self.events, self.number = [], [], [], 0
        self.profile = tempfile.TemporaryDirectory(prefix="regadm-browser-", ignore_cleanup_errors=True)
        from_us, self.to = os.pipe()
        self.back, to_us = os.pipe()
        # Descriptors 3 and 4 are what the browser reads and writes; the shell puts them there.
        self.process = subprocess.Popen(
            ["bash", "-c", f'exec 3<&{from_us} 4>&{to_us}; exec "$@"', "-", self.find(), *SWITCHES,
             f"--user-data-dir={self.profile.name}", "about:blank"],
            pass_fds=(from_us, to_us), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(from_us), os.close(to_us)
        self.buffer, self.session = b"", None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=phone)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self.call("Emulation.setScriptExecutionDisabled", value=not scripts)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        os.close(self.to), os.close(self.back)
        self.profile.cleanup()

    def message(self):
        """The next message of the browser."""
        while b"\0" not in self.buffer:
            piece = os.read(self.back, 1 << 20)
            if not piece:
                raise RuntimeError("the browser went away")
            self.buffer += piece
        one, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(one)

    def note(self, event):
        what, p = event.get("method"), event.get("params", {})
        if what == "Network.requestWillBeSent":
            self.requests.append(p["request"]["url"])
        elif what == "Runtime.exceptionThrown":
            self.complaints.append(p["exceptionDetails"].get("exception", {}).get("description", "exception"))
        elif what == "Runtime.consoleAPICalled":
            self.complaints.append(" ".join(str(a.get("value")) for a in p["args"]))
        elif what == "Log.entryAdded":
            self.complaints.append(p["entry"]["text"])
        else:
            self.events.append(what)

    def call(self, method, **params):
        self.number += 1
        text = {"id": self.number, "method": method, "params": params}
        if self.session:
            text["sessionId"] = self.session
        os.write(self.to, json.dumps(text).encode() + b"\0")
        while (got := self.message()).get("id") != self.number:
            self.note(got)
        if "error" in got:
            raise RuntimeError(f"{method}: {got['error']}")
        return got["result"]

    def open(self, url):
        self.events.clear()
        self.call("Page.navigate", url=url)
        while "Page.loadEventFired" not in self.events:
            self.note(self.message())

    def ask(self, expression):
        got = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in got:
            raise RuntimeError(f"{expression}: {got['exceptionDetails'].get('exception', {}).get('description')}")
        return got["result"].get("value")

    def wait(self, expression, seconds=20):
        """Whether it becomes true in time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.ask(f"!!({expression})"):
                return True
            time.sleep(0.05)
        return False

    def key(self, key):
        text = {"text": key} if len(key) == 1 else {"text": "\r"} if key == "Enter" else {}
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, code=key, windowsVirtualKeyCode=13 if key == "Enter" else 0, **text)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key, code=key)

    def type(self, text):
        self.call("Input.insertText", text=text)

    def picture(self, path, whole=False):
        got = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        with open(path, "wb") as f:
            f.write(base64.b64decode(got["data"]))


def main():
    url, path, kind = (*sys.argv[1:], "light")[:3]
    size = {"width": 390, "height": 844, "phone": True} if kind == "phone" else {"width": 1100, "height": 860}
    with Browser(dark=kind == "dark", **size) as b:
        b.open(url)
        time.sleep(0.3)  # what is drawn when its size is known
        b.picture(path)


if __name__ == "__main__":
    main()
