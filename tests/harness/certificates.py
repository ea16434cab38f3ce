"""A certificate authority made with the openssl program, and connections that use TLS."""

import os
import socket
import ssl
import subprocess

from . import frontend as fe
from .account import Directory, give
from .wire import Connection

# `openssl ca` is the one command of OpenSSL 3.0 that can date a certificate back.
CONFIGURATION = """
[ca]
default_ca = here
[here]
new_certs_dir = {0}
database = {0}/index
serial = {0}/serial
default_md = sha256
policy = any
unique_subject = no
copy_extensions = copy
[any]
commonName = supplied
"""


class Authority:
    """Signs certificates; their files lie in a directory of its own."""

    def __init__(self, name="test ca"):
        self.directory = Directory("tls")
        self.directory.write("index", "")
        self.directory.write("serial", "01\n")
        self.directory.write("ca.cnf", CONFIGURATION.format(self.directory.path))
        self._openssl("req", "-x509", *self._key("ca"), "-out", self.ca, "-subj", f"/CN={name}",
                      "-days", "2")
        give(self.ca)

    @property
    def ca(self):
        return self.directory.file("ca.crt")

    def certificate(self, name):
        return self.directory.file(name + ".crt")

    def key(self, name):
        return self.directory.file(name + ".key")

    def issue(self, name, common_name, names="", expired=False, days=2):
        """Makes NAME.key and NAME.crt; `names` as in DNS:localhost,IP:127.0.0.1."""
        request = self.directory.file(name + ".csr")
        extensions = ["-addext", f"subjectAltName={names}"] if names else []
        self._openssl("req", "-new", *self._key(name), "-out", request, "-subj",
                      f"/CN={common_name}", *extensions)
        dates = ["-startdate", "20200101000000Z", "-enddate", "20200102000000Z"] if expired \
            else ["-days", str(days)]
        self._openssl("ca", "-batch", "-notext", "-config", self.directory.file("ca.cnf"),
                      "-cert", self.ca, "-keyfile", self.key("ca"), "-in", request,
                      "-out", self.certificate(name), *dates)
        give(self.certificate(name))

    def context(self, name=None):
        """A client's ssl context that trusts us, with a certificate of its own."""
        context = ssl.create_default_context(cafile=self.ca)
        if name:
            context.load_cert_chain(self.certificate(name), self.key(name))
        return context

    def remove(self):
        self.directory.remove()

    def _key(self, name):
        subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out",
                        self.key(name)], check=True, capture_output=True)
        os.chmod(self.key(name), 0o600)
        give(self.key(name))
        return "-key", self.key(name)

    def _openssl(self, *arguments):
        done = subprocess.run(["openssl", *arguments], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


def encrypt(connection, context, direct=False, host="localhost"):
    """Begins TLS on a fresh raw connection."""
    if not direct:
        connection.send(fe.ssl_request())
        assert connection.read_bytes(1) == b"S"
    connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.socket = context.wrap_socket(connection.socket, server_hostname=host)
    return connection


def secure_login(address, context, user="alice", database="app", password=None, direct=False,
                 **options):
    """A session over TLS."""
    connection = Connection(address, options.pop("timeout", 10.0))
    try:
        return encrypt(connection, context, direct).start(user, database, password, **options)
    except BaseException:
        connection.abandon()
        raise
