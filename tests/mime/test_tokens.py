"""html5lib's tokenizer tests against `signet html tokens`: every test of every file, in
each of its states. SIGNET_CORPUS names another folder of them."""

import json
import os
import pathlib
import re

import pytest

from signetbin import ROOT, one_json, run

FOLDER = pathlib.Path(os.environ.get("SIGNET_CORPUS", ROOT / "tests/corpus")) / "html5lib-tokenizer"


def unescape(value):
    """The second unescaping that doubleEscaped asks for, in texts, keys and lists."""
    if isinstance(value, str):
        return re.sub(r"\\u([0-9A-Fa-f]{4})", lambda m: chr(int(m[1], 16)), value)
    if isinstance(value, list):
        return [unescape(v) for v in value]
    if isinstance(value, dict):
        return {unescape(k): unescape(v) for k, v in value.items()}
    return value


def is_lone(text):
    """Whether a text has a lone surrogate, which no UTF-8 can carry."""
    return re.search("[\ud800-\udfff]", text) is not None


def join_pairs(value):
    """Escaped surrogate pairs as the characters they mean."""
    return json.loads(json.dumps(value))


def cases():
    for path in sorted(FOLDER.glob("*.test")):
        content = json.loads(path.read_text("utf-8"))
        for test in content.get("tests", []):
            if test.get("doubleEscaped"):
                test = {**test, "input": join_pairs(unescape(test["input"])),
                        "output": join_pairs(unescape(test["output"]))}
            for state in test.get("initialStates", ["Data state"]):
                yield pytest.param(test, state, id=f"{path.stem}-{test['description']}-{state}")


def test_there_are_tests():
    assert len(list(cases())) > 220


@pytest.mark.parametrize("test, state", cases())
def test_tokens(test, state):
    if is_lone(test["input"]):
        pytest.skip("a lone surrogate is no text that bytes can carry")
    options = ["--state", state]
    if "lastStartTag" in test:
        options += ["--last-start-tag", test["lastStartTag"]]
    done = run("html", "tokens", *options, stdin=test["input"].encode("utf-8"))
    assert done.returncode == 0
    assert one_json(done.stdout) == test["output"]


def tokens(html, *options):
    return one_json(run("html", "tokens", *options, stdin=html).stdout)


@pytest.mark.parametrize("html, text", [
    (b"\xe2\x82A", "\ufffdA"), (b"\xed\xa0\x80", "\ufffd" * 3), (b"\xf0\x9f\x98", "\ufffd"),
    (b"\xc0\xaf", "\ufffd" * 2), (b"\xf4\x90\x80", "\ufffd" * 3), (b"\xff\xfe", "\ufffd" * 2),
    (b"\xef\xbb\xbfx", "\ufeffx"), (b"a\r\nb\rc\r\r\n", "a\nb\nc\n\n"), (b"\0", "\0"),
    (b"\"\\/\x01\x7f\xc2\x80", "\"\\/\x01\x7f\x80"),
])
def test_bytes_are_decoded(html, text):
    assert tokens(html) == [["Character", text]]
    assert tokens(b"<!--" + html + b"-->") == [["Comment", text.replace("\0", "\ufffd")]]


@pytest.mark.parametrize("html, data, rest", [
    ("<!-->x-->", "", "x-->"), ("<!--->x", "", "x"), ("<!---->x", "", "x"),
    ("<!--a--!>x", "a", "x"), ("<!--a--!-->x", "a--!", "x"), ("<!--a--->x", "a-", "x"),
    ("<!--a<!-->x", "a<!", "x"), ("<!--!>x-->", "!>x", ""), ("<!---!>-->", "-!>", ""),
    ("<!--a--", "a", ""), ("<!--a---", "a-", ""), ("<!--a--!", "a", ""), ("<!--", "", ""),
    ("<!-", "-", ""), ("<!>x", "", "x"), ("<?a?>x", "?a?", "x"), ("</ a>x", " a", "x"),
    ("<![CDATA[a]]>x", "[CDATA[a]]", "x"),
])
def test_comments(html, data, rest):
    assert tokens(html.encode()) == [["Comment", data]] + ([["Character", rest]] if rest else [])


@pytest.mark.parametrize("html, doctype", [
    ("<!DOCTYPE>", [None, None, None, False]), ("<!doctypeHTML>", ["html", None, None, True]),
    ("<!DOCTYPE html", ["html", None, None, False]),
    ("<!DOCTYPE a PUBLIC 'p'>", ["a", "p", None, True]),
    ("<!DOCTYPE a PUBLIC'p'\"s\"x>", ["a", "p", "s", True]),
    ("<!DOCTYPE a PUBLIC 'p' x 's'>", ["a", "p", None, False]),
    ("<!DOCTYPE a PUBLIC 'p>'>", ["a", "p", None, False]),
    ("<!DOCTYPE a system's' x>", ["a", None, "s", True]),
    ("<!DOCTYPE a SYSTEM 's", ["a", None, "s", False]),
    ("<!DOCTYPE a SYSTEM 's' x", ["a", None, "s", True]),
    ("<!DOCTYPE a SYSTEM>", ["a", None, None, False]),
    ("<!DOCTYPE a PUBLICS 's'>", ["a", None, None, False]),
    ("<!DOCTYPE \0\r\n>", ["\ufffd", None, None, True]),
])
def test_doctypes(html, doctype):
    assert tokens(html.encode())[0] == ["DOCTYPE", *doctype]


@pytest.mark.parametrize("html, rest", [
    ("<!--<script></script>--></script>x", "x"), ("<!--</script>x", "x"),
    ("<!--<script>--></script>x", "x"), ("<!--<script></script></script>x", "x"),
    ("<!--><script></script>x", "x"), ("<!--<scripty></script>x", "x"),
    ("<!--<script/</script/</script>x", "x"), ("<!--<script></script>", None),
    ("</scripty></script>x", "x"), ("</script", None),
])
def test_scripts(html, rest):
    found = tokens(html.encode(), "--state", "script data state", "--last-start-tag", "SCRIPT")
    assert (found[-1] == ["Character", rest] and ["EndTag", "script"] in found) == bool(rest)
