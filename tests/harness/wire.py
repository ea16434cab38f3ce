"""A raw client: sends any bytes in any pieces, reads every message with a deadline."""

import socket
import struct
import time

from . import frontend as fe
from .backend import Message, Reply, fields
from .passwords import ScramClient, md5_answer
from .waiting import seconds


class Closed(Exception):
    """The other side ended the connection; `reply` is what came before, `reset` says RST."""

    def __init__(self, reply, reset):
        super().__init__(f"{'reset' if reset else 'closed'} after:\n{reply.explain()}")
        self.reply = reply
        self.reset = reset


class Silence(Exception):
    """Nothing came in time; `reply` is what came before."""

    def __init__(self, reply):
        super().__init__(f"nothing more came after:\n{reply.explain()}")
        self.reply = reply


class Refused(Exception):
    """The login was answered with an error, kept in `error` ({field: text})."""

    def __init__(self, error, reply):
        super().__init__(f"{error.get('C')} {error.get('M')}")
        self.error = error
        self.reply = reply


class Connection:
    """One client connection. All that is read after the login is kept in `transcript`."""

    def __init__(self, address, timeout=10.0):
        self.timeout = timeout
        self.transcript = Reply()
        self.greeting = Reply()
        self.pid, self.key = None, None
        self._address = address
        self._buffer = bytearray()
        self._recording = False
        if isinstance(address, str):
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(seconds(timeout))
            self.socket.connect(address)
        else:
            self.socket = socket.create_connection(address, seconds(timeout))
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    @classmethod
    def login(cls, address, user, database, password=None, parameters=None,
              protocol=fe.PROTOCOL_3_0, timeout=10.0):
        connection = cls(address, timeout)
        try:
            connection.start(user, database, password, parameters, protocol)
        except BaseException:
            connection.abandon()
            raise
        return connection

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # Sending

    def send(self, *pieces):
        self.socket.settimeout(seconds(self.timeout))
        self.socket.sendall(b"".join(pieces))
        return self

    def send_cut(self, data, every=1, pause=0.0):
        """Sends `data` in pieces of `every` bytes, each in a segment of its own."""
        self.socket.settimeout(seconds(self.timeout))
        for at in range(0, len(data), every):
            self.socket.sendall(data[at:at + every])
            time.sleep(pause)
        return self

    # Reading

    def read_bytes(self, count, timeout=None):
        """Exactly `count` raw bytes: for the one-byte answer to SSLRequest."""
        self._fill(count, self._deadline(timeout), Reply())
        return self._take(count)

    def read(self, timeout=None):
        return self._read(self._deadline(timeout), Reply())

    def read_until(self, kind="Z", count=1, timeout=None):
        """Reads up to and with the count-th message of this kind."""
        reply, deadline = Reply(), self._deadline(timeout)
        while count:
            reply.append(self._read(deadline, reply))
            count -= reply[-1].kind == kind
        return reply

    def read_to_end(self, timeout=None):
        """Reads until the other side closes; the reply then ends with an `eof` message."""
        reply, deadline = Reply(), self._deadline(timeout)
        while True:
            try:
                reply.append(self._read(deadline, reply))
            except Closed:
                reply.append(Message("eof", b""))
                return reply

    def silent_for(self, duration):
        """What arrives within `duration` seconds, with `eof` at a close; often nothing is hoped
        for."""
        reply, deadline = Reply(), time.monotonic() + duration
        try:
            while True:
                reply.append(self._read(deadline, reply))
        except Closed:
            reply.append(Message("eof", b""))
        except Silence:
            pass
        return reply

    # Exchanges

    def exchange(self, *pieces, timeout=None):
        """Sends whole messages, reads as many ReadyForQuery as they ask for."""
        data = b"".join(pieces)
        self.send(data)
        return self.read_until("Z", fe.expected_ready(data), timeout)

    def query(self, sql, timeout=None):
        return self.exchange(fe.query(sql), timeout=timeout)

    def value(self, sql):
        reply = self.query(sql)
        assert not reply.errors, reply.explain()
        return reply.value

    def extended(self, sql, values=(), timeout=None):
        return self.exchange(fe.run(sql, values), fe.sync(), timeout=timeout)

    def alive(self):
        """True if the session still answers an ordinary query."""
        return self.query("SELECT 'alive'").value == "alive"

    # Login

    def start(self, user, database, password=None, parameters=None, protocol=fe.PROTOCOL_3_0):
        named = {"user": user}
        if database is not None:
            named["database"] = database
        self.send(fe.startup({**named, **(parameters or {})}, protocol))
        self.authenticate(user, password)
        return self

    def authenticate(self, user, password):
        """Everything after the startup packet, up to the first ReadyForQuery."""
        scram = None
        while True:
            message = self.read()
            self.greeting.append(message)
            if message.kind == "E":
                raise Refused(fields(message.body), self.greeting)
            if message.kind == "R":
                scram = self._answer(message.body, user, password, scram)
            elif message.kind == "K":
                self.pid = struct.unpack_from("!i", message.body)[0]
                self.key = message.body[4:]
            elif message.kind == "Z":
                self._recording = True
                return

    def _answer(self, body, user, password, scram):
        (code,) = struct.unpack_from("!i", body)
        if code == 3:
            self.send(fe.password(password))
        elif code == 5:
            self.send(fe.password(md5_answer(user, password, body[4:8])))
        elif code == 10:
            scram = ScramClient(password)
            self.send(fe.sasl_initial("SCRAM-SHA-256", scram.first()))
        elif code == 11:
            self.send(fe.sasl_response(scram.final(body[4:])))
        elif code == 12:
            scram.verify(body[4:])
        else:
            assert code == 0, f"unknown authentication request {code}"
        return scram

    def cancel(self):
        """Sends a cancel request for this session and waits until it was closed; True for FIN."""
        return cancel(self._address, self.pid, self.key)

    # Leaving

    def close(self):
        """Leaves as a well-behaved client does."""
        try:
            self.socket.sendall(fe.terminate())
        except OSError:
            pass
        self.socket.close()

    def abandon(self, reset=False):
        """Leaves without a word; with `reset` by RST instead of FIN."""
        if reset:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    # Inside

    def _deadline(self, timeout):
        return time.monotonic() + seconds(self.timeout if timeout is None else timeout)

    def _read(self, deadline, reply):
        self._fill(5, deadline, reply)
        (length,) = struct.unpack_from("!i", self._buffer, 1)
        assert length >= 4, f"message with length {length}"
        self._fill(length + 1, deadline, reply)
        data = self._take(length + 1)
        message = Message(chr(data[0]), data[5:])
        if self._recording:
            self.transcript.append(message)
        return message

    def _fill(self, count, deadline, reply):
        while len(self._buffer) < count:
            left = deadline - time.monotonic()
            if left <= 0:
                raise Silence(reply)
            self.socket.settimeout(left)
            try:
                data = self.socket.recv(1 << 20)
            except (TimeoutError, BlockingIOError):
                raise Silence(reply) from None
            except ConnectionError:
                raise Closed(reply, reset=True) from None
            if not data:
                raise Closed(reply, reset=False)
            self._buffer += data

    def _take(self, count):
        data = bytes(self._buffer[:count])
        del self._buffer[:count]
        return data


def cancel(address, pid, key, timeout=10.0):
    """One cancel request; True if the other side ended it by FIN, False if by RST."""
    connection = Connection(address, timeout)
    try:
        connection.send(fe.cancel_request(pid, key))
        connection.read()
        raise AssertionError("a cancel request was answered")
    except Closed as end:
        return not end.reset
    finally:
        connection.abandon()
