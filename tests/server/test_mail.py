"""Letters of the platform, as an SMTP server on the other side gets them."""

import pytest

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
