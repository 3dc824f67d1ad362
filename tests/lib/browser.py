"""Debian's Chromium, without a window, driven through its debugging pipe.

    with Browser(directory, trusted=pem, hosts={"*.example": "192.0.2.80"}) as browser:
        page = browser.open("https://track.acme.example/unsubscribe/…")
        page.text(); page.click("button"); page.until_text("no longer")

The authorities of the PEM file are trusted beside its own, and names are looked up in
`hosts` alone, so nothing is asked outside. A click is one of the mouse.
"""

import json
import os
import pathlib
import subprocess

from server import until


class BrowserError(AssertionError):
    pass


class Browser:
    def __init__(self, directory, *, trusted=None, hosts=None):
        self.home = pathlib.Path(directory)
        self.home.mkdir(parents=True, exist_ok=True)
        self.number, self.process, self.rest = 0, None, b""
        if trusted:
            store = self.home / ".pki/nssdb"
            store.mkdir(parents=True)
            for words in (["-N", "--empty-password"],
                          ["-A", "-n", "test authority", "-t", "C,,", "-i", str(trusted)]):
                subprocess.run(["certutil", "-d", f"sql:{store}", *words], check=True)
        rules = [f"MAP {name} {address}" for name, address in (hosts or {}).items()]
        rules.append("MAP * ~NOTFOUND")
        self.command = [
            "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
            "--disable-background-networking", "--disable-component-update",
            "--disable-dev-shm-usage", "--remote-debugging-pipe",
            f"--user-data-dir={self.home}/profile",
            "--host-resolver-rules=" + ", ".join(rules), "about:blank"]

    def __enter__(self):
        to_read, self.to_browser = os.pipe()
        self.from_browser, to_write = os.pipe()
        environment = {**os.environ, "HOME": str(self.home)}
        for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
            environment.pop(name, None)

        def place():
            # Out of the way first: either may be the number that the other has to get.
            reading, writing = os.dup(to_read), os.dup(to_write)
            os.dup2(reading, 3)
            os.dup2(writing, 4)
        with open(self.home / "log", "wb") as log:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, env=environment,
                                            close_fds=False, preexec_fn=place)
        os.close(to_read)
        os.close(to_write)
        return self

    def __exit__(self, *_ignored):
        self.process.kill()
        self.process.wait()
        os.close(self.to_browser)
        os.close(self.from_browser)

    def _receive(self):
        while b"\0" not in self.rest:
            piece = os.read(self.from_browser, 1 << 16)
            if not piece:
                raise BrowserError((self.home / "log").read_text(errors="replace")[-2000:])
            self.rest += piece
        message, self.rest = self.rest.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, session=None, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self.to_browser, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise BrowserError(f"{method}: {answer['error']}")
                return answer["result"]

    def open(self, url):
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)
        page = Page(self, session["sessionId"])
        page.go(url)
        return page


class Page:
    def __init__(self, browser, session):
        self.browser, self.session = browser, session
        self.call("Page.enable")

    def call(self, method, **parameters):
        return self.browser.call(method, self.session, **parameters)

    def go(self, url):
        """Fails with the browser's own word, as net::ERR_CERT_AUTHORITY_INVALID."""
        answer = self.call("Page.navigate", url=url)
        if answer.get("errorText"):
            raise BrowserError(answer["errorText"])

    def ask(self, expression):
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in result:
            raise BrowserError(str(result["exceptionDetails"]))
        return result["result"].get("value")

    def url(self):
        return self.ask("location.href")

    def text(self):
        return self.ask("document.body ? document.body.innerText : ''")

    def until_text(self, text, seconds=20):
        until(lambda: text in (self.text() or ""), f"the page to say {text!r}", seconds)
        return self.text()

    def click(self, selector):
        """With the mouse, into the middle of the first element that is found."""
        box = until(lambda: self.ask(
            f"(e => e && (r => [r.x + r.width / 2, r.y + r.height / 2])"
            f"(e.getBoundingClientRect()))(document.querySelector({json.dumps(selector)}))"),
            f"{selector} on {self.url()}")
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=box[0], y=box[1],
                      button="left", clickCount=1)

    def picture(self, path):
        import base64
        shot = self.call("Page.captureScreenshot", format="png")
        pathlib.Path(path).write_bytes(base64.b64decode(shot["data"]))
