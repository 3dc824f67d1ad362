"""make bench-letter: what one letter costs on its way out, against one bare signature.

The message (letter_message.py) is parsed, all its 120 links are rewritten, pixel and
unsubscribe put in, RSA-2048-signed, and the signature verified over the bytes that leave:
CPU time of bench_letter (letter.c). Beside it `openssl speed rsa2048` in the same run. The
rounds alternate, and of each the fastest counts, since the machine is shared. The same
job by other libraries, whose figures are for orientation, runs once.

usage: letter.py BENCH_LETTER
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

import letter_message

TARGET = 2.0
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "7"))
SMOKE = bool(os.environ.get("BENCH_SMOKE"))
HERE = os.path.dirname(os.path.abspath(__file__))


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def letter_us(command):
    found = re.match(r"letters (\d+) links (\d+) us ([\d.]+)(?: memory ([\d.]+))?",
                     output(*command))
    if int(found[2]) != letter_message.LINKS:
        sys.exit("bench-letter: %s links instead of %d" % (found[2], letter_message.LINKS))
    return float(found[3]), float(found[4] or 0)


def signature_us():
    last = output("openssl", "speed", "-seconds", "1", "rsa2048").strip().splitlines()[-1]
    return 1e6 / float(last.split()[5])


def make_inputs(folder):
    message, key = os.path.join(folder, "message.eml"), os.path.join(folder, "key.pem")
    with open(message, "wb") as f:
        f.write(letter_message.message())
    output("openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048",
           "-out", key)
    public = "".join(output("openssl", "pkey", "-in", key, "-pubout").splitlines()[1:-1])
    return message, key, "v=DKIM1; k=rsa; p=" + public


def peers(folder, message, key, record):
    """(name, us) of each; those of Node.js are installed into the folder."""
    python = ["/usr/bin/python3", os.path.join(HERE, "letter_peer.py"), message, key, record,
              "3"]
    yield "dkimpy + html5lib + email", letter_us(python)[0]
    node = os.path.join(folder, "node")
    shutil.copytree(os.path.join(HERE, "node"), node)
    subprocess.run(["npm", "ci", "--omit=optional", "--no-audit", "--no-fund",
                    "--loglevel=error"], cwd=node, check=True, stdout=subprocess.DEVNULL)
    yield ("mailauth + parse5 + nodemailer",
           letter_us(["node", os.path.join(node, "letter.js"), message, key, record, "5"])[0])


def measure(bench, message, key):
    letters, signatures, memory = [], [], 0
    for i in range(ROUNDS):
        us, memory = letter_us([bench, message, key, "1"])
        letters.append(us)
        signatures.append(signature_us())
        print("round %d: letter %.1f us, bare signature %.1f us" % (i + 1, us, signatures[-1]),
              flush=True)
    return min(letters), min(signatures), memory


def main():
    with tempfile.TemporaryDirectory() as folder:
        message, key, record = make_inputs(folder)
        print("one letter: %d bytes, %d links" % (os.path.getsize(message),
                                                  letter_message.LINKS), flush=True)
        letter, signature, memory = measure(sys.argv[1], message, key)
        print("memory: %.2f times the message" % memory)
        for name, us in [] if SMOKE else peers(folder, message, key, record):
            print("%s: %.0f us, %.1f times Signet" % (name, us, us / letter), flush=True)
    ratio = letter / signature
    ok = ratio <= TARGET
    print("bench-letter: %.1f us a letter, %.1f us a bare RSA-2048 signature, ratio %.2f "
          "(target %.1f): %s" % (letter, signature, ratio, TARGET, "ok" if ok else "short"))
    return 0 if ok or SMOKE else 1


if __name__ == "__main__":
    sys.exit(main())
