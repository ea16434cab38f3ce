"""The process: command line, pid file, background, user, log files, sockets."""

import ctypes
import os
import pwd
import re
import signal
import socket
import stat
import subprocess

import pytest

from harness.account import spawn_options
from harness.http import get
from harness.pooler import program
from harness.ports import free_port
from harness.waiting import seconds, until
from harness.wire import Connection

PIDFD_GETFD = 438
HELP = f'Try "{program()} --help" for more information.'


def run(*arguments, **options):
    """The program to its end, as the unprivileged account unless `options` say otherwise."""
    return subprocess.run([program(), *arguments], capture_output=True, text=True,
                          timeout=seconds(20), stdin=subprocess.DEVNULL,
                          **{**spawn_options(), **options})


def stopped(make_pooler, **configuration):
    """A pooler's files without a process."""
    pooler = make_pooler(wait=False, **configuration)
    pooler.process.kill()
    pooler.process.wait()
    pooler.process = None
    until(lambda: not listens(pooler), what="nobody listens")
    if os.path.exists(pooler.socket):
        os.unlink(pooler.socket)
    return pooler


def listens(pooler):
    with socket.socket() as probe:
        return probe.connect_ex(pooler.address) == 0


def runs(pid):
    try:
        os.kill(pid, 0)
        return True
    except ProcessLookupError:
        return False


@pytest.fixture
def background():
    """Collects process ids of daemons; kills what is left of them."""
    pids = []
    yield pids
    for pid in pids:
        if runs(pid):
            os.kill(pid, signal.SIGKILL)


# Command line

def test_version():
    done = run("-V")
    assert done.returncode == 0
    first, *rest = done.stdout.splitlines()
    assert first.startswith("PgBouncer 1.26.1")
    assert any(line.startswith("tls: OpenSSL ") for line in rest) and "systemd: yes" in rest
    assert run("--version").stdout == done.stdout


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help(flag):
    done = run(flag)
    assert done.returncode == 0 and done.stderr == ""
    for option in ("--daemon", "--quiet", "--user", "--verbose", "--version"):
        assert option in done.stdout


@pytest.mark.parametrize("arguments, text", [
    ([], "no configuration file specified"),
    (["-x", "a.ini"], "invalid option -- 'x'"),
    (["--what", "a.ini"], "unrecognized option '--what'"),
    (["a.ini", "-u"], "option requires an argument -- 'u'"),
])
def test_wrong_arguments(arguments, text):
    done = run(*arguments)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.splitlines() == [f"{program()}: {text}", HELP]


def test_more_than_one_file():
    done = run("a.ini", "b.ini")
    assert done.returncode == 1
    assert done.stderr.endswith(HELP + "\n")


def test_missing_file():
    done = run("/nowhere/weir.ini")
    assert done.returncode == 1
    assert "No such file or directory" in done.stderr
    assert done.stderr.endswith("FATAL cannot load config file\n")


def test_quiet(make_pooler):
    pooler = stopped(make_pooler, settings={"pidfile": "/nowhere/pid"})
    assert run("-q", pooler.ini).stderr == ""
    assert "FATAL could not open pidfile '/nowhere/pid': No such" in run(pooler.ini).stderr


# User

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to leave root")


@as_root
def test_root_is_refused(make_pooler):
    pooler = stopped(make_pooler)
    done = run(pooler.ini, user=0, group=0)
    assert done.returncode == 1
    assert "FATAL PgBouncer should not run as root" in done.stderr
    done = run("-u", "nosuchuser", pooler.ini, user=0, group=0)
    assert done.returncode == 1
    assert "FATAL could not find user 'nosuchuser' to switch to" in done.stderr


def test_other_user_is_refused(make_pooler):
    pooler = stopped(make_pooler)
    done = run("-u", "root" if spawn_options() else "nobody", pooler.ini)
    assert done.returncode == 1
    assert "FATAL failed to assume identity of user" in done.stderr


