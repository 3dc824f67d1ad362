"""An API server that answers what a test tells it, and remembers what it was asked.

    with FakeApi() as api:
        api.answers[("GET", "/v1/domains/acme.example")] = (200, {"domain": …})
        run("domain", "show", "acme.example", env=api.env)
        api.asked   # [(method, path with query, headers, body or None)…]
"""

import http.server
import json
import threading


class FakeApi:
    def __init__(self):
        self.answers = {}
        self.asked = []
        api = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                api.asked.append((self.command, self.path, dict(self.headers),
                                  json.loads(body) if body else None))
                known = api.answers.get((self.command, self.path), (404, {"title": "?"}))
                status, document = known[:2]
                data = document.encode() if isinstance(document, str) else (
                    b"" if document is None else json.dumps(document).encode())
                self.send_response(status)
                for name, value in (known[2] if len(known) > 2 else {}).items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

            def log_message(self, *_ignored):
                pass

        self.server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.env = {"SIGNET_URL": self.url, "SIGNET_KEY": "sk_test"}

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=(0.02,),
                         daemon=True).start()
        return self

    def __exit__(self, *_ignored):
        self.server.shutdown()
        self.server.server_close()
