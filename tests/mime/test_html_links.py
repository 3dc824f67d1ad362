"""`signet html links` and `html rewrite` over real letters and over what is made to break
them. SIGNET_CORPUS names another folder with html-email/links.json."""

import base64
import json
import os
import pathlib
import random

import pytest

from signetbin import ROOT, fails, one_json, run

FOLDER = pathlib.Path(os.environ.get("SIGNET_CORPUS", ROOT / "tests/corpus")) / "html-email"
EXPECTED = json.loads((FOLDER / "links.json").read_text("utf-8"))
FILES = sorted(EXPECTED)
PREFIX = "https://track.example/c/?a=1&t="


def read(name):
    return (FOLDER / name).read_bytes()


def links(html, *options):
    done = run("html", "links", "--json", *options, stdin=html)
    assert done.returncode == 0, done.stderr
    return one_json(done.stdout)


def rewrite(html, prefix=PREFIX):
    done = run("html", "rewrite", "--prefix", prefix, stdin=html)
    assert done.returncode == 0, done.stderr
    return done.stdout


def brief(found):
    return [(link["element"], link["attribute"], link["value"]) for link in found]


def without_repeats(expected):
    """A parser clones an element that is left open; its attribute stands there once."""
    seen, out = set(), []
    for link in expected:
        place = (link["byte_start"], link["byte_end"])
        if place == (None, None) or place not in seen:
            out.append(link)
        seen.add(place)
    return out


# -- the corpus -------------------------------------------------------------------------

@pytest.mark.parametrize("name", FILES)
def test_the_links_are_those_of_a_parser(name):
    html, expected = read(name), without_repeats(EXPECTED[name]["links"])
    found = links(html)
    plain = [link for link in found if not link.get("conditional")]
    assert brief(plain) == [(e["tag"], e["attr"], e["value"]) for e in expected]
    for link, e in zip(plain, expected):
        if e["byte_start"] is not None:
            assert e["byte_start"] + len(e["attr"]) < link["start"]
            rest = html[link["end"]:e["byte_end"]]
            assert rest == html[link["start"] - 1:link["start"]][:len(rest)]
            assert rest in (b"", b'"', b"'")
    assert len(found) - len(plain) == EXPECTED[name]["conditional_comment_hrefs"]
    assert [link["start"] for link in found] == sorted(link["start"] for link in found)


@pytest.mark.parametrize("name", FILES)
def test_rewriting_changes_trackable_values_only(name):
    html = read(name)
    before, changed = links(html), rewrite(html)
    after = links(changed)
    assert len(before) == len(after)
    at = at_changed = 0
    for old, new in zip(before, after):
        assert html[at:old["start"]] == changed[at_changed:new["start"]]
        at, at_changed = old["end"], new["end"]
        if old["trackable"]:
            assert new["value"].startswith(PREFIX)
            token = new["value"][len(PREFIX):]
            token += "=" * (-len(token) % 4)
            assert base64.urlsafe_b64decode(token).decode() == old["value"]
        else:
            assert html[old["start"]:at] == changed[new["start"]:at_changed]
            assert new == {**old, "start": new["start"], "end": new["end"]}
    assert html[at:] == changed[at_changed:]
    assert rewrite(changed) == changed


@pytest.mark.parametrize("name", FILES)
def test_nothing_trackable_gives_the_same_bytes(name):
    html = read(name).replace(b"http", b"xttp")
    assert rewrite(html) == html


# -- which, and why ---------------------------------------------------------------------

