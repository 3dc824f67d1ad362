"""What the README shows of `make run` is what it prints."""

import pathlib
import re
import subprocess
import sys

from server import ROOT, SIGNET

TOUR = ROOT / "tests/lab/tour"


def alike(text):
    """Without what is another each time: keys and times."""
    text = re.sub(r"p=MII\S+", "p=KEY", text)
    return re.sub(r"\d{4}-\d\d-\d\dT[\d:]+Z", "TIME", text)


def test_the_tour(lab):
    done = subprocess.run([sys.executable, str(TOUR), SIGNET], capture_output=True,
                          text=True, stdin=subprocess.DEVNULL, timeout=120, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    printed = set(alike(done.stdout).splitlines())
    readme = pathlib.Path(ROOT / "README.md").read_text()
    tour = readme.split("## A tour", 1)[1].split("A server of your own", 1)[0]
    shown = [line for block in tour.split("```")[1::2] for line in block.splitlines()
             if line and line != "…"]
    assert len(shown) > 20
    assert [line for line in shown if alike(line) not in printed] == []
