"""How many server connections there are, who gets them, and in which order."""

import threading
import time

import pytest

from harness import frontend as fe
from harness.waiting import until
from harness.wire import Connection


def hold(clients):
    """Each begins a transaction, which must find a server of its own."""
    pids = []
    for client in clients:
        assert client.query("BEGIN").status == "T"
        pids.append(client.value("SELECT pg_backend_pid()"))
    assert len(set(pids)) == len(pids)
    return pids


def waits(client, sql="SELECT 'served'"):
    """True if this client's query has to wait."""
    client.send(fe.query(sql))
    return client.silent_for(0.3) == []


@pytest.mark.parametrize("size", [1, 3])
def test_pool_size(cluster, make_pooler, size):
    pooler = make_pooler(settings={"default_pool_size": size})
    clients = [pooler.connect() for _ in range(size + 2)]
    hold(clients[:size])
    assert waits(clients[size]) and waits(clients[size + 1])
    assert len(cluster.backends()) == size
    with pooler.console() as console:
        pool = console.pool()
        assert (int(pool["sv_active"]), int(pool["cl_waiting"])) == (size, 2)
    clients[0].query("COMMIT")
    assert clients[size].read_until("Z").value == "served"
    assert clients[size + 1].read_until("Z").value == "served"
    assert len(cluster.backends()) == size


def test_pool_size_of_database_and_user(make_pooler):
    """user over database over default; each user has a pool."""
    pooler = make_pooler(settings={"default_pool_size": 3}, users={"bob": "pool_size=1"},
                         databases={"app": {"pool_size": 2}, "other": {}})
    for database, user, size in (("app", "alice", 2), ("app", "bob", 1), ("other", "carol", 3)):
        clients = [pooler.connect(user, database) for _ in range(size + 1)]
        hold(clients[:size])
        assert waits(clients[size]), f"{database}/{user}: more than {size}"
        for client in clients:
            client.abandon()


@pytest.mark.parametrize("workers", [1, 3])
def test_servers_are_reused(cluster, make_pooler, workers):
    """One after the other needs one server. A worker that has none opens one, and is given another
    worker's idle one meanwhile: so with several there are at most two on each, and one is free."""
    pooler = make_pooler(settings={"default_pool_size": 10}, weir={"workers": workers})
    clients = [pooler.connect() for _ in range(20)]
    for _ in range(5):
        for client in clients:
            assert client.alive()
    assert len(cluster.backends()) <= 2 * workers - 1
    for client in clients:
        client.close()


def test_round_robin(cluster, make_pooler):
    pooler = make_pooler(settings={"default_pool_size": 3, "server_round_robin": 1},
                         weir={"workers": 1})
    clients = [pooler.connect() for _ in range(3)]
    pids = set(hold(clients))
    for client in clients:
        client.query("COMMIT")
    assert {clients[0].value("SELECT pg_backend_pid()") for _ in range(6)} == pids


def test_min_pool_size(cluster, make_pooler):
    pooler = make_pooler(databases={"app": {"pool_size": 5, "min_pool_size": 3}})
    with pooler.connect():
        until(lambda: len(cluster.backends()) == 3, timeout=20, what="three servers")
        cluster.terminate_backends()
        until(lambda: len(cluster.backends()) == 3, timeout=20, what="three servers again")


def test_min_pool_size_of_a_forced_user_needs_no_client(cluster, make_pooler):
    make_pooler(databases={"app": {"user": "bob", "pool_size": 5, "min_pool_size": 2}})
    until(lambda: len(cluster.backends("usename = 'bob'")) == 2, timeout=20, what="two servers")


def test_min_pool_size_against_the_idle_timeout(cluster, make_pooler):
    pooler = make_pooler(databases={"app": {"pool_size": 5, "min_pool_size": 2}},
                         settings={"server_idle_timeout": 1})
    clients = [pooler.connect() for _ in range(4)]
    hold(clients)
    for client in clients:
        client.query("COMMIT")
    until(lambda: len(cluster.backends()) == 2, timeout=20, what="two servers left")
    time.sleep(1.5)
    assert len(cluster.backends()) == 2


def test_reserve_pool(cluster, make_pooler):
    pooler = make_pooler(settings={"reserve_pool_timeout": 1},
                         databases={"app": {"pool_size": 1, "reserve_pool_size": 1}})
    clients = [pooler.connect() for _ in range(3)]
    hold(clients[:1])
    assert waits(clients[1], "BEGIN")
    assert clients[1].read_until("Z", timeout=15).status == "T"
    assert len(cluster.backends()) == 2
    clients[2].send(fe.query("SELECT 1"))
    assert clients[2].silent_for(2) == []
    clients[0].query("COMMIT")
    assert clients[2].read_until("Z").value == "1"
    for client in clients:
        client.close()


def test_max_db_connections(cluster, make_pooler):
    """One limit over the pools of all users of a database; an idle server makes room."""
    pooler = make_pooler(databases={"app": {"pool_size": 3, "max_db_connections": 2}})
    alice, bob, carol = (pooler.connect(user) for user in ("alice", "bob", "carol"))
    alice.query("BEGIN")
    bob.query("BEGIN")
    assert waits(carol)
    assert len(cluster.backends()) == 2
    bob.query("COMMIT")
    assert carol.read_until("Z").value == "served"
    until(lambda: len(cluster.backends()) <= 2, what="two servers")
    assert cluster.backends("usename = 'carol'")
    alice.query("COMMIT")


