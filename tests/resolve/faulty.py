"""A DNS server that misbehaves as the first label of the asked name says."""
import random
import socket
import struct
import threading
import time

NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED = 0, 1, 2, 3, 4, 5
TXT, CNAME, SOA = 16, 5, 6


def wire_name(name):
    labels = [label for label in name.split(".") if label]
    return b"".join(bytes([len(p)]) + p.encode() for p in labels) + b"\0"


def record(name, rtype, rdata, ttl=60):
    return wire_name(name) + struct.pack("!HHIH", rtype, 1, ttl, len(rdata)) + rdata


def text(name, value="ok"):
    return record(name, TXT, bytes([len(value)]) + value.encode())


def alias(name, target):
    return record(name, CNAME, wire_name(target))


def soa(zone):
    return record(zone, SOA, wire_name("ns." + zone) + wire_name("host." + zone)
                  + struct.pack("!IIIII", 1, 2, 3, 4, 5))


class Query:
    def __init__(self, packet):
        self.id = packet[:2]
        self.has_edns = packet[10:12] != b"\0\0"
        labels, at = [], 12
        while packet[at]:
            labels.append(packet[at + 1:at + 1 + packet[at]].decode())
            at += 1 + packet[at]
        self.name = ".".join(labels)
        self.kind = labels[0] if labels else ""
        self.question = packet[12:at + 5]

    def reply(self, rcode=NOERROR, answer=(), authority=(), flags=0x8400, **changes):
        header = changes.get("id", self.id) + struct.pack(
            "!HHHHH", flags | rcode, 1, len(answer), len(authority), 0)
        return header + changes.get("question", self.question) + b"".join(
            list(answer) + list(authority))

    def header_only(self, rcode):
        return self.id + struct.pack("!HHHHH", 0x8000 | rcode, 0, 0, 0, 0)


class Faulty:
    """Listens on one port of 127.0.0.1 by UDP and, unless told otherwise, by TCP."""

    def __init__(self, tcp=True):
        self.seen = {}
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.udp.bind(("127.0.0.1", 0))
        self.port = self.udp.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        threading.Thread(target=self.serve_udp, daemon=True).start()
        if tcp:
            self.tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            self.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.tcp.bind(("127.0.0.1", self.port))
            self.tcp.listen(64)
            threading.Thread(target=self.serve_tcp, daemon=True).start()

    def serve_udp(self):
        while True:
            packet, client = self.udp.recvfrom(4096)
            query = Query(packet)
            count = self.seen[query.name] = self.seen.get(query.name, 0) + 1
            for reply in self.udp_replies(query, count):
                self.udp.sendto(reply, client)

    def udp_replies(self, q, count):
        ok = q.reply(answer=[text(q.name)])
        other = bytes([q.id[0] ^ 0x55, q.id[1]])
        if q.kind.startswith("silent"):
            return []
        if q.kind == "garbage":
            return [random.randbytes(40)]
        if q.kind == "short":
            return [b"", b"\0", q.id]
        if q.kind == "spoofed":
            bad = text(q.name, "spoofed")
            return [q.reply(answer=[bad], id=other),
                    q.reply(answer=[bad], question=wire_name("x.test") + b"\0\x10\0\1"),
                    q.reply(answer=[bad], flags=0x0400), ok]
        if q.kind == "wrongid":
            return [q.reply(answer=[text(q.name)], id=other)]
        if q.kind == "second":
            return [ok] if count > 1 else []
        if q.kind == "malformed":
            return [q.reply(answer=[b"\xc0\xff\xff\xff"])]
        if q.kind.startswith("tc"):
            return [q.reply(flags=0x8600)]
        if q.kind == "oldedns":
            return [q.reply(FORMERR) if q.has_edns else ok]
        if q.kind == "oldheader":
            return [q.header_only(FORMERR) if q.has_edns else ok]
        if q.kind == "notimp":
            return [q.reply(NOTIMP)]
        if q.kind == "servfail":
            return [q.reply(SERVFAIL)]
        if q.kind == "refused":
            return [q.reply(REFUSED)]
        if q.kind == "refusedheader":
            return [q.header_only(REFUSED)]
        return [self.chain_reply(q) or ok]

    def chain_reply(self, q):
        if q.kind == "half":
            return q.reply(answer=[alias(q.name, "end.test")])
        if q.kind == "halfgone":
            return q.reply(answer=[alias(q.name, "gone.test")])
        if q.kind == "halfrefused":
            return q.reply(answer=[alias(q.name, "refused.test")])
        if q.kind == "loop":
            return q.reply(answer=[alias(q.name, "pool.test")])
        if q.kind == "pool":
            return q.reply(answer=[alias(q.name, "loop.test")])
        if q.kind.startswith("hop"):
            return q.reply(answer=[alias(q.name, f"hop{int(q.kind[3:]) + 1}.test")])
        if q.kind == "gone":
            return q.reply(NXDOMAIN, authority=[soa("test")])
        if q.kind == "nodata":
            return q.reply(authority=[soa("test")])
        return None

    def serve_tcp(self):
        while True:
            client, _ = self.tcp.accept()
            threading.Thread(target=self.tcp_session, args=(client,),
                             daemon=True).start()

    def tcp_session(self, client):
        with client:
            length = struct.unpack("!H", client.recv(2, socket.MSG_WAITALL))[0]
            q = Query(client.recv(length))
            reply = q.reply(answer=[text(q.name, 200 * "x")] * 1)
            if q.kind == "tcsilent":
                time.sleep(5)
            elif q.kind == "tcclose":
                client.send(b"\0")
            elif q.kind == "tcagain":
                reply = q.reply(flags=0x8600)
                client.send(struct.pack("!H", len(reply)) + reply)
            elif q.kind == "tcslow":
                for byte in struct.pack("!H", len(reply)) + reply:
                    client.send(bytes([byte]))
                    time.sleep(0.001)
            else:
                client.send(struct.pack("!H", len(reply)) + reply)
