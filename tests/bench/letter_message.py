"""The message that bench-letter sends: 58 kB, multipart/alternative, 120 links, quoted-
printable as newsletters are, made from the same words each time."""

import email.policy
import random
from email.message import EmailMessage

WORDS = ("the order has left our house and is on its way to you with every part that you "
         "asked for please look at it when it comes and tell us what you think grüße für "
         "alle die es lesen new prices for spring a longer warranty and better bags").split()
SIZE, LINKS = 58 * 1024, 120


def sentence(rng, n):
    return " ".join(rng.choice(WORDS) for _ in range(n)).capitalize() + "."


def url(rng, i):
    return ("https://www.acme.example/shop/%s-%s/item-%d?utm_source=news&utm_medium=email"
            "&id=%06d" % (rng.choice(WORDS[:40]), rng.choice(WORDS[:40]), i, rng.randrange(10**6)))


def html(rng, links, filler):
    rows = []
    for i in range(links):
        rows.append(
            '<tr><td style="padding:8px 16px;font-family:Helvetica,Arial,sans-serif;font-size:'
            '15px;line-height:22px;color:#333333"><p style="margin:0 0 8px">%s</p>'
            '<a href="%s" style="color:#0b57d0;text-decoration:none">%s</a></td></tr>'
            % (sentence(rng, filler), url(rng, i).replace("&", "&amp;"), sentence(rng, 3)))
    return ('<!DOCTYPE html>\n<html><head><meta charset="utf-8"><title>News</title><style>'
            "a:hover{color:#000}</style></head><body>\n"
            '<table role="presentation" width="600">\n%s\n</table>\n'
            '<p><a href="__unsubscribe_url__">Unsubscribe</a></p>\n</body></html>\n'
            % "\n".join(rows))


def build(filler, text_links=20):
    rng = random.Random(7)
    m = EmailMessage(policy=email.policy.SMTP)
    m["From"] = "Acme News <news@acme.example>"
    m["To"] = "Ann Reader <ann@reader.example>"
    m["Subject"] = "What is new in spring"
    m["Date"] = "Tue, 14 Nov 2023 22:13:20 +0000"
    m["Message-ID"] = "<20231114221320.7@acme.example>"
    m["Reply-To"] = "help@acme.example"
    m["X-Campaign"] = "spring-7"
    lines = []
    for i in range(text_links):
        lines += [sentence(rng, 12), url(rng, 1000 + i), ""]
    m.set_content("\n".join(lines) + "\nUnsubscribe: __unsubscribe_url__\n",
                  cte="quoted-printable")
    m.add_alternative(html(rng, LINKS - text_links, filler), subtype="html",
                      cte="quoted-printable")
    return m.as_bytes()


def message():
    """The one of these whose size is nearest to SIZE."""
    return min((build(filler) for filler in range(1, 40)), key=lambda m: abs(len(m) - SIZE))
