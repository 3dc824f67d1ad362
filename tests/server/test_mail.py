"""Letters of the platform, as an SMTP server on the other side gets them."""

import pytest

from server import SIGNET, Server, until
from smtpsink import SmtpSink


@pytest.fixture(scope="module")
def sink():
    with SmtpSink() as running:
        yield running


@pytest.fixture(scope="module")
def options(sink):
    return {"mail.relay": sink.address}


def test_instructions_for_a_colleague(lab, server, sink):
    """S3-12, S1-30, S1-42: the records by mail, as text and HTML, in the words of the
    provider that has the DNS."""
    lab.host("letter.example", "@ A 198.51.100.1\n", "godaddy")
    server.add("letter.example")
    server.verify("letter.example")
    reply = server.api.post("/v1/domains/letter.example/instructions",
                            {"to": "dns@letter.example", "message": "Please, Joe."})
    assert reply.status == 202, reply
    sender, to, letter = sink.wait()
    assert sender == "signet@mail.example" and to == ["dns@letter.example"]
    assert "letter.example" in letter["Subject"] and letter["Date"] and letter["Message-ID"]
    text = letter.get_body(("plain",)).get_content()
    html = letter.get_body(("html",)).get_content()
    for record in server.api.ok("GET", "/v1/domains/letter.example/records")["records"]:
        assert record["host"] in text and record["host"] in html
        assert record["value"][:40] in text.replace("\n", "")
    for body in (text, html):
        assert "GoDaddy" in body and "Please, Joe." in body


@pytest.mark.parametrize("to", ["", "nobody", "a@b\r\nRCPT TO:<c@d.example>", 7])
def test_no_address_no_letter(server, sink, to):
    server.api.post("/v1/domains", {"name": "quiet.example"})
    reply = server.api.post("/v1/domains/quiet.example/instructions", {"to": to})
    assert reply.status == 422 and reply.pointers == ["/to"]
    assert sink.letters.empty()


@pytest.fixture
def own(tmp_path):
    """A server that the test may stop, and its relay."""
    with SmtpSink(refuse="451 4.7.1 later") as relay, \
            Server(SIGNET, tmp_path, **{"clock.test": "yes", "mail.relay": relay.address,
                                        "log.level": "debug"}) as running:
        yield running, relay


def ask_for_letter(server):
    server.api.ok("POST", "/v1/domains/letter.example/instructions",
                  {"to": "dns@letter.example"})


def test_a_letter_outlasts_restarts(own):
    """Refused for now, it waits for its time, whoever is killed meanwhile."""
    server, relay = own
    server.add("letter.example")
    ask_for_letter(server)
    until(lambda: "mail.not_sent" in server.log(), "the relay's first word")
    assert server.kill("core")
    until(lambda: "mail.not_sent" in server.log() and server.is_up(), "core to be back")
    server.stop()
    relay.refuse = None
    server.start()
    assert relay.letters.empty(), "not before its time"
    server.shift(31)
    sender, to, letter = relay.wait()
    assert to == ["dns@letter.example"] and "letter.example" in letter["Subject"]
    until(lambda: server.log().count("mail.sent") == 1, "its end")
    server.shift(3600)
    assert server.stop() == 0 and relay.letters.empty()


def test_a_letter_is_given_up_in_the_end(own):
    server, relay = own
    server.add("letter.example")
    ask_for_letter(server)
    for tries, wait in enumerate((30, 120, 600, 1800, 7200, 0), 1):
        until(lambda: server.log().count("mail.not_sent") == tries, f"try {tries}")
        server.shift(wait + 1)
    relay.refuse = None
    ask_for_letter(server)
    relay.wait()
    server.shift(24 * 3600)
    assert relay.letters.empty() and server.log().count("mail.not_sent") == 6


def test_letters_that_wait_are_not_held_by_one_that_fails(own):
    """The next is tried while the first waits for its time."""
    server, relay = own
    server.add("letter.example")
    ask_for_letter(server)
    until(lambda: "mail.not_sent" in server.log(), "the first word")
    relay.refuse = None
    ask_for_letter(server)
    relay.wait()
    assert relay.letters.empty()
    server.shift(31)
    relay.wait()
