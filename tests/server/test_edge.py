"""The edge of a real server: tokens sealed by the command line with the server's own keys,
asked for over sockets, and what came of it in the journal."""

import http.client
import json
import socket
import ssl
import subprocess

import pytest

from server import SIGNET, Server, free_port, until

HOST = "track.acme.example"
BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 "
           "Firefox/128.0", "Accept": "text/html", "Accept-Language": "en"}
ONE_CLICK = "List-Unsubscribe=One-Click"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def options():
    return {"edge.trusted_proxies": "127.0.0.9/32"}


def signet(*arguments):
    done = subprocess.run([SIGNET, *map(str, arguments)], capture_output=True, text=True,
                          check=False, timeout=30)
    assert done.returncode == 0, done.stderr
    return done.stdout


def token(server, *arguments, host=HOST):
    return json.loads(signet("token", "seal", "--token-keys", server.data / "token.keys",
                             "--host", host, "--json", *arguments))["token"]


@pytest.fixture(scope="module")
def click(server):
    return "/click/" + token(server, "https://acme.example/spring?a=b")


@pytest.fixture(scope="module")
def unsubscribe(server):
    return "/unsubscribe/" + token(server, "--kind", "unsubscribe", "me@acme.example")


class Asked:
    def __init__(self, answer):
        self.status, self.headers, self.body = answer.status, answer.headers, answer.read()


def ask(server, method, path, body=None, headers=None, host=HOST, port=None, source=None):
    connection = http.client.HTTPConnection(
        "127.0.0.1", port or server.edge_port, timeout=30,
        source_address=(source, 0) if source else None)
    try:
        connection.request(method, path, body, {"Host": host, **BROWSER, **(headers or {})})
        return Asked(connection.getresponse())
    finally:
        connection.close()


def talk(server, data, port=None):
    """All that comes back, up to the end of the connection."""
    with socket.create_connection(("127.0.0.1", port or server.edge_port), 30) as s:
        s.sendall(data)
        s.settimeout(30)
        got = b""
        try:
            while part := s.recv(65536):
                got += part
        except ConnectionResetError:
            pass  # it did not even read what was sent
        return got


def events(server):
    """What is in the journal, oldest first."""
    folder = server.data / "journal" / "edge-0"
    return json.loads(signet("journal", "cat", folder, "--json"))


def new_events(server, before, count):
    """Those behind `before`: readers see them a moment after they are on disk."""
    until(lambda: len(events(server)) >= len(before) + count, f"{count} events")
    return events(server)[len(before):]


def last_event(server, before):
    return new_events(server, before, 1)[-1]


def bytes_kept(server):
    return b"".join(path.read_bytes()
                    for path in (server.data / "journal" / "edge-0").glob("*.journal"))


# -- links --------------------------------------------------------------------------------

def test_a_click_redirects_and_is_kept(server, click):
    before, kept = events(server), bytes_kept(server).count(b"acme.example/spring?a=b")
    answer = ask(server, "GET", click)
    # Before the answer left.
    assert bytes_kept(server).count(b"acme.example/spring?a=b") == kept + 1
    assert answer.status == 302
    assert answer.headers["Location"] == "https://acme.example/spring?a=b"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "noindex" in answer.headers["X-Robots-Tag"]
    assert answer.headers["Set-Cookie"] is None
    assert len(new_events(server, before, 1)) == 1


def test_curl_I(server, click):
    out = subprocess.run(
        ["curl", "-sI", "-H", f"Host: {HOST}", f"http://127.0.0.1:{server.edge_port}{click}"],
        capture_output=True, check=True, timeout=30).stdout.decode()
    assert out.startswith("HTTP/1.1 302 Found\r\n")
    assert "\r\nLocation: https://acme.example/spring?a=b\r\n" in out


def test_an_open_is_a_pixel(server):
    answer = ask(server, "GET", f"/open/{token(server, '--kind', 'open')}.png")
    assert answer.status == 200 and answer.headers["Content-Type"] == "image/png"
    assert answer.body.startswith(b"\x89PNG") and answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("host", ["other.example", "track.acme.example.evil.example",
                                  "acme.example", "127.0.0.1"])
def test_another_host_is_not_redirected(server, click, host):
    answer = ask(server, "GET", click, host=host)
    assert answer.status == 404 and answer.headers["Location"] is None


