"""The job of bench-letter by Python libraries: the email package reads and writes the
message, html5lib the HTML, dkimpy signs and verifies it.

usage: letter_peer.py MESSAGE KEY.pem RECORD SECONDS
"""

import base64
import email
import email.policy
import re
import sys
import time

import dkim
import html5lib

TAG = "__unsubscribe_url__"
UNSUBSCRIBE = "https://track.acme.example/unsubscribe/AQIDBAUG"
PIXEL = "https://track.acme.example/open/AQIDBAUGBwgJCgsM.png"
NAMESPACE = "{http://www.w3.org/1999/xhtml}"
links = 0


def seal(url):
    global links
    links += 1
    return ("https://track.acme.example/click/"
            + base64.urlsafe_b64encode(url.encode()).decode().rstrip("="))


def rewrite_html(html):
    tree = html5lib.parse(html)
    for a in tree.iter(NAMESPACE + "a"):
        if re.match("https?:", a.get("href", "")):
            a.set("href", seal(a.get("href")))
    pixel = tree.makeelement(NAMESPACE + "img", {"src": PIXEL, "width": "1", "height": "1"})
    tree.find(NAMESPACE + "body").append(pixel)
    return html5lib.serialize(tree, quote_attr_values="always").replace(TAG, UNSUBSCRIBE)


def send(message, key, record):
    global links
    links = 0
    mail = email.message_from_bytes(message, policy=email.policy.SMTP)
    for part in mail.walk():
        if part.get_content_type() == "text/html":
            part.set_content(rewrite_html(part.get_content()), subtype="html",
                             cte="quoted-printable")
        elif part.get_content_type() == "text/plain":
            text = re.sub(r"https?://\S+", lambda m: seal(m[0]), part.get_content())
            part.set_content(text.replace(TAG, UNSUBSCRIBE), cte="quoted-printable")
    mail["List-Unsubscribe"] = "<%s>" % UNSUBSCRIBE
    mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    out = mail.as_bytes()
    out = dkim.sign(out, b"s1", b"acme.example", key,
                    canonicalize=(b"relaxed", b"relaxed")) + out
    assert dkim.verify(out, dnsfunc=lambda *_, **__: record)


def main():
    with open(sys.argv[1], "rb") as f:
        message = f.read()
    with open(sys.argv[2], "rb") as f:
        key = f.read()
    record, seconds = sys.argv[3].encode(), float(sys.argv[4])
    send(message, key, record)
    start, n = time.process_time(), 0
    while time.process_time() - start < seconds:
        send(message, key, record)
        n += 1
    print("letters %d links %d us %.2f" % (n, links, (time.process_time() - start) / n * 1e6))


if __name__ == "__main__":
    main()
