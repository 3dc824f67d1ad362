"""A certificate authority of the test, made with openssl(1).

    ca = Authority(folder)
    chain, key = ca.certify("DNS:track.acme.example,IP:127.0.0.1", "track")
    server.socket = ca.context("track.acme.example").wrap_socket(…)
    ca.pem                                   # for who is to trust it
"""

import pathlib
import ssl
import subprocess

EC = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


def openssl(*words, **options):
    return subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True,
                          **options)


class Authority:
    def __init__(self, directory, name="Test authority"):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.key, self.pem = self.directory / "ca.key", self.directory / "ca.pem"
        openssl("req", "-x509", *EC, "-keyout", self.key, "-out", self.pem, "-days", 3650,
                "-subj", f"/CN={name}")

    def certify(self, names, stem, days=365):
        """Paths of (chain, key) for these names: "DNS:a.example,IP:127.0.0.1"."""
        chain, key = self.directory / f"{stem}.pem", self.directory / f"{stem}.key"
        request, extensions = self.directory / "csr", self.directory / "ext"
        openssl("req", "-new", *EC, "-keyout", key, "-out", request, "-subj", "/")
        extensions.write_text(f"subjectAltName=critical,{names}\n"
                              "extendedKeyUsage=serverAuth\n")
        openssl("x509", "-req", "-in", request, "-CA", self.pem, "-CAkey", self.key,
                "-CAcreateserial", "-days", days, "-extfile", extensions, "-out", chain)
        return chain, key

    def context(self, *hosts):
        """What a server of the test shows for these hosts."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        names = ",".join("DNS:" + host for host in hosts)
        context.load_cert_chain(*self.certify(names, hosts[0], days=3650))
        return context
