"""`signet doctor` asks the servers of the lab, from the root."""

import os

from lab import Lab

from signetbin import one_json, run

OPTIONS = """data_dir = {path}
instance.mx = mx1.mail.example mx2.mail.example
instance.spf = include:_spf.mail.example
instance.tracking = us=edge.us.mail.example eu=edge.eu.mail.example
instance.bounce_target = bounce.mail.example
instance.verify_target = verify.mail.example
instance.dkim_zone = dkim.mail.example
mail.relay = mail.example:25
mail.from = a@mail.example
api.public_url = http://mail.example:8025
dns.root_hints = {hints}
"""


def doctor(tmp_path, status):
    conf = tmp_path / "signet.conf"
    conf.write_text(OPTIONS.format(path=tmp_path / "data",
                                   hints=os.environ["LAB_ROOT_HINTS"]))
    done = run("doctor", "--config", str(conf), "--json")
    assert done.returncode == status, done.stdout
    return {row["code"]: row for row in one_json(done.stdout)["checks"]}


def test_doctor(tmp_path):
    found = doctor(tmp_path, 0)
    for code in ("dns.answers", "name.mx", "name.tracking", "name.relay", "bounce.mx",
                 "bounce.spf", "name.verify", "name.dkim_zone"):
        assert found[code]["status"] == "ok", found[code]
    # The IPv6 addresses of the MX hosts have neither name nor SPF.
    assert found["ptr.confirmed"]["status"] == "warning"
    assert "2001:db8::1" in found["spf.addresses"]["message"]


def test_doctor_with_the_operators_servers_failing(tmp_path):
    lab = Lab.attach()
    lab.fault("operator", "servfail")
    try:
        found = doctor(tmp_path, 2)
    finally:
        lab.clear_faults()
    assert found["name.mx"]["status"] == "undetermined"
    assert found["dns.answers"]["status"] == "ok"
