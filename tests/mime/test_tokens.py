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