@as_root
@pytest.mark.parametrize("how", ["option", "setting"])
def test_root_becomes_user(make_pooler, background, how):
    pooler = stopped(make_pooler)
    settings = {"logfile": pooler.directory.file("own.log"),
                "pidfile": pooler.directory.file("pid")}
    if how == "setting":
        settings["user"] = "nobody"
    pooler.configure(settings=settings)
    arguments = ["-u", "nobody"] if how == "option" else []
    done = run("-d", *arguments, pooler.ini, user=0, group=0, extra_groups=[0, 4])
    assert done.returncode == 0, done.stderr
    until(lambda: os.path.exists(pooler.directory.file("pid")), what="it is up")
    background.append(read_pid(pooler))
    nobody = pwd.getpwnam("nobody")
    with open(f"/proc/{background[0]}/status", encoding="ascii") as status:
        fields = dict(line.split(":", 1) for line in status)
    assert set(fields["Uid"].split()) == {str(nobody.pw_uid)}
    assert set(fields["Gid"].split()) == {str(nobody.pw_gid)}
    assert set(fields["Groups"].split()) <= {str(nobody.pw_gid)}
    assert os.stat(pooler.directory.file("own.log")).st_uid == nobody.pw_uid
    os.kill(background[0], signal.SIGQUIT)
    until(lambda: not runs(background[0]), what="it has ended")


# Background

def read_pid(pooler):
    with open(pooler.directory.file("pid"), encoding="ascii") as file:
        return int(file.read())


def test_daemon_needs_pidfile(make_pooler):
    pooler = stopped(make_pooler)
    done = run("-d", pooler.ini)
    assert done.returncode == 1
    assert "daemon needs pidfile configured" in done.stderr


