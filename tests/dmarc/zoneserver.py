"""A name server for tests: answers from a Python dict, over UDP on a free port.

The dict has the form of the DMARC corpus: name -> type -> list of data, where TXT data is
a list of strings, or {"error": "ETIMEOUT"} for silence and any other error for SERVFAIL.
A name that is not there is NXDOMAIN, unless it lies above one that is (RFC 8020).
"""

import socket
import struct
import threading

TYPES = {1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 15: "MX", 16: "TXT", 28: "AAAA"}
NOERROR, SERVFAIL, NXDOMAIN = 0, 2, 3


def encode_name(name):
    labels = [label.encode() for label in name.rstrip(".").split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def encode_data(rtype, data):
    if rtype == "TXT":
        strings = [data] if isinstance(data, str) else data
        pieces = [s.encode()[i:i + 255] for s in strings
                  for i in range(0, max(len(s.encode()), 1), 255)]
        return b"".join(bytes([len(piece)]) + piece for piece in pieces)
    if rtype == "A":
        return socket.inet_aton(data)
    if rtype == "AAAA":
        return socket.inet_pton(socket.AF_INET6, data)
    if rtype == "MX":
        return struct.pack("!H", data.get("priority", 10)) + encode_name(data["exchange"])
    return encode_name(data)


def read_question(packet):
    labels, at = [], 12
    while packet[at]:
        labels.append(packet[at + 1:at + 1 + packet[at]].decode("latin-1"))
        at += 1 + packet[at]
    (code,) = struct.unpack_from("!H", packet, at + 1)
    return ".".join(labels).lower(), TYPES.get(code, str(code)), packet[12:at + 5]


class ZoneServer:
    """with ZoneServer(zone) as server: … server.address is "127.0.0.1:PORT"."""

    def __init__(self, zone):
        self.zone = {name.lower().rstrip("."): types for name, types in zone.items()}
        self.asked = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *exc):
        self.socket.sendto(b"", self.socket.getsockname())
        self.thread.join()
        self.socket.close()

    def serve(self):
        while True:
            packet, client = self.socket.recvfrom(4096)
            if not packet:
                return
            reply = self.answer(packet)
            if reply:
                self.socket.sendto(reply, client)

    def look_up(self, name, rtype):
        """The rcode and the encoded data of the records; None for silence."""
        if name not in self.zone:
            above = any(other.endswith("." + name) for other in self.zone)
            return (NOERROR if above or not name else NXDOMAIN), []
        data = self.zone[name].get(rtype, [])
        if isinstance(data, dict):
            return None if data.get("error") == "ETIMEOUT" else (SERVFAIL, [])
        return NOERROR, [encode_data(rtype, item) for item in data]

    def answer(self, packet):
        name, rtype, question = read_question(packet)
        self.asked.append((name, rtype))
        found = self.look_up(name, rtype)
        if found is None:
            return None
        rcode, records = found
        header = packet[:2] + struct.pack("!HHHHH", 0x8580 | rcode, 1, len(records), 0, 0)
        code = question[-4:]
        body = b"".join(b"\xc0\x0c" + code + struct.pack("!IH", 60, len(data)) + data
                        for data in records)
        return header + question + body
