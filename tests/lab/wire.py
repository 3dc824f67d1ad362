"""DNS messages as bytes: just enough to ask, to tell and to spoil.

The lab's truth comes from NSD and Unbound; this module only lets the lab wait for
a SOA serial, lets the relay see which question a packet asks, and damages answers
on purpose.  RFC 1035 §4 (messages), RFC 4034 §3.1 (RRSIG), RFC 6891 (EDNS).
"""

import os
import socket
import struct

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16,
         "AAAA": 28, "DS": 43, "RRSIG": 46, "DNSKEY": 48, "TLSA": 52, "SPF": 99,
         "CAA": 257}
RRSIG = 46
BACK_PORT = 5300  # where a server listens behind the relay
NOERROR, SERVFAIL, REFUSED = 0, 2, 5
TC, RD = 0x0200, 0x0100


def type_number(kind):
    """The number of a type given by name ("TXT"), as TYPE65 or as a number."""
    if isinstance(kind, int):
        return kind
    kind = kind.upper()
    if kind.startswith("TYPE"):
        return int(kind[4:])
    return TYPES[kind]


def type_name(number):
    names = {value: key for key, value in TYPES.items()}
    return names.get(number, f"TYPE{number}")


def encode_name(name):
    out = b""
    for label in name.rstrip(".").split("."):
        if label:
            raw = label.encode("latin-1")
            out += bytes([len(raw)]) + raw
    return out + b"\0"


def query(name, kind, ident=None):
    if ident is None:
        ident = int.from_bytes(os.urandom(2), "big")
    head = struct.pack("!6H", ident, 0, 1, 0, 0, 0)
    return head + encode_name(name) + struct.pack("!2H", type_number(kind), 1)


def question(packet):
    """(name in lower case, type, end of the question), or None if unreadable."""
    labels, at = [], 12
    try:
        while packet[at]:
            size = packet[at]
            if size > 63:
                return None
            labels.append(packet[at + 1:at + 1 + size].decode("latin-1").lower())
            at += 1 + size
        kind = int.from_bytes(packet[at + 1:at + 3], "big")
    except IndexError:
        return None
    return ".".join(labels), kind, at + 5


def skip_name(packet, at):
    while packet[at]:
        if packet[at] >= 0xc0:
            return at + 2
        at += 1 + packet[at]
    return at + 1


def records(packet):
    """Yields (section 1..3, type, start of the data, its length)."""
    counts = struct.unpack_from("!4H", packet, 4)
    at = 12
    for _ in range(counts[0]):
        at = skip_name(packet, at) + 4
    for section in (1, 2, 3):
        for _ in range(counts[section]):
            at = skip_name(packet, at)
            kind, _cls, _ttl, size = struct.unpack_from("!HHIH", packet, at)
            yield section, kind, at + 10, size
            at += 10 + size


def soa_serial(packet):
    """The serial of the SOA in the answer section, or None."""
    for section, kind, at, _size in records(packet):
        if section == 1 and kind == TYPES["SOA"]:
            at = skip_name(packet, skip_name(packet, at))
            return struct.unpack_from("!I", packet, at)[0]
    return None


def ask(address, name, kind, timeout=0.2, port=53):
    """One question by UDP; the raw answer, or None on silence."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(timeout)
        try:
            sock.connect((address, port))
            sock.send(query(name, kind))
            return sock.recv(65535)
        except OSError:
            return None


def reply(packet, rcode=NOERROR, flags=0, authority=b"", authority_count=0):
    """An answer of our own: header, the question as asked, maybe authority data."""
    asked = question(packet)
    end = asked[2] if asked else 12
    echo = int.from_bytes(packet[2:4], "big") & (0x7800 | RD)
    head = struct.pack("!2s5H", packet[:2], 0x8000 | echo | flags | rcode,
                       1 if asked else 0, 0, authority_count, 0)
    return head + packet[12:end] + authority


def upward_referral(packet, root_name):
    """What a server that was never told of the zone used to say: ask the root."""
    target = encode_name(root_name)
    record = b"\0" + struct.pack("!HHIH", TYPES["NS"], 1, 3600, len(target)) + target
    return reply(packet, authority=record, authority_count=1)


def garbage(packet):
    """Right id, right question, then records that are not there."""
    answer = bytearray(reply(packet))
    answer[6:8] = b"\0\3"
    return bytes(answer) + b"\xc0\xff\0\1\0\1\xff"


def spoil_signatures(packet):
    """Flips a bit of every RRSIG, so that validation must fail."""
    spoiled = bytearray(packet)
    try:
        for _section, kind, at, size in records(packet):
            if kind == RRSIG and size > 20:
                spoiled[at + size - 1] ^= 0x01
    except (IndexError, struct.error):
        pass
    return bytes(spoiled)
