#!/usr/bin/env python3
"""Writes a letter of 58 kB for dkim_bench: indented HTML in quoted-printable, the same
bytes on every run."""

import random
import sys

HEADER = """From: Acme News <news@acme.example>
To: you@there.example
Subject: The offers of this week
Date: Mon, 09 Feb 2026 23:17:44 +0000
Message-ID: <20260209231744.1@acme.example>
MIME-Version: 1.0
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: quoted-printable
List-Unsubscribe: <https://acme.example/u/123>
List-Unsubscribe-Post: List-Unsubscribe=One-Click
"""
WORDS = ('the offers of this week for you and yours <a href=3D"https://acme.example/o?x=3D1">'
         '</a> <td style=3D"color:#123456;"> class=3D"mso" &nbsp; =C3=A4hnlich').split()
BYTES = 58000


def main():
    chance = random.Random(1)
    lines = HEADER.splitlines() + [""]
    size = 0
    while size < BYTES:
        line = "  " * chance.randrange(8)
        while len(line) < 60:
            line += chance.choice(WORDS) + " "
        lines.append(line.rstrip()[:75])
        size += len(lines[-1]) + 2
    sys.stdout.buffer.write("\r\n".join(lines).encode() + b"\r\n")


main()
