"""`signet config`: which value holds, where it comes from, and what is wrong with it."""

import pytest

from signetbin import ROOT, fails, one_json, run


def write(tmp_path, text):
    path = tmp_path / "signet.conf"
    path.write_text(text)
    return str(path)


def test_check(tmp_path):
    path = write(tmp_path, "keys.pool = 3\n")
    assert run("config", "check", "--config", path).stdout == f"{path}: ok\n".encode()
    answer = one_json(run("config", "check", "--config", path, "--json").stdout)
    assert answer == {"ok": True, "file": path}
    done = run("config", "check", env={"SIGNET_CONFIG": path})
    assert done.stdout == f"{path}: ok\n".encode()


@pytest.mark.parametrize("text,args,status,error", [
    ("keys.pool = 3\nkeys.pol = 1\n", [], 65,
     "{path}:2: keys.pol: unknown option, did you mean keys.pool?"),
    ("keys.pool = many\n", [], 65,
     '{path}:1: keys.pool: "many" is not a number from 0 to 100000'),
    ("instance.mx = mx1.mail.example\n", [], 65,
     "instance.mx ({path}:1): name two hosts, or none"),
    ("", ["--keys-pool", "many"], 64,
     '--keys-pool: "many" is not a number from 0 to 100000'),
    ("", ["--key-pool", "1"], 64,
     "--key-pool: unknown option, did you mean --keys-pool?"),
])
def test_mistakes(tmp_path, text, args, status, error):
    path = write(tmp_path, text)
    line = fails("config", "check", "--config", path, *args, status=status)
    assert line == f"signet: config check: {error.format(path=path)}\n"


def test_every_mistake_is_said(tmp_path):
    """A line for each, in order, with its place."""
    path = write(tmp_path, "keys.pol = 1\n\nkeys.pool = many\nnonsense\n"
                           "keys.pool = 7\ninstance.mx = mx1.mail.example\n")
    done = run("config", "check", "--config", path, "--keys-rsa-bits", "7",
               env={"SIGNET_KEY_POOL": "1"})
    assert done.returncode == 65 and done.stdout == b""
    assert done.stderr.decode().splitlines() == ["signet: config check: " + line for line in (
        f"{path}:1: keys.pol: unknown option, did you mean keys.pool?",
        f'{path}:3: keys.pool: "many" is not a number from 0 to 100000',
        f"{path}:4: the line is not NAME = VALUE",
        "SIGNET_KEY_POOL: unknown option, did you mean SIGNET_KEYS_POOL?",
        '--keys-rsa-bits: "7" is not a number from 1024 to 4096')]
    path = write(tmp_path, "instance.mx = mx1.mail.example\napi.tls_key = /x\n")
    done = run("config", "check", "--config", path)
    assert done.returncode == 65
    assert [line.split(" ")[3] for line in done.stderr.decode().splitlines()] == [
        "instance.mx", "api.tls_key"]


def test_mistaken_variable():
    done = run("config", "check", env={"SIGNET_KEY_POOL": "1"})
    assert done.returncode == 64
    assert b"did you mean SIGNET_KEYS_POOL?" in done.stderr


def test_no_such_file(tmp_path):
    missing = str(tmp_path / "none.conf")
    assert missing in fails("config", "check", "--config", missing, status=65)
    assert run("config", "check", env={"SIGNET_CONFIG": missing}).returncode == 65


def test_show(tmp_path):
    path = write(tmp_path, "api.listen = 127.0.0.1:1 127.0.0.1:2\ndns.timeout = 90s\n")
    args = ["config", "show", "--config", path, "--keys-rsa-bits", "3072"]
    env = {"SIGNET_KEYS_POOL": "5"}
    options = one_json(run(*args, "--json", env=env).stdout)["options"]
    assert options["api.listen"] == {"value": ["127.0.0.1:1", "127.0.0.1:2"],
                                     "from": f"{path}:1"}
    assert options["dns.timeout"] == {"value": "90s", "from": f"{path}:2"}
    assert options["keys.pool"] == {"value": 5, "from": "SIGNET_KEYS_POOL"}
    assert options["keys.rsa_bits"] == {"value": 3072, "from": "--keys-rsa-bits"}
    assert options["demo.enabled"] == {"value": True, "from": "default"}
    assert options["user.core"] == {"value": None, "from": "default"}
    # What is printed says the same again.
    again = write(tmp_path, run(*args, env=env).stdout.decode())
    shown = one_json(run("config", "show", "--config", again, "--json").stdout)
    assert ({name: option["value"] for name, option in shown["options"].items()} ==
            {name: option["value"] for name, option in options.items()})


def test_example_is_the_default(tmp_path):
    """The example with every line in force is what holds without it."""
    text = run("config", "doc").stdout.decode()
    lines = [line[1:] if line.startswith("#") and not line.startswith("# ") and line != "#"
             else line for line in text.splitlines()]
    path = write(tmp_path, "\n".join(lines) + "\n")
    shown = one_json(run("config", "show", "--config", path, "--json").stdout)
    empty = one_json(run("config", "show", "--config", write(tmp_path, ""), "--json")
                     .stdout)
    assert len(shown["options"]) > 40
    assert ({n: o["value"] for n, o in shown["options"].items()} ==
            {n: o["value"] for n, o in empty["options"].items()})


def test_manual_names_every_option():
    page = (ROOT / "docs/signet.conf.5").read_text()
    names = one_json(run("config", "show", "--json").stdout)["options"]
    for name in names:
        assert f".B {name} = " in page
