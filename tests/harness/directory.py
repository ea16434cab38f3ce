"""A private LDAP server: Debian's slapd on a free port, with a few people in it."""

import os
import shutil
import subprocess

from .account import Directory, spawn_options
from .ports import Port
from .waiting import until
from .wire import Connection

BASE = "dc=example,dc=net"
READER = f"cn=reader,{BASE}"
READER_PASSWORD = "reader secret"

CONFIGURATION = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {folder}/pid
database mdb
maxsize 10485760
suffix "{base}"
rootdn "{reader}"
rootpw "{password}"
directory {folder}/data
access to attrs=userPassword by anonymous auth by * none
access to * by * read
"""


def installed():
    return os.path.exists("/usr/sbin/slapd")


class LdapServer:
    """`people` are {name: password}; those in `twice` stand in two branches."""

    def __init__(self, people, twice=()):
        self._claim = Port()
        self.port = self._claim.number
        self.folder = Directory("ldap")
        self._run(["mkdir", self.folder.file("data")])
        self._configuration = self.folder.write("slapd.conf", CONFIGURATION.format(
            folder=self.folder.path, base=BASE, reader=READER, password=READER_PASSWORD))
        entries = [f"dn: {BASE}\nobjectClass: domain\ndc: example\n"]
        for branch in ("people", "others"):
            entries.append(f"dn: ou={branch},{BASE}\nobjectClass: organizationalUnit\n"
                           f"ou: {branch}\n")
        for name, password in people.items():
            branches = ("people", "others") if name in twice else ("people",)
            entries += [f"dn: uid={name},ou={branch},{BASE}\nobjectClass: account\n"
                        f"objectClass: simpleSecurityObject\nuid: {name}\n"
                        f"userPassword: {password}\n" for branch in branches]
        self._run(["/usr/sbin/slapadd", "-f", self._configuration, "-l",
                   self.folder.write("people.ldif", "\n".join(entries))])
        self._process = subprocess.Popen(
            ["/usr/sbin/slapd", "-f", self._configuration, "-d", "0", "-h",
             f"ldap://127.0.0.1:{self.port}"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **spawn_options())
        until(self._answers, what="slapd answers")

    def stop(self):
        self._process.terminate()
        self._process.wait()
        shutil.rmtree(self.folder.path, ignore_errors=True)
        self._claim.release()

    def _run(self, command):
        subprocess.run(command, check=True, capture_output=True, **spawn_options())

    def _answers(self):
        assert self._process.poll() is None, "slapd did not start"
        try:
            Connection(("127.0.0.1", self.port), 1).abandon()
            return True
        except OSError:
            return False
