"""What the README shows of letters is what is printed."""

import difflib

from signetbin import ROOT, run

README = (ROOT / "README.md").read_text()
LETTER = (ROOT / "docs/spring.eml").read_bytes()


def test_the_links_of_the_letter():
    done = run("mail", "links", stdin=LETTER)
    assert "mail links <docs/spring.eml\n" + done.stdout.decode() in README


def test_the_rewritten_lines_of_the_letter():
    done = run("mail", "rewrite", "--prefix", "https://track.acme.example/click/",
               stdin=LETTER)
    before, after = LETTER.decode().splitlines(), done.stdout.decode().splitlines()
    changed = [line for line in difflib.ndiff(before, after) if line[0] in "+-"]
    assert len(changed) == 3
    for line in changed:
        assert {"-": "< ", "+": "> "}[line[0]] + line[2:] in README
