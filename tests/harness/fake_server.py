"""A server that speaks the protocol as a test wants it, wrong in one place."""

import socket
import struct
import threading
import time

from . import frontend as fe

READY = fe.message("Z", b"I")
AUTHENTICATED = fe.message("R", struct.pack("!i", 0))
PARAMETERS = {"server_version": "17.0", "server_encoding": "UTF8", "client_encoding": "UTF8",
              "DateStyle": "ISO, MDY", "TimeZone": "UTC", "IntervalStyle": "postgres",
              "standard_conforming_strings": "on", "integer_datetimes": "on",
              "is_superuser": "off", "session_authorization": "alice", "application_name": "",
              "default_transaction_read_only": "off", "in_hot_standby": "off",
              "scram_iterations": "4096", "search_path": '"$user", public'}


def error(**fields):
    """ErrorResponse with exactly these fields."""
    pairs = b"".join(key.encode() + text.encode() + b"\0" for key, text in fields.items())
    return fe.message("E", pairs + b"\0")


def authentication(code, data=b""):
    return fe.message("R", struct.pack("!i", code) + data)


def answer(text):
    """The reply to a simple query that returns one text."""
    column = b"t\0" + struct.pack("!IhIhih", 0, 0, 25, -1, -1, 0)
    data = text.encode()
    return (fe.message("T", struct.pack("!h", 1) + column)
            + fe.message("D", struct.pack("!hi", 1, len(data)) + data)
            + fe.message("C", b"SELECT 1\0") + READY)


class Session:
    """One connection of the pooler, as the fake server sees it."""

    def __init__(self, end, number):
        self.number = number  # counts the connections from 0, without those of cancels
        self._end = end
        self._file = end.makefile("rb")

    def send(self, *pieces):
        self._end.sendall(b"".join(pieces))

    def startup(self):
        """Reads the startup packet, declining encryption; its parameters."""
        while True:
            length, code = struct.unpack("!ii", self._file.read(8))
            body = self._file.read(length - 8)
            if code not in (fe.SSL_CODE, fe.GSSENC_CODE):
                parts = body.split(b"\0")
                return dict(zip(parts[::2], parts[1::2]))
            self.send(b"N")

    def welcome(self):
        statuses = b"".join(fe.message("S", f"{key}\0{value}\0".encode())
                            for key, value in PARAMETERS.items())
        self.send(AUTHENTICATED, statuses, fe.message("K", struct.pack("!ii", 4711, 99)), READY)

    def read(self):
        """The next message as (type, body), or None at the end."""
        head = self._file.read(5)
        if len(head) < 5:
            return None
        return chr(head[0]), self._file.read(struct.unpack("!i", head[1:])[0] - 4)

    def serve(self, replies=None):
        """Logs in and answers every query with its own text, or with the pieces that
        `replies(sql)` gives, a moment apart; SET statements as such."""
        self.startup()
        self.welcome()
        while (message := self.read()) and message[0] != "X":
            if message[0] == "Q":
                sql = message[1].rstrip(b"\0").decode()
                if sql.startswith(("SET ", "RESET ")):
                    self.send(fe.message("C", b"SET\0") * sql.rstrip("; ").count(";"),
                              fe.message("C", b"SET\0"), READY)
                    continue
                for number, piece in enumerate(replies(sql) if replies else [answer(sql)]):
                    time.sleep(0.1 if number else 0)
                    self.send(piece)
            elif message[0] == "S":
                self.send(READY)


class FakeServer:
    """Runs `script(session)` for every connection, each on a thread of its own."""

    def __init__(self, script):
        self._script = script
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = self._listener.getsockname()
        self._ends = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._listener.close()
        for end in self._ends:
            end.close()

    def _accept(self):
        while True:
            try:
                end, _ = self._listener.accept()
            except OSError:
                return
            self._ends.append(end)
            threading.Thread(target=self._run, args=(Session(end, len(self._ends) - 1), end),
                             daemon=True).start()

    def _run(self, session, end):
        try:
            self._script(session)
        except (OSError, struct.error, ValueError):
            pass
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