def test_max_user_connections(cluster, make_pooler):
    """One limit over the databases of a user."""
    pooler = make_pooler(settings={"max_user_connections": 2},
                         databases={"app": {"pool_size": 3}, "other": {"pool_size": 3}})
    one, two, three = pooler.connect(), pooler.connect(database="other"), pooler.connect()
    bob = pooler.connect("bob")
    hold([one, two])
    assert waits(three)
    assert bob.alive()
    assert len(cluster.backends("usename = 'alice'")) == 2
    two.query("COMMIT")
    assert three.read_until("Z").value == "served"
    one.query("COMMIT")


def test_max_user_connections_of_one_user(cluster, make_pooler):
    pooler = make_pooler(users={"bob": "max_user_connections=1"},
                         databases={"app": {"pool_size": 3}})
    one, two = pooler.connect("bob"), pooler.connect("bob")
    hold([one])
    assert waits(two)
    assert len(cluster.backends("usename = 'bob'")) == 1
    one.query("COMMIT")
    assert two.read_until("Z").value == "served"


def test_limits_stay_exact_under_load(cluster, make_pooler):
    """Many clients, three users, one limit: never one server too many, and nobody starves."""
    pooler = make_pooler(databases={"app": {"pool_size": 4, "max_db_connections": 5}})
    stop, failures, most = threading.Event(), [], [0]

    def work(user):
        try:
            with pooler.connect(user, timeout=20) as client:
                for _ in range(60):
                    assert client.query("SELECT pg_sleep(0.002)").status == "I"
        except Exception as failure:  # to be raised by the main thread
            failures.append(failure)

    threads = [threading.Thread(target=work, args=(user,))
               for user in ("alice", "bob", "carol") for _ in range(6)]
    for thread in threads:
        thread.start()

    def watch():
        with cluster.connect("postgres") as observer:
            while not stop.is_set():
                most[0] = max(most[0], int(observer.value(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = 'app' AND usename IN "
                    "('alice', 'bob', 'carol')")))

    watcher = threading.Thread(target=watch)
    watcher.start()
    for thread in threads:
        thread.join(60)
    stop.set()
    watcher.join(10)
    assert not failures, failures
    # A backend that was told to go may still be listed beside its successor.
    assert 0 < most[0] <= 6


def test_first_come_first_served(make_pooler):
    """Waiters are served in the order in which they asked, over all workers."""
    pooler = make_pooler(databases={"app": {"pool_size": 1}})
    holder = pooler.connect()
    holder.query("BEGIN")
    waiters = [pooler.connect() for _ in range(12)]
    for number, waiter in enumerate(waiters):
        waiter.send(fe.query("SELECT clock_timestamp(), pg_sleep(0.005)"))
        time.sleep(0.02)
    holder.query("COMMIT")
    times = [waiter.read_until("Z").rows[0][0] for waiter in waiters]
    assert times == sorted(times)
    for waiter in waiters:
        waiter.close()


def test_nobody_starves(make_pooler):
    """Forty busy clients share two servers for a while: the slowest gets most of its share."""
    pooler = make_pooler(databases={"app": {"pool_size": 2}})
    counts, stop, failures = [0] * 20, threading.Event(), []

    def work(number):
        try:
            with pooler.connect(timeout=20) as client:
                while not stop.is_set():
                    client.query("SELECT pg_sleep(0.001)")
                    counts[number] += 1
        except Exception as failure:  # to be raised by the main thread
            failures.append(failure)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(len(counts))]
    for thread in threads:
        thread.start()
    time.sleep(2)
    stop.set()
    for thread in threads:
        thread.join(30)
    assert not failures, failures
    assert min(counts) > 0.3 * sum(counts) / len(counts), counts


def test_clients_that_leave_the_queue(make_pooler):
    """A waiter that gave up does not take a server with it."""
    pooler = make_pooler(databases={"app": {"pool_size": 1}})
    with pooler.connect() as holder:
        for turn in range(3):
            holder.query("BEGIN")
            gone = [pooler.connect() for _ in range(5)]
            for client in gone:
                client.send(fe.query("SELECT pg_sleep(60)"))
            last = pooler.connect()
            assert waits(last)
            for client in gone:
                client.abandon(reset=turn == 1)
            time.sleep(0.1)
            holder.query("COMMIT")
            assert last.read_until("Z").value == "served"
            last.close()


def test_connect_query(cluster, make_pooler):
    pooler = make_pooler(databases={"app": {"connect_query": "'SET work_mem TO ''13MB'''"}})
    with pooler.connect() as client:
        assert client.value("SHOW work_mem") == "13MB"


def test_forced_user(make_pooler):
    pooler = make_pooler(databases={"app": {"user": "bob", "pool_size": 1}})
    with pooler.connect("alice") as one, pooler.connect("carol") as two:
        assert one.value("SELECT current_user") == "bob"
        assert two.value("SELECT current_user") == "bob"
        one.query("BEGIN")
        assert waits(two)
        one.query("COMMIT")
        two.read_until("Z")


def test_any_database(make_pooler):
    pooler = make_pooler(databases={"*": {"dbname": None}})
    with pooler.connect(database="app") as one, pooler.connect(database="postgres") as two:
        assert one.value("SELECT current_database()") == "app"
        assert two.value("SELECT current_database()") == "postgres"


def test_unix_sockets_on_both_sides(cluster, make_pooler):
    pooler = make_pooler(databases={"app": {"host": cluster.directory.path}})
    with Connection.login(pooler.socket, "alice", "app") as client:
        assert client.value("SELECT inet_client_addr() IS NULL") == "t"
