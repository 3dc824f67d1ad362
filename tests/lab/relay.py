"""The fault switch: one process in front of all servers of the lab.

For each server it owns 127.0.0.x:53 (UDP and TCP) and passes every message to the
real server behind it (same address, port 5300) and back, unless a fault is set.
Faults are set through a unix socket, one JSON object a line, and are in force when
the answer arrives:

    {"op": "fault", "server": "godaddy1", "kind": "slow", "ms": 300, "type": "TXT"}
    {"op": "questions", "server": "godaddy1"}    (also forgets them)

Started by the lab as: relay.py SOCKET name=address ...
"""

import asyncio
import collections
import json
import signal
import socket
import struct
import sys

import wire
from wire import BACK_PORT

ROOT_NAME = "a.root"
KINDS = ("none", "drop", "servfail", "refused", "lame", "truncated", "slow",
         "garbage", "bogus")
LOG_LENGTH = 4096


class Fault:
    """One fault and the questions it is for."""

    def __init__(self, kind, ms=0, name=None, kind_of_question=None, zone=None):
        self.kind = kind
        self.delay = ms / 1000
        self.name = name.rstrip(".").lower() if name is not None else None
        self.type = wire.type_number(kind_of_question) if kind_of_question else None
        self.zone = zone.rstrip(".").lower() if zone is not None else None

    def scope(self):
        return self.name, self.type, self.zone

    def is_for_all(self):
        return self.scope() == (None, None, None)

    def matches(self, name, kind):
        if self.name is not None and name != self.name:
            return False
        if self.type is not None and kind != self.type:
            return False
        if self.zone is None:
            return True
        return name == self.zone or name.endswith("." + self.zone)

    def answer(self, packet):
        """The faulty answer; None is silence."""
        if self.kind == "servfail":
            return wire.reply(packet, wire.SERVFAIL)
        if self.kind == "refused":
            return wire.reply(packet, wire.REFUSED)
        if self.kind == "lame":
            return wire.upward_referral(packet, ROOT_NAME)
        if self.kind == "truncated":
            return wire.reply(packet, flags=wire.TC)
        if self.kind == "garbage":
            return wire.garbage(packet)
        return None


