"""The admin console: SHOW as dicts, commands as replies."""


class Console:
    """Owns one console connection."""

    def __init__(self, connection):
        self.connection = connection

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def run(self, command, timeout=None):
        return self.connection.query(command, timeout)

    def do(self, command, timeout=None):
        """Runs a command that must succeed."""
        reply = self.run(command, timeout)
        assert not reply.errors, reply.explain()
        return reply

    def show(self, what):
        return self.do(f"SHOW {what}").dicts

    def pool(self, database="app", user="alice"):
        """The row of SHOW POOLS of one pool."""
        (row,) = [row for row in self.show("POOLS")
                  if row["database"] == database and row["user"] == user]
        return row

    def servers(self, database="app"):
        return [row for row in self.show("SERVERS") if row["database"] == database]

    def clients(self, database="app"):
        return [row for row in self.show("CLIENTS") if row["database"] == database]

    def config(self, key):
        (row,) = [row for row in self.show("CONFIG") if row["key"] == key]
        return row["value"]
