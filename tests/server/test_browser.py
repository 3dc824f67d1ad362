"""A person with a real browser: a click, the unsubscribe page and a link that works once,
over HTTPS with a certificate from a real authority (issue 5, "What it must show")."""

import http.server
import json
import subprocess
import threading

import pytest

import pebble
import world
from browser import Browser, BrowserError
from server import SIGNET, Server, host, until

EDGE, EDGE6 = pebble.EDGES["us"]
HOST = "track.clicked.example"
QUERY = "?a=b&c=%20d&e=%C3%BC"


class Pages(http.server.BaseHTTPRequestHandler):
    """A web mail with one letter, and the shop that its link leads to."""

    letter = ""
    visits = []

    def do_GET(self):
        if self.path == "/letter":
            text = self.letter
        elif self.path.startswith("/spring"):
            self.visits.append((self.path, self.headers.get("Referer")))
            text = "<h1>Spring in the shop</h1>"
        else:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_ignored):
        pass


@pytest.fixture(scope="module")
def shop():
    pages = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    threading.Thread(target=pages.serve_forever, daemon=True).start()
    yield f"http://shop.example:{pages.server_port}"
    pages.shutdown()


@pytest.fixture(scope="module")
def ca(tmp_path_factory):
    with pebble.Pebble(tmp_path_factory.mktemp("pebble")) as running:
        yield running


@pytest.fixture(scope="module")
def server(tmp_path_factory, ca):
    pebble.reach(EDGE, EDGE6)
    running = Server(SIGNET, tmp_path_factory.mktemp("server"), **{
        "clock.test": "yes", "probe.private": "yes", "acme.ca_file": str(ca.root()),
        "edge.listen": f"{EDGE}:80 [{EDGE6}]:80",
        "edge.tls_listen": f"{EDGE}:443 [{EDGE6}]:443"}, **ca.options())
    running.prefix = ca.prefix()
    with running:
        yield running


@pytest.fixture
def browser(tmp_path, ca):
    with Browser(tmp_path / "browser", trusted=ca.root(), hosts={
            "shop.example": "127.0.0.1", "*.clicked.example": EDGE}) as running:
        yield running


@pytest.fixture(scope="module")
def certified(server):
    """The tracking host of a verified domain, with its certificate."""
    from lab import Lab
    lab = Lab.attach()
    server.register(lab, "clicked.example")
    host(lab, "clicked.example", world.WEB_SITE + server.zone("clicked.example"))
    assert server.verify("clicked.example")["status"] == "verified"

    def is_green():
        return any(row["name"] == HOST and row["https"] == "green" for row in server.api.ok(
            "GET", "/v1/tracking-domains?limit=200")["data"])
    until(is_green, "a certificate", 90)


def sealed(server, kind, *arguments):
    done = subprocess.run(
        [SIGNET, "token", "seal", "--token-keys", str(server.data / "token.keys"), "--host",
         HOST, "--tenant", "1", "--kind", kind, "--json", *arguments],
        capture_output=True, text=True, check=True)
    return f"https://{HOST}/{kind}/{json.loads(done.stdout)['token']}"


def events(server, kind):
    return [e for e in server.api.ok("GET", "/v1/tracking-events?limit=200")["data"]
            if e["type"] == kind]


def test_a_click_in_a_letter(server, certified, browser, shop):
    """S2-3, S4-13: from the letter, over the customer's own name, to the shop."""
    Pages.letter = ("<p>Hello</p><a href='"
                    + sealed(server, "click", f"{shop}/spring{QUERY}") + "'>Spring</a>")
    page = browser.open(f"{shop}/letter")
    page.click("a")
    page.until_text("Spring in the shop")
    assert page.url() == f"{shop}/spring{QUERY}"
    assert [path for path, _ in Pages.visits] == ["/spring" + QUERY]
    (click,) = until(lambda: events(server, "click"), "the event of the click")
    assert click["url"] == f"{shop}/spring{QUERY}" and click["status"] == 302
    assert click["tls"] == "1.3" and click["verdict"] != "person"  # it says Headless
    assert "Chrome" in click["agent"] and click["host"] == HOST


def test_unsubscribing_takes_the_button(server, certified, browser):
    """Opening the page never unsubscribes; its button does (RFC 8058, S3-42)."""
    page = browser.open(sealed(server, "unsubscribe", "me@reader.example"))
    assert "me@reader.example" in page.until_text("Do you want to stop")
    until(lambda: events(server, "unsubscribe_page"), "the event of the page")
    assert server.api.ok("GET", "/v1/unsubscribes")["data"] == []
    page.click("button")
    page.until_text("You are unsubscribed")
    (row,) = until(lambda: server.api.ok("GET", "/v1/unsubscribes")["data"], "the address")
    assert row["address"] == "me@reader.example"


def test_a_link_that_works_once_does_not_stop_a_person(server, certified, browser, shop):
    """C16–C18: only what looks automated is asked first; a headless browser says that it
    is one, and then the button leads on."""
    page = browser.open(sealed(server, "click", "--once", f"{shop}/spring?once"))
    page.until_text("One more step")
    page.click("button")
    page.until_text("Spring in the shop")
    assert page.url() == f"{shop}/spring?once"
    page.call("Network.enable")
    page.call("Network.setUserAgentOverride",
              userAgent=page.ask("navigator.userAgent").replace("Headless", ""),
              acceptLanguage="en")
    page.go(sealed(server, "click", "--once", "--message", "1", f"{shop}/spring?person"))
    page.until_text("Spring in the shop")


def test_a_name_without_certificate_is_no_other_name(certified, browser):
    with pytest.raises(BrowserError, match="ERR_SSL|ERR_CERT"):
        browser.open("https://other.clicked.example/")