class Front:
    """One server's public address."""

    def __init__(self, name, address):
        self.name = name
        self.address = address
        self.faults = []
        self.pending = {}
        self.next_id = 0
        self.udp_count = 0
        self.tcp_count = 0
        self.log = collections.deque(maxlen=LOG_LENGTH)
        self.listener = None
        self.loop = asyncio.get_running_loop()
        self.client_side = self._udp_socket()
        self.client_side.bind((address, 53))
        self.server_side = self._udp_socket()
        self.server_side.connect((address, BACK_PORT))
        self.loop.add_reader(self.client_side, self._read_clients)
        self.loop.add_reader(self.server_side, self._read_server)

    @staticmethod
    def _udp_socket():
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        return sock

    async def open_tcp(self):
        """A whole server without TCP refuses the connection itself."""
        wanted = not any(fault.kind == "truncated" and fault.is_for_all()
                         for fault in self.faults)
        if wanted and self.listener is None:
            self.listener = await asyncio.start_server(
                self._serve_tcp, self.address, 53, reuse_address=True, backlog=256)
        elif not wanted and self.listener is not None:
            self.listener.close()
            self.listener = None

    def match(self, packet):
        asked = wire.question(packet)
        if asked is None:
            return next((f for f in self.faults if f.is_for_all()), None)
        for fault in reversed(self.faults):
            if fault.matches(asked[0], asked[1]):
                return fault
        return None

    def _read_clients(self):
        for _ in range(64):
            try:
                packet, client = self.client_side.recvfrom(65535)
            except OSError:
                return
            if len(packet) < 12:
                continue
            self.udp_count += 1
            self.log.append(packet)
            fault = self.match(packet) if self.faults else None
            if fault is None or fault.kind == "bogus":
                self._forward(packet, client, fault)
            elif fault.kind == "slow":
                self.loop.call_later(fault.delay, self._forward, packet, client, None)
            else:
                self._send(fault.answer(packet), client)

    def _forward(self, packet, client, fault):
        self.next_id = (self.next_id + 1) & 0xffff
        self.pending[self.next_id] = (client, packet[:2], fault)
        try:
            self.server_side.send(self.next_id.to_bytes(2, "big") + packet[2:])
        except OSError:
            self.pending.pop(self.next_id, None)

    def _read_server(self):
        for _ in range(64):
            try:
                packet = self.server_side.recv(65535)
            except OSError:
                return
            waiting = self.pending.pop(int.from_bytes(packet[:2], "big"), None)
            if waiting is None:
                continue
            client, ident, fault = waiting
            if fault is not None:
                packet = wire.spoil_signatures(packet)
            self._send(ident + packet[2:], client)

    def _send(self, packet, client):
        if packet is None:
            return
        try:
            self.client_side.sendto(packet, client)
        except OSError:
            pass

    async def _serve_tcp(self, reader, writer):
        back = None
        try:
            while True:
                packet = await _read_message(reader)
                self.tcp_count += 1
                self.log.append(packet)
                fault = self.match(packet) if self.faults else None
                if fault is not None and fault.kind == "truncated":
                    writer.transport.abort()
                    return
                if fault is not None and fault.kind == "slow":
                    await asyncio.sleep(fault.delay)
                elif fault is not None and fault.kind != "bogus":
                    _write_message(writer, fault.answer(packet))
                    continue
                if back is None:
                    back = await asyncio.open_connection(self.address, BACK_PORT)
                _write_message(back[1], packet)
                answer = await _read_message(back[0])
                if fault is not None and fault.kind == "bogus":
                    answer = wire.spoil_signatures(answer)
                _write_message(writer, answer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            if back is not None:
                back[1].close()

    async def set_fault(self, fault):
        if fault.kind == "none" and fault.is_for_all():
            self.faults = []
        else:
            self.faults = [f for f in self.faults if f.scope() != fault.scope()]
        if fault.kind != "none":
            self.faults.append(fault)
            self.faults.sort(key=lambda f: not f.is_for_all())
        await self.open_tcp()

    def take_questions(self):
        asked = [wire.question(packet) for packet in self.log]
        self.log.clear()
        counts = {"udp": self.udp_count, "tcp": self.tcp_count}
        self.udp_count = self.tcp_count = 0
        names = [[a[0], wire.type_name(a[1])] for a in asked if a is not None]
        return {"counts": counts, "questions": names}


async def _read_message(reader):
    size = int.from_bytes(await reader.readexactly(2), "big")
    if size < 12:
        raise OSError("message too short")
    return await reader.readexactly(size)


def _write_message(writer, packet):
    if packet is not None:
        writer.write(struct.pack("!H", len(packet)) + packet)


async def command(fronts, request):
    """Carries out one request of the control socket."""
    if request["op"] == "ping":
        return {}
    if request["op"] == "reset":
        for front in fronts.values():
            await front.set_fault(Fault("none"))
        return {}
    front = fronts.get(request.get("server"))
    if front is None:
        return {"error": f"no server {request.get('server')!r} behind the relay"}
    if request["op"] == "questions":
        return front.take_questions()
    if request["op"] != "fault" or request.get("kind") not in KINDS:
        return {"error": f"unknown request {request!r}"}
    await front.set_fault(Fault(request["kind"], request.get("ms") or 0,
                                request.get("name"), request.get("type"),
                                request.get("zone")))
    return {}


async def main(path, names):
    fronts = {}
    for item in names:
        name, address = item.split("=")
        fronts[name] = Front(name, address)
        await fronts[name].open_tcp()

    async def serve(reader, writer):
        while line := await reader.readline():
            try:
                answer = await command(fronts, json.loads(line))
            except (KeyError, ValueError, OSError) as problem:
                answer = {"error": f"{type(problem).__name__}: {problem}"}
            writer.write(json.dumps(answer).encode() + b"\n")
        writer.close()

    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await asyncio.start_unix_server(serve, path)
    await stop.wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2:]))
