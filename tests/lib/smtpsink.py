"""A small SMTP server for tests: takes every letter and keeps it.

    with SmtpSink() as sink:
        ... mail.relay = sink.address ...
        letter = sink.wait()    # (from, [to…], email.message.EmailMessage)
"""

import email
import email.policy
import queue
import socketserver
import threading


class SmtpSink:
    def __init__(self, refuse=None):
        self.refuse = refuse  # an answer to RCPT; a test may change it
        self.letters = queue.Queue()
        sink = self

        class Session(socketserver.StreamRequestHandler):
            def say(self, line):
                self.wfile.write(line.encode() + b"\r\n")

            def handle(self):
                self.say("220 sink ESMTP")
                sender, to = None, []
                for line in self.rfile:
                    text = line.decode("utf-8", "replace").strip()
                    verb = text.split(" ")[0].split(":")[0].upper()
                    if verb == "DATA":
                        self.say("354 go on")
                        body = b""
                        while (line := self.rfile.readline()) not in (b".\r\n", b""):
                            body += line[1:] if line.startswith(b".") else line
                        sink.letters.put((sender, to, email.message_from_bytes(
                            body, policy=email.policy.default)))
                        self.say("250 2.0.0 taken")
                        sender, to = None, []
                    elif verb == "QUIT":
                        self.say("221 2.0.0 bye")
                        return
                    elif verb == "RCPT" and sink.refuse:
                        self.say(sink.refuse)
                    else:
                        if verb == "MAIL":
                            sender = text.split("<")[1].split(">")[0]
                        elif verb == "RCPT":
                            to.append(text.split("<")[1].split(">")[0])
                        self.say("250 2.0.0 ok")

        class Threads(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True

        self.server = Threads(("127.0.0.1", 0), Session)
        self.address = f"127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=(0.05,),
                         daemon=True).start()
        return self

    def __exit__(self, *_ignored):
        self.server.shutdown()
        self.server.server_close()

    def wait(self, seconds=30):
        return self.letters.get(timeout=seconds)
