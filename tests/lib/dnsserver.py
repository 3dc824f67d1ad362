"""A DNS server on loopback for tests: many small zones, each on a port of its own.

    with DnsServer() as dns:
        port = dns.add({"acme.example": [("TXT", [b"v=spf1 -all"]), ("A", "192.0.2.1")],
                        "slow.example": [("TIMEOUT", None)]})
        run("signet", "spf", "--dns", f"127.0.0.1:{port}", ...)

One thread serves UDP and TCP of all zones.  A zone maps names to lists of (type, value):
A, AAAA, CNAME, PTR, NS, MX (preference, host), TXT and SPF (list of byte strings); a name
is text whose dots part the labels, or a tuple of labels in bytes.  TIMEOUT: no answer for
any type that the name has no record of; SERVFAIL likewise fails.  CNAMEs are chased, a name
above others is empty, all else is NXDOMAIN.  RFC 1035 §4, RFC 6891 (a response past the
size the client names is truncated).
"""

import ipaddress
import selectors
import socket
import struct
import threading

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28,
         "SPF": 99}
NOERROR, SERVFAIL, NXDOMAIN = 0, 2, 3
OPT, CNAME = 41, 5
CHAIN_MAX = 8


def split_name(name):
    """The labels of a name, in bytes."""
    if isinstance(name, tuple):
        return name
    return tuple(label.encode("latin-1") for label in name.rstrip(".").split(".")
                 if label)


def encode_name(name):
    return b"".join(bytes([len(x)]) + x for x in split_name(name)) + b"\0"


def encode_strings(strings):
    """TXT data: each string in pieces of at most 255 bytes."""
    out = b""
    for text in strings:
        for at in range(0, max(len(text), 1), 255):
            piece = text[at:at + 255]
            out += bytes([len(piece)]) + piece
    return out


def encode_data(kind, value):
    if kind in ("A", "AAAA"):
        return ipaddress.ip_address(value).packed
    if kind == "MX":
        return struct.pack("!H", value[0]) + encode_name(value[1])
    if kind in ("TXT", "SPF"):
        return encode_strings(value)
    return encode_name(value)


def read_question(packet):
    """(labels, type, end of the question) of a query."""
    labels, at = [], 12
    while packet[at]:
        labels.append(packet[at + 1:at + 1 + packet[at]])
        at += 1 + packet[at]
    (number,) = struct.unpack_from("!H", packet, at + 1)
    return tuple(labels), number, at + 5


def read_payload_size(packet, at):
    """The UDP size that an OPT record names, 512 without one."""
    if struct.unpack_from("!H", packet, 10)[0] and packet[at] == 0:
        kind, size = struct.unpack_from("!HH", packet, at + 1)
        if kind == OPT:
            return max(size, 512)
    return 512


def fold(labels):
    return tuple(label.lower() for label in labels)


class Zone:
    """The records of one port."""

    def __init__(self, records):
        self.names = {}
        self.parents = {()}
        self.asked = []  # (labels, type number) of each question
        for name, entries in records.items():
            labels = fold(split_name(name))
            self.names[labels] = entries
            for i in range(len(labels) + 1):
                self.parents.add(labels[i:])

    def answer(self, labels, number):
        """(rcode, [(owner, type, data)]), or None where no answer comes."""
        found = []
        self.asked.append((fold(labels), number))
        for _ in range(CHAIN_MAX):
            entries = self.names.get(fold(labels))
            if entries is None:
                known = fold(labels) in self.parents
                return (NOERROR if known else NXDOMAIN), found
            kinds = [kind for kind, _ in entries]
            here = [(labels, number, encode_data(kind, value))
                    for kind, value in entries if TYPES.get(kind) == number]
            if here:
                return NOERROR, found + here
            if "TIMEOUT" in kinds:
                return None
            if "SERVFAIL" in kinds:
                return SERVFAIL, []
            if "CNAME" not in kinds:
                return NOERROR, found
            target = split_name(dict(entries)["CNAME"])
            found.append((labels, CNAME, encode_name(target)))
            labels = target
        return SERVFAIL, []


class DnsServer:
    def __init__(self, address="127.0.0.1"):
        self.address = address
        self.selector = selectors.DefaultSelector()
        self.stop_read, self.stop_write = socket.socketpair()
        self.selector.register(self.stop_read, selectors.EVENT_READ, None)
        self.thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop_write.send(b"x")
        self.thread.join()
        for key in list(self.selector.get_map().values()):
            key.fileobj.close()
        self.stop_write.close()
        self.selector.close()

    def add(self, records):
        """Serves a zone; returns its port."""
        return self.add_zone(Zone(records))

    def add_zone(self, zone):
        while True:
            udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            udp.bind((self.address, 0))
            tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            try:
                tcp.bind((self.address, udp.getsockname()[1]))
                break
            except OSError:  # another program has the TCP port of this number
                udp.close()
                tcp.close()
        tcp.listen(16)
        self.selector.register(udp, selectors.EVENT_READ, (self._on_udp, zone))
        self.selector.register(tcp, selectors.EVENT_READ, (self._on_connection, zone))
        return udp.getsockname()[1]

    def _serve(self):
        while True:
            for key, _ in self.selector.select():
                if key.data is None:
                    return
                handle, zone = key.data
                handle(key.fileobj, zone)

    def _on_udp(self, sock, zone):
        packet, client = sock.recvfrom(65535)
        response = self._respond(zone, packet, True)
        if response:
            sock.sendto(response, client)

    def _on_connection(self, listener, zone):
        connection, _ = listener.accept()
        connection.settimeout(2)
        self.selector.register(connection, selectors.EVENT_READ, (self._on_tcp, zone))

    def _on_tcp(self, connection, zone):
        response = None
        try:
            head = connection.recv(2, socket.MSG_WAITALL)
            if len(head) == 2:
                (length,) = struct.unpack("!H", head)
                packet = connection.recv(length, socket.MSG_WAITALL)
                response = self._respond(zone, packet, False)
            if response:
                connection.sendall(struct.pack("!H", len(response)) + response)
        except OSError:
            response = None
        if not response:
            self.selector.unregister(connection)
            connection.close()

    @staticmethod
    def _respond(zone, packet, by_udp):
        try:
            labels, number, end = read_question(packet)
            size = read_payload_size(packet, end) if by_udp else 65535
        except (IndexError, struct.error):
            return None
        answer = zone.answer(labels, number)
        if answer is None:
            return None
        rcode, records = answer
        body = b"".join(
            encode_name(owner) + struct.pack("!HHIH", kind, 1, 60, len(data)) + data
            for owner, kind, data in records)
        flags, count = 0x8480 | rcode, len(records)
        if 12 + (end - 12) + len(body) > size:
            flags, count, body = flags | 0x0200, 0, b""
        return (packet[:2] + struct.pack("!HHHHH", flags, 1, count, 0, 0)
                + packet[12:end] + body)