@pytest.mark.parametrize("html, value, why", [
    ('<a href="http://x.example/?a=1&amp;b=2">', "http://x.example/?a=1&b=2", "trackable"),
    ("<A HREF = HTTPS://X.example/>", "HTTPS://X.example/", "trackable"),
    ("<a href=' http://x.example/ '>", " http://x.example/ ", "trackable"),
    ("<a href='ht\ntp://x.example/'>", "ht\ntp://x.example/", "trackable"),
    ("<area href='http://x.example'>", "http://x.example", "trackable"),
    ("<v:roundrect href='http://x.example'>", "http://x.example", "trackable"),
    ("<a href=http://x.example?a&copy=1>", "http://x.example?a&copy=1", "trackable"),
    ("<a href=http://x.example?a&copy;1>", "http://x.example?a\u00a91", "trackable"),
    ("<a href=//x.example>", "//x.example", "relative"),
    ("<a href=x.html>", "x.html", "relative"),
    ("<a href>", "", "empty"),
    ("<a href=''>", "", "empty"),
    ("<a href='#top'>", "#top", "fragment"),
    ("<a href='mailto:me@x.example'>", "mailto:me@x.example", "scheme"),
    ("<a href='java\tscript:x()'>", "java\tscript:x()", "scheme"),
    ("<a href='{{ link }}'>", "{{ link }}", "merge_tag"),
    ("<a href='http://x.example/*|ID|*'>", "http://x.example/*|ID|*", "merge_tag"),
    ("<a href='http://'>", "http://", "no_host"),
    ("<a href='http://x.example' data-signet-no-track>", "http://x.example", "no_track"),
    ("<a data-mt-no-track=1 href='http://x.example'>", "http://x.example", "no_track"),
    ("<img src='http://x.example'>", "http://x.example", "element"),
    ("<base href='http://x.example'>", "http://x.example", "element"),
    ("<a href='http://x.example/" + "y" * 40000 + "'>", None, "too_long"),
])
def test_why(html, value, why):
    found, = links(html.encode())
    assert found["why"] == why and found["trackable"] == (why == "trackable")
    assert value is None or found["value"] == value


@pytest.mark.parametrize("html, values", [
    ("<!-- <a href=1> --><a href=2>", "2"),
    ("<!--><a href=1>--><a href=2>", "12"),
    ("<!-- --!><a href=1>", "1"),
    ("<title><a href=1></title><a href=2>", "2"),
    ("<textarea><a href=1></textarea ><a href=2>", "2"),
    ("<style><a href=1></style/><a href=2>", "2"),
    ("<script>'<a href=1>'</script><a href=2>", "2"),
    ("<script><!--<script></script><a href=1>--></script><a href=2>", "2"),
    ("<xmp><a href=1></xmp><iframe><a href=2></iframe><noembed><a href=3></noembed>"
     "<noframes><a href=4></noframes><a href=5>", "5"),
    ("<noscript><a href=1></noscript>", "1"),
    ("<a href=1><plaintext><a href=2>", "1"),
    ("<a href=1 href=2 HREF=3>", "1"),
    ("<a title='>' href=1>", "1"),
    ("<a href=1", ""),
    ("<a href='1><a href=2>", ""),
    ("</a href=1><a/href=2>", "2"),
    ("<a x=\"href=1\" href=2>", "2"),
    ("< a href=1><1 href=2>", ""),
    ("<svg><title><a href=1></title><style><a href=2></style></svg><style><a href=3>", "12"),
    ("<svg><![CDATA[<a href=1>]]></svg><![CDATA[<a href=2>]]>", ""),
    ("<svg><![CDATA[<a href=1>]]><a href=2></svg>", "2"),
    ("<math><mi><style><a href=1></style></mi><a href=2>", "2"),
    ("<svg><p><style><a href=1></style><a href=2>", "2"),
    ("<?x <a href=1>><!x <a href=2>></3 <a href=3>>", ""),
    ("<image src=1>", "1"),
    ("<a {{#if x}} href=1 {{/if}}>", "1"),
])
def test_what_is_a_tag(html, values):
    assert "".join(link["value"] for link in links(html.encode())) == values


@pytest.mark.parametrize("html, plain, conditional", [
    ("<!--[if mso]><a href=1><![endif]-->", "", "1"),
    ("<!--[if gte mso 9]><v:rect href='1'/><![endif]--><a href=2>", "2", "1"),
    ("<!--[IF (mso)|(IE)]><a href=1><![ENDIF]-->", "", "1"),
    ("<!--[if !mso]><!--><a href=1><!--<![endif]-->", "1", ""),
    ("<!--[if !mso]> --><a href=1><!-- <![endif]-->", "1", ""),
    ("<![if !mso]><a href=1><![endif]>", "1", ""),
    ("<!--[if mso]><a href=1>", "", "1"),
    ("<!--[if mso]><style><a href=1></style><![endif]--><a href=2>", "2", ""),
    ("<!--[if mso]><style><![endif]--><a href=2>", "2", ""),
    ("<!-- [if mso]><a href=1><![endif]-->", "", ""),
    ("<!--[iffy]><a href=1>-->", "", ""),
    ("<!--[if mso]<a href=1>-->", "", ""),
    ("<style><!--[if mso]><a href=1><![endif]--></style>", "", ""),
])
def test_conditional_comments(html, plain, conditional):
    found = links(html.encode())
    assert "".join(f["value"] for f in found if not f.get("conditional")) == plain
    assert "".join(f["value"] for f in found if f.get("conditional")) == conditional
    for f in found:
        assert html[f["start"]:f["end"]] == f["value"]