@pytest.mark.parametrize("host", [HOST.upper(), HOST + ":8080"])
def test_other_spellings_of_the_host(server, click, host):
    assert ask(server, "GET", click, host=host).status == 302


@pytest.mark.parametrize("change", [lambda t: t[:-1], lambda t: t + "A", lambda t: t[:40],
                                    lambda t: "/click/", lambda t: t + "%20",
                                    lambda t: t.replace("/click/", "/click/B", 1),
                                    lambda t: t.replace("click", "open") + ".png"])
def test_a_spoiled_token_is_a_plain_404(server, click, change):
    answer = ask(server, "GET", change(click))
    assert answer.status == 404 and answer.headers["Location"] is None
    assert answer.headers["Content-Type"].startswith("text/html")
    assert b"<script" not in answer.body


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods(server, click, method):
    answer = ask(server, method, click)
    assert answer.status == 405 and answer.headers["Location"] is None


# -- unsubscribing (S3-38…42, RFC 8058) ---------------------------------------------------

def test_get_and_head_never_unsubscribe(server, unsubscribe):
    before = events(server)
    for method in ("GET", "HEAD"):
        answer = ask(server, method, unsubscribe)
        assert answer.status == 200
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    new = new_events(server, before, 2)
    assert len(new) == 2
    assert not any('"unsubscribe"' in json.dumps(e) for e in new), new


def test_one_click_unsubscribes(server, unsubscribe):
    before = events(server)
    answer = ask(server, "POST", unsubscribe, ONE_CLICK, FORM)
    assert answer.status == 200 and answer.headers["Location"] is None
    assert answer.headers["Set-Cookie"] is None
    assert '"unsubscribe"' in json.dumps(last_event(server, before))


def test_the_button_unsubscribes(server, unsubscribe):
    page = ask(server, "GET", unsubscribe).body.decode()
    assert '<form method="post">' in page and "me@acme.example" in page
    before = events(server)
    answer = ask(server, "POST", unsubscribe, "confirm=yes", FORM)
    assert answer.status == 200 and b"You are unsubscribed" in answer.body
    assert '"unsubscribe"' in json.dumps(last_event(server, before))


def test_a_link_that_works_once(server):
    path = "/click/" + token(server, "--once", "https://acme.example/reset?secret")
    page = ask(server, "GET", path, headers={"User-Agent": "curl/7.88.1"})
    assert page.status == 200 and b"secret" not in page.body
    answer = ask(server, "POST", path, "confirm=yes", FORM)
    assert (answer.status, answer.headers["Location"]) == (
        303, "https://acme.example/reset?secret")


# -- what may not pass --------------------------------------------------------------------

def head(path, *lines):
    return ("\r\n".join([f"GET {path} HTTP/1.1", f"Host: {HOST}", *lines]) + "\r\n\r\n").encode()


def test_pipelined_requests_in_their_order(server):
    paths = ["/click/" + token(server, "--link", i, f"https://acme.example/{i}")
             for i in range(8)]
    data = b"".join(head(p) for p in paths[:-1]) + head(paths[-1], "Connection: close")
    answer = talk(server, data).decode()
    assert [line.rsplit("/", 1)[1] for line in answer.split("\r\n")
            if line.startswith("Location")] == [str(i) for i in range(8)]


@pytest.mark.parametrize("lines", [
    ("Content-Length: 5", "Content-Length: 6"), ("Content-Length: 5", "Content-Length: 5"),
    ("Content-Length: 5", "Transfer-Encoding: chunked"), ("Transfer-Encoding: xchunked",),
    ("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"), ("Content-Length: +5",),
    ("Content-Length : 5",), (" folded: x",), ("X: a\rb",), ("X: a\0b",),
    (f"Host: {HOST}",), ("Host: other.example",)])
def test_what_could_be_read_in_two_ways_is_refused(server, click, lines):
    answer = talk(server, head(click, *lines) + b"GET /smuggled HTTP/1.1\r\n")
    assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 501 ")), answer
    assert answer.count(b"HTTP/1.1 ") == 1 and b"Location" not in answer


