"""What tests of tracking hosts share: addresses of edges in the lab, a web site, a CDN
that can misbehave.

    give_addresses()                    192.0.2.80 … on the loopback of the namespace
    with Cdn(authority.context("go.acme.example"), origin="192.0.2.80") as cdn:
        cdn.faults = {"drops_host"}
"""

import contextlib
import http.client
import http.server
import socket
import subprocess
import threading

EDGE, EDGE6, CDN, SITE = "192.0.2.80", "2001:db8::80", "192.0.2.90", "192.0.2.95"
CDN6, EMPTY, EMPTY6, SILENT6 = "2001:db8::90", "192.0.2.97", "2001:db8::97", "2001:db8::98"
UNROUTED6 = "2001:db8:ffff::1"           # what this network has no way to


def give_addresses():
    """EMPTY and EMPTY6 refuse connections: nobody listens there."""
    for address in (EDGE, EDGE6, CDN, CDN6, SITE, EMPTY, EMPTY6, SILENT6):
        subprocess.run(["ip", "addr", "add", address + ("/128" if ":" in address else "/32"),
                        "dev", "lo", *(["nodad"] if ":" in address else [])], check=False,
                       stderr=subprocess.DEVNULL)


def edge_options(folder):
    """Options of a server whose edges answer for edge.us.mail.example."""
    give_addresses()
    return {
        "edge.listen": f"{EDGE}:80 [{EDGE6}]:80",
        "edge.tls_listen": f"{EDGE}:443 [{EDGE6}]:443",
        "edge.trusted_proxies": f"{CDN}/32 {CDN6}/128",
        "probe.private": "yes",
        "acme.ca_file": str(folder / "ca.pem"),
    }


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.front.answer(self, self.server.is_tls)

    def log_message(self, *_args):
        pass


class _Server6(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6


@contextlib.contextmanager
def silent(address):
    """Ports 80 and 443 that answer nobody: whoever comes finds the queue full."""
    with contextlib.ExitStack() as all_of_them:
        for port in (80, 443):
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            listening = all_of_them.enter_context(socket.socket(family))
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind((address, port))
            listening.listen(0)
            for _ in range(4):
                filler = all_of_them.enter_context(socket.socket(family))
                filler.setblocking(False)
                filler.connect_ex((address, port))
        yield


class Front:
    """A web server on ports 80 and 443 of an address; answer() says what it says."""

    def __init__(self, address, context=None):
        self.servers = []
        for port, tls in ((80, None), (443, context)):
            if port == 443 and context is None:
                continue
            server = (_Server6 if ":" in address else http.server.ThreadingHTTPServer)(
                (address, port), _Handler)
            server.front, server.is_tls = self, tls is not None
            if tls:
                server.socket = tls.wrap_socket(server.socket, server_side=True,
                                                do_handshake_on_connect=False)
            self.servers.append(server)

    def __enter__(self):
        for server in self.servers:
            threading.Thread(target=server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_ignored):
        for server in self.servers:
            server.shutdown()
            server.server_close()

    def answer(self, handler, is_tls):
        raise NotImplementedError

    @staticmethod
    def say(handler, status, body=b"", **fields):
        handler.send_response(status)
        for name, value in fields.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)


class Site(Front):
    """The web site of a domain, maybe with an HSTS policy."""
    hsts = None

    def answer(self, handler, is_tls):
        more = {"Strict_Transport_Security": self.hsts} if is_tls and self.hsts else {}
        self.say(handler, 200, b"<h1>shop</h1>", **more)


class Cdn(Front):
    """Fetches from an origin. faults: drops_host, caches, no_redirect, other_origin."""

    def __init__(self, context, address=CDN, origin=EDGE):
        super().__init__(address, context)
        self.origin, self.faults, self.cache = origin, set(), {}

    def answer(self, handler, is_tls):
        host = handler.headers.get("Host", "")
        if not is_tls and "no_redirect" not in self.faults:
            return self.say(handler, 301, Location=f"https://{host}{handler.path}")
        if "other_origin" in self.faults:
            return self.say(handler, 404, b"no such bucket")
        key = (host, handler.path)
        if "caches" in self.faults and key in self.cache:
            return self.say(handler, *self.cache[key])
        connection = http.client.HTTPConnection(self.origin, 80, timeout=10)
        send = {"Host": "edge.us.mail.example" if "drops_host" in self.faults else host,
                "X-Forwarded-For": handler.client_address[0],
                "X-Forwarded-Proto": "https" if is_tls else "http"}
        connection.request("GET", handler.path, headers=send)
        answer = connection.getresponse()
        self.cache[key] = (answer.status, answer.read())
        connection.close()
        return self.say(handler, *self.cache[key])
