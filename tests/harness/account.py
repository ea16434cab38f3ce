"""The unprivileged account that servers run under when the tests themselves run as root."""

import contextlib
import os
import pwd
import shutil
import tempfile


def _account():
    if os.geteuid() != 0:
        return None
    return pwd.getpwnam(os.environ.get("WEIR_TEST_USER", "nobody"))


def spawn_options():
    """Keyword arguments for subprocess that drop root, or none."""
    account = _account()
    if account is None:
        return {}
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def give(path):
    """Hands a file or directory to the account."""
    account = _account()
    if account is not None:
        os.chown(path, account.pw_uid, account.pw_gid)


def user_name():
    """The name of the account, for a configuration file."""
    account = _account()
    return account.pw_name if account else pwd.getpwuid(os.geteuid()).pw_name


@contextlib.contextmanager
def acting():
    """Within it, this process is the account in the kernel's eyes: for peer logins."""
    account = _account()
    if account is None:
        yield
        return
    os.seteuid(account.pw_uid)
    try:
        yield
    finally:
        os.seteuid(0)


class Directory:
    """A short-named temporary directory that belongs to the account."""

    def __init__(self, purpose):
        self.path = tempfile.mkdtemp(prefix=f"weir-{purpose}-", dir="/tmp")
        give(self.path)

    def file(self, name):
        return os.path.join(self.path, name)

    def write(self, name, text):
        path = self.file(name)
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        os.chmod(path, 0o600)
        give(path)
        return path

    def remove(self):
        shutil.rmtree(self.path, ignore_errors=True)