@pytest.mark.parametrize("data, status", [
    (b"GET / HTTP/1.1\n\n", 400), (b"GET  / HTTP/1.1\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\n\r\n", 400), (b"GET / HTTP/2.0\r\n\r\n", 505),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
    (b"GET http://other.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n", 400),
    (b"BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 501),
    (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
    (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 9000 + b"\r\n\r\n", 431),
    (b"POST /unsubscribe/x HTTP/1.1\r\nHost: a\r\nContent-Length: 1025\r\n\r\n", 413)])
def test_bad_requests(server, data, status):
    assert talk(server, data).startswith(f"HTTP/1.1 {status} ".encode())


def test_a_slow_client_holds_up_nobody(server, click):
    slow = [socket.create_connection(("127.0.0.1", server.edge_port)) for _ in range(200)]
    try:
        for s in slow:
            s.sendall(b"GET / HTTP/1.1\r\nHost: ")
        assert ask(server, "GET", click).status == 302
        for s in slow:
            s.sendall(b"a")
        # They are sent away by their deadline, however often they say another byte.
        slow[0].settimeout(60)
        got = slow[0].recv(65536)
        assert got.startswith(b"HTTP/1.1 408 "), got
    finally:
        for s in slow:
            s.close()


# -- proxies and other files --------------------------------------------------------------

def test_whom_a_trusted_proxy_names(server, click):
    """The addresses are not kept (nothing is said of this account), so by the probe."""
    path = server.data / "acme" / "challenges" / "nonce-1"
    path.write_text("none.example\nproof-1\n")
    probe = "/.well-known/signet-probe/nonce-1"
    seen = dict(line.split(" ", 1) for line in ask(
        server, "GET", probe, headers={"X-Forwarded-Proto": "https"}, source="127.0.0.9")
        .body.decode().splitlines())
    assert (seen["proof"], seen["host"], seen["scheme"], seen["forwarded"]) == (
        "proof-1", HOST, "https", "yes")
    answer = ask(server, "GET", probe, headers={"X-Forwarded-Proto": "https"})
    assert b"scheme http\nforwarded no\n" in answer.body
    assert answer.body != ask(server, "GET", probe).body  # cached, it would be the same


def test_challenges_are_for_their_host(server):
    path = server.data / "acme" / "challenges" / "token-1"
    path.write_text(f"{HOST}\ntoken-1.thumbprint\n")
    url = "/.well-known/acme-challenge/token-1"
    assert ask(server, "GET", url).body == b"token-1.thumbprint"
    assert ask(server, "GET", url, host="other.example").status == 404
    for bad in ("..%2ftoken-1", "../challenges/token-1", "", "nothing"):
        assert ask(server, "GET", "/.well-known/acme-challenge/" + bad).status == 404


def test_small_things(server):
    assert ask(server, "GET", "/healthz").body == b"ok\n"
    assert b"Disallow: /" in ask(server, "GET", "/robots.txt").body
    assert ask(server, "GET", "/").status == 200
    assert ask(server, "GET", "/.well-known/apple-app-site-association").status == 404


def test_proxy_protocol_other_words_and_status(tmp_path):
    header = (b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + socket.inet_aton("192.0.2.7")
              + socket.inet_aton("127.0.0.1") + b"\x30\x39\0\x50")
    tls_port = free_port()
    with Server(SIGNET, tmp_path, **{
            "edge.proxy_protocol": "yes", "edge.click_path": "c",
            "edge.redirect_status": "307", "edge.tls_listen": f"127.0.0.1:{tls_port}"}) as own:
        path = "/c/" + token(own, "https://acme.example/")
        answer = talk(own, header + head(path, "Connection: close"))
        assert answer.startswith(b"HTTP/1.1 307 Temporary Redirect\r\n")
        assert talk(own, head(path)) == b""
        assert talk(own, b"PROXY TCP4 192.0.2.7 127.0.0.1 1 2\r\n" + head(path)) == b""


def test_no_certificate_for_an_unknown_name(tmp_path):
    port = free_port()
    with Server(SIGNET, tmp_path, **{"edge.tls_listen": f"127.0.0.1:{port}"}) as own:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        for name in ("unknown.example", None):
            with socket.create_connection(("127.0.0.1", port), 30) as s:
                with pytest.raises(ssl.SSLError) as refused:
                    context.wrap_socket(s, server_hostname=name)
            assert "UNRECOGNIZED_NAME" in str(refused.value).upper().replace(" ", "_")
        assert own.stop() == 0


def test_a_drain_loses_nothing(tmp_path):
    with Server(SIGNET, tmp_path) as own:
        path = "/click/" + token(own, "https://acme.example/")
        for _ in range(50):
            assert ask(own, "GET", path).status == 302
        assert own.stop() == 0
        assert len(events(own)) == 50