def test_daemon(make_pooler, background):
    pooler = stopped(make_pooler)
    log = pooler.directory.file("own.log")
    http_port = free_port()
    pooler.configure(settings={"pidfile": pooler.directory.file("pid"), "logfile": log},
                     weir={"http_port": http_port})
    done = run("-d", pooler.ini, cwd=pooler.directory.path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    until(lambda: os.path.exists(pooler.directory.file("pid")) and listens(pooler),
          what="it is up")
    pid = read_pid(pooler)
    background.append(pid)
    for number in (0, 1, 2):
        assert os.readlink(f"/proc/{pid}/fd/{number}") == "/dev/null"
    assert os.getsid(pid) not in (pid, os.getsid(0))
    assert os.readlink(f"/proc/{pid}/cwd") == pooler.directory.path
    with pooler.connect() as client:
        assert client.query("SELECT 1").value == "1"
    if pooler.kind == "weir":  # its threads are the background process's
        assert get(http_port, "/healthz").json == {"alive": True}
    with open(log, encoding="utf-8") as file:
        assert f"[{pid}] LOG process up: PgBouncer 1.26.1" in file.read()
    # The log is opened anew at SIGHUP, after it was rotated.
    os.rename(log, log + ".1")
    os.kill(pid, signal.SIGHUP)
    until(lambda: pooler.connect().alive() and os.path.exists(log), what="a new log")
    os.kill(pid, signal.SIGTERM)
    until(lambda: not runs(pid), what="it has ended")
    assert not os.path.exists(pooler.directory.file("pid"))
    with open(log, encoding="utf-8") as file:
        assert file.read().endswith("client connections dropped, exiting\n")


@pytest.mark.weir_only("PgBouncer goes into the background before it looks")
def test_daemon_that_does_not_start(make_pooler):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        pooler = stopped(make_pooler)
        pooler.configure(settings={"pidfile": pooler.directory.file("pid"),
                                   "logfile": pooler.directory.file("own.log"),
                                   "listen_port": taken.getsockname()[1]})
        done = run("-d", pooler.ini)
    assert done.returncode == 1
    assert "failed to listen on any address in listen_addr list: 127.0.0.1" in done.stderr
    assert not os.path.exists(pooler.directory.file("pid"))


# Pid file

@pytest.mark.parametrize("content", ["", "what\n", "1\n"])
def test_pidfile_of_another(make_pooler, content):
    pooler = stopped(make_pooler)
    path = pooler.directory.write("pid", content)
    pooler.configure(settings={"pidfile": path})
    done = run(pooler.ini)
    assert done.returncode == 1
    assert f"FATAL pidfile '{path}' exists, another instance running?" in done.stderr
    with open(path, encoding="ascii") as file:
        assert file.read() == content


def test_stale_pidfile(make_pooler):
    pooler = stopped(make_pooler)
    with subprocess.Popen(["true"]) as gone:
        gone.wait()
    path = pooler.directory.write("pid", f"{gone.pid}\n")
    pooler.configure(settings={"pidfile": path}).start()
    assert "LOG stale pidfile, removing" in pooler.log()
    assert read_pid(pooler) == pooler.pid
    pooler.signal("INT")
    assert pooler.wait() == 0
    assert not os.path.exists(path)


# Sockets

def test_second_process_on_the_same_unix_socket(make_pooler):
    pooler = make_pooler()
    pooler.configure(settings={"listen_addr": ""})
    done = run(pooler.ini)
    assert done.returncode == 1
    assert "FATAL unix socket is in use, cannot continue" in done.stderr
    with pooler.connect() as client:
        assert client.query("SELECT 1").value == "1"
    assert Connection.login(pooler.socket, "alice", "app").query("SELECT 2").value == "2"


def test_stale_unix_socket_is_replaced(make_pooler):
    pooler = make_pooler()
    pooler.process.kill()
    pooler.process.wait()
    assert os.path.exists(pooler.socket)
    pooler.start()
    with Connection.login(pooler.socket, "alice", "app") as client:
        assert client.query("SELECT 1").value == "1"


def test_mode_of_the_unix_socket(make_pooler):
    pooler = make_pooler(settings={"unix_socket_mode": "0710"})
    assert stat.S_IMODE(os.stat(pooler.socket).st_mode) == 0o710


@pytest.mark.pgbouncer_differs("it leaves the socket's file behind")
def test_unknown_group_of_the_unix_socket(make_pooler):
    pooler = stopped(make_pooler)
    pooler.configure(settings={"unix_socket_group": "nosuchgroup"})
    done = run(pooler.ini)
    assert done.returncode == 1 and "nosuchgroup" in done.stderr
    assert not os.path.exists(pooler.socket)


def test_abstract_socket(make_pooler):
    pooler = make_pooler()
    name = f"@weir-test-{os.getpid()}-{pooler.port}"
    pooler.signal("QUIT")
    pooler.wait()
    pooler.configure(settings={"unix_socket_dir": name}).start()
    pooler.may_end = False
    assert f"LOG listening on unix:{name}/.s.PGSQL.{pooler.port}" in pooler.log()
    address = f"\0{name[1:]}/.s.PGSQL.{pooler.port}"
    with Connection.login(address, "alice", "app") as client:
        assert client.query("SELECT 1").value == "1"


def test_address_that_does_not_work_is_left_out(make_pooler):
    pooler = make_pooler(settings={"listen_addr": "192.0.2.77, 127.0.0.1"})
    assert f"WARNING cannot listen on 192.0.2.77:{pooler.port}: " in pooler.log()


def test_no_address_works(make_pooler):
    pooler = stopped(make_pooler)
    pooler.configure(settings={"listen_addr": "192.0.2.77"})
    done = run(pooler.ini)
    assert done.returncode == 1
    assert "FATAL failed to listen on any address in listen_addr list: 192.0.2.77" in done.stderr


def test_nowhere_to_listen(make_pooler):
    pooler = stopped(make_pooler)
    pooler.configure(settings={"listen_addr": "", "unix_socket_dir": ""})
    done = run(pooler.ini)
    assert done.returncode == 1 and "FATAL nowhere to listen on" in done.stderr


def test_start_up_lines(make_pooler):
    pooler = make_pooler(databases={"app": {}, "other": {"pool_size": 7, "user": "alice"}},
                         settings={"default_pool_size": 3, "max_client_conn": 50},
                         userlist={"alice": "", "console": ""})
    log = pooler.log()
    assert f"LOG listening on 127.0.0.1:{pooler.port}\n" in log
    assert f"LOG listening on unix:{pooler.socket}\n" in log
    assert re.search(r"LOG process up: PgBouncer 1\.26\.1", log)
    # 50 clients, 3 times (alice, console, pgbouncer), 7 for the forced user, 12 others.
    assert re.search(r"LOG kernel file descriptor limit: \d+ \(hard: \d+\); max_client_conn: 50, "
                     r"max expected fd use: 78\n", log)


def borrowed(pid, peer):
    """The socket of another process that is connected with `peer`, as one of our own."""
    process = os.pidfd_open(pid)
    try:
        for number in os.listdir(f"/proc/{pid}/fd"):
            fd = ctypes.CDLL(None).syscall(PIDFD_GETFD, process, int(number), 0)
            if fd < 0:
                continue
            if not stat.S_ISSOCK(os.fstat(fd).st_mode):
                os.close(fd)
                continue
            found = socket.socket(fileno=fd)
            try:
                if found.family == socket.AF_INET and found.getpeername() == peer:
                    return found
            except OSError:
                pass
            found.close()
    finally:
        os.close(process)
    raise AssertionError(f"no socket to {peer}")


def test_tcp_options(make_pooler):
    pooler = make_pooler(settings={
        "tcp_keepidle": 77, "tcp_keepcnt": 3, "tcp_keepintvl": 9, "tcp_user_timeout": 12345,
        "tcp_socket_buffer": 65536})
    with pooler.connect() as client:
        client.query("SELECT 1")
        for peer in (client.socket.getsockname(), pooler.cluster.address):
            with borrowed(pooler.pid, peer) as theirs:
                for option, value in ((socket.TCP_KEEPIDLE, 77), (socket.TCP_KEEPCNT, 3),
                                      (socket.TCP_KEEPINTVL, 9), (socket.TCP_NODELAY, 1),
                                      (socket.TCP_USER_TIMEOUT, 12345)):
                    assert theirs.getsockopt(socket.IPPROTO_TCP, option) == value
                for option, value in ((socket.SO_KEEPALIVE, 1), (socket.SO_SNDBUF, 131072),
                                      (socket.SO_RCVBUF, 131072)):  # the kernel's are twice ours
                    assert theirs.getsockopt(socket.SOL_SOCKET, option) == value


def test_no_keepalive(make_pooler):
    pooler = make_pooler(settings={"tcp_keepalive": 0})
    with pooler.connect() as client, borrowed(pooler.pid, client.socket.getsockname()) as theirs:
        assert theirs.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 0


def test_backlog(make_pooler):
    pooler = make_pooler(settings={"listen_backlog": 17})
    done = subprocess.run(["ss", "-ltnH", f"sport = :{pooler.port}"], capture_output=True,
                          text=True, check=True)
    assert done.stdout.split()[2] == "17"


def test_defer_accept(make_pooler):
    """A client that says nothing is not accepted, so it does not count as one that logs in."""
    def silent(pooler):
        with socket.create_connection(pooler.address), pooler.console() as console:
            (row,) = [row for row in console.show("LISTS") if row["list"] == "login_clients"]
            return int(row["items"])

    assert silent(make_pooler()) == 0
    pooler = make_pooler(settings={"tcp_defer_accept": 0})
    assert silent(pooler) == 1


def test_reuseport(make_pooler):
    """Two processes on one port, and with the setting off it is taken."""
    first = make_pooler(settings={"so_reuseport": 1})
    second = stopped(make_pooler)
    second.configure(settings={"so_reuseport": 1, "listen_port": first.port})
    second.socket = second.directory.file(f".s.PGSQL.{first.port}")
    second.address = first.address
    second.start(wait=False)
    until(lambda: os.path.exists(second.socket), what="the second one is up")
    second.signal("QUIT")
    assert second.wait() == 0
    second.configure(settings={"listen_port": first.port})
    done = run(second.ini)
    assert done.returncode == 1 and "Address already in use" in done.stderr
