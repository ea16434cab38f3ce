"""PostgreSQL is the specification: runs one script directly and through the pooler, and compares
every message; then looks for traces of the script in the sessions of other clients."""

import functools

from .backend import Message, fields, row_description
from .wire import Closed

NEIGHBOUR = {"application_name": "neighbour"}

# All that a session could hold of somebody else, as (kind, name, value).
FINGERPRINT = """
SELECT 'setting', name, setting FROM pg_catalog.pg_settings
 WHERE name NOT LIKE '%.%'  -- those of an extension, once loaded
UNION ALL SELECT 'custom', n, coalesce(pg_catalog.current_setting(n, true), '')
  FROM pg_catalog.unnest(ARRAY['weir.leak', 'weir.other', 'app.tenant']) n
UNION ALL SELECT 'role', session_user, current_user
UNION ALL SELECT 'prepared', name, statement FROM pg_catalog.pg_prepared_statements WHERE from_sql
UNION ALL SELECT 'cursor', name, statement FROM pg_catalog.pg_cursors WHERE is_holdable
UNION ALL SELECT 'temporary', relname::text, '' FROM pg_catalog.pg_class
 WHERE relnamespace = pg_catalog.pg_my_temp_schema() AND relkind = 'r'
UNION ALL SELECT 'channel', c, '' FROM pg_catalog.pg_listening_channels() c
UNION ALL SELECT 'lock', classid::text, objid::text FROM pg_catalog.pg_locks
 WHERE locktype = 'advisory' AND pid = pg_catalog.pg_backend_pid()
"""


def play(connection, script, between=lambda: None):
    """Runs a script, a function of a connection or a list of bytes to send in turn, with
    `between` after each step outside transactions; the transcript ends with `eof` if the other
    side closed."""
    try:
        if callable(script):
            script(connection)
        else:
            for step in script:
                if connection.exchange(step).status == "I":
                    between()
    except Closed:
        connection.transcript.append(Message("eof", b""))
    return connection.transcript


def normal(message, ignore):
    """A message without what may differ; None if nothing of it counts."""
    kind, body = message
    if kind == "K" or kind in ignore:
        return None
    if kind in "EN" and "source" in ignore:
        return kind, {key: text for key, text in fields(body).items() if key not in "FLR"}
    if kind == "T" and "oids" in ignore:
        return kind, [(column[0], *column[2:]) for column in row_description(body)]
    return kind, body


def compare(direct, pooled, ignore=()):
    """Fails at the first message that differs. `ignore` holds message kinds, `source` (the file,
    line and routine of errors) or `oids` (of tables)."""
    left = [(m, normal(m, ignore)) for m in direct]
    right = [(m, normal(m, ignore)) for m in pooled]
    left = [pair for pair in left if pair[1] is not None]
    right = [pair for pair in right if pair[1] is not None]
    for at, (expected, got) in enumerate(zip(left, right)):
        if expected[1] != got[1]:
            raise AssertionError(f"message {at} differs\n  direct: {expected[0]}\n"
                                 f"  pooled: {got[0]}\n{_story(left, right, at)}")
    if len(left) != len(right):
        at = min(len(left), len(right))
        raise AssertionError(f"{len(left)} messages direct, {len(right)} pooled"
                             f"\n{_story(left, right, at)}")


def _story(left, right, at):
    lines = []
    for name, side in (("direct", left), ("pooled", right)):
        lines.append(f"{name}, from message {max(0, at - 3)}:")
        lines += [f"    {pair[0]}" for pair in side[max(0, at - 3):at + 5]]
    return "\n".join(lines)


def fingerprint(connection):
    reply = connection.query(FINGERPRINT)
    assert not reply.errors, reply.explain()
    return set(reply.rows)


class Neighbours:
    """So many clients that they occupy every server connection at once and look around."""

    def __init__(self, connect, count, expected):
        """`expected` is the fingerprint of a fresh session of theirs, made directly."""
        self._connections = [connect(parameters=NEIGHBOUR) for _ in range(count)]
        self._expected = expected

    def look(self):
        """Fails if anything in their sessions is not as in a fresh one."""
        for connection in self._connections:
            connection.query("BEGIN")
        for connection in self._connections:
            seen = fingerprint(connection)
            assert seen == self._expected, (
                f"a stranger's session changed: {sorted(seen - self._expected)}, "
                f"instead of {sorted(self._expected - seen)}")
        for connection in self._connections:
            reply = connection.query("COMMIT")
            assert reply.status == "I", reply.explain()

    def close(self):
        for connection in self._connections:
            connection.close()


class Differential:
    """Called with a script: compares it through pools of one and of two server connections."""

    def __init__(self, cluster, make_pooler):
        self.cluster = cluster
        self.make_pooler = make_pooler

    def __call__(self, script, ignore=(), login=None, neighbours="during", settings=None,
                 sizes=(1, 2), check=None):
        """`login` are startup parameters. `neighbours`: "during" looks at other clients' sessions
        between the steps, which so change servers, "after" only when the script's client left (it
        may hold its server until then), "none" never. `check` is called with the direct
        transcript, to see that the script did what it is meant to do."""
        with self.cluster.connect(parameters=login) as connection:
            direct = play(connection, script)
        if check:
            check(direct)
        with self.cluster.connect(parameters=NEIGHBOUR) as fresh:
            expected = fingerprint(fresh)
        pooler = self.make_pooler(settings=settings, databases={
            f"app{size}": {"pool_size": size} for size in sizes})
        for size in sizes:
            connect = functools.partial(pooler.connect, database=f"app{size}")
            others = Neighbours(connect, 0 if neighbours == "none" else size, expected)
            between = others.look if neighbours == "during" else lambda: None
            try:
                with connect(parameters=login) as connection:
                    compare(direct, play(connection, script, between), ignore)
                    between()
                others.look()
            finally:
                others.close()
        return direct


def login_messages(greeting):
    """The login without what a pooler may say of itself: set of parameters, rest in order."""
    parameters = {name: value for name, value in greeting.parameters.items()
                  if not name.startswith("pgbouncer.")}
    rest = [m for m in greeting if m.kind not in "SK"]
    return parameters, rest