def test_rewriting_inside_a_conditional_comment_does_not_end_it():
    html = b"<!--[if mso]><a href=http://x.example/\xfb\xef\xbe-><a href='http://y'><![endif]-->"
    for prefix in ("https://t/--", "https://t/-->", "https://t/a\"'`=<>"):
        found = links(rewrite(html, prefix))
        assert [f["conditional"] for f in found] == [True, True]
        assert all(f["value"].startswith(prefix) for f in found)


def test_bytes_that_are_no_text():
    html = b"\xff<a href='http://x.example/\xe9\xff'>\x00<a href=\"http://y.example/\x00\">"
    found = links(html)
    assert [f["value"] for f in found] == ["http://x.example/\\233\\255",
                                           "http://y.example/\ufffd"]
    changed = rewrite(html, "http://t.example/")
    token = changed.split(b"t.example/")[1].split(b"'")[0]
    assert base64.urlsafe_b64decode(token + b"=" * (-len(token) % 4)) == (
        b"http://x.example/\xe9\xff")


def test_the_text_for_people():
    html = b"<img src=a.png>\n<!--[if mso]><v:rect href='http://x.example/\x1b'><![endif]-->"
    assert run("html", "links", stdin=html).stdout.decode() == (
        " 9  img src      element    a.png\n"
        "43  v:rect href  trackable  http://x.example/\\027  (conditional)\n"
        "2 links, 1 trackable\n")
    assert run("html", "links").stdout == b"0 links, 0 trackable\n"


# -- limits -----------------------------------------------------------------------------

def test_the_size_limit():
    for command in (["links"], ["tokens"], ["rewrite", "--prefix", "x"]):
        call = ["html", *command, "--max-bytes", "10"]
        assert run(*call, stdin=b"x" * 10).returncode == 0
        assert "larger than 10 bytes" in fails(*call, stdin=b"x" * 11, status=65)
    assert "links" in fails("html", "links", stdin=b"<a href>" * 1000001, status=65)


MEGA = 1 << 20
MONSTERS = {
    "comments": b"<!--" * MEGA,
    "attributes": b"<a " + b"a " * (2 * MEGA),
    "different attributes": b"<td " + b" ".join(b"a%d" % i for i in range(MEGA // 2)) + b">",
    "conditionals": b"<!--[if mso]>" * (MEGA // 3),
    "conditionals without end": b"<!--[if " * (MEGA // 2),
    "svg": b"<svg>" * MEGA + b"</math>" * (MEGA // 2),
    "scripts": b"<script>" + b"<!--<script>" * (MEGA // 3),
    "ampersands": b"<a href='" + b"&" * (4 * MEGA) + b"'>",
    "half a reference": b"<a href='" + b"&CounterClockwiseContourIntegra" * (MEGA // 8) + b"'>",
    "openings": b"<a href='http://x/" + b"{%" * (2 * MEGA) + b"'>",
    "users": b"<a href='http://" + b"a@" * (2 * MEGA) + b"'>",
    "half an end tag": b"<title>" + b"</titl" * MEGA,
    "quotes": b'<a b="' * MEGA,
    "NUL": b"\0" * (4 * MEGA),
}


@pytest.mark.parametrize("html", MONSTERS.values(), ids=MONSTERS.keys())
def test_time_is_linear(html):
    for command in (["links", "--json"], ["links"], ["tokens"], ["rewrite", "--prefix", "x"]):
        run("html", *command, stdin=html)


def test_any_bytes():
    chance = random.Random(5)
    atoms = [b"<", b">", b"'", b'"', b"=", b"/", b" ", b"a", b"href", b"<a ", b"<!--", b"-->",
             b"[if mso]>", b"&", b"&amp;", b"&#1;", b"\0", b"\r\n", b"\xff", b"http://x",
             b"<script>", b"</script>", b"<svg>", b"<![CDATA[", b"]]>", b"<!doctype "]
    for _ in range(150):
        html = b"".join(chance.choice(atoms) for _ in range(chance.randrange(200)))
        before = links(html)
        assert len(links(rewrite(html))) == len(before)
        one_json(run("html", "tokens", stdin=html).stdout)
