"""What a server sends, taken apart."""

import struct
from typing import NamedTuple


class Message(NamedTuple):
    kind: str  # the type byte, or "eof" for the end of the connection
    body: bytes

    def __str__(self):
        if self.kind in "EN":
            return f"{self.kind} {fields(self.body)}"
        shown = self.body if len(self.body) <= 120 else self.body[:120] + b"..."
        return f"{self.kind} [{len(self.body)}] {shown!r}"


def fields(body):
    """ErrorResponse or NoticeResponse as {field letter: text}."""
    parts = body.rstrip(b"\0").split(b"\0")
    return {part[:1].decode(): part[1:].decode("utf-8", "replace") for part in parts if part}


def data_row(body):
    """DataRow as a tuple of bytes or None."""
    (count,) = struct.unpack_from("!h", body)
    at, values = 2, []
    for _ in range(count):
        (length,) = struct.unpack_from("!i", body, at)
        at += 4
        if length < 0:
            values.append(None)
        else:
            values.append(bytes(body[at:at + length]))
            at += length
    return tuple(values)


def row_description(body):
    """RowDescription as a list of (name, table oid, column, type oid, size, modifier, format)."""
    (count,) = struct.unpack_from("!h", body)
    at, columns = 2, []
    for _ in range(count):
        end = body.index(0, at)
        rest = struct.unpack_from("!IhIhih", body, end + 1)
        columns.append((body[at:end].decode(), *rest))
        at = end + 1 + 18
    return columns


def parameter_status(body):
    name, value, _ = body.split(b"\0", 2)
    return name.decode(), value.decode()


def negotiation(body):
    """NegotiateProtocolVersion as (newest version, names of unknown options)."""
    newest, count = struct.unpack_from("!ii", body)
    names = body[8:].split(b"\0")[:count]
    return newest, [name.decode() for name in names]


class Reply(list):
    """The messages of one exchange, with the questions tests ask of them."""

    def kinds(self):
        return "".join(message.kind for message in self if message.kind not in ("S", "eof"))

    def of(self, kind):
        return [message.body for message in self if message.kind == kind]

    @property
    def rows(self):
        return [tuple(value if value is None else value.decode("utf-8", "replace")
                      for value in data_row(body)) for body in self.of("D")]

    @property
    def value(self):
        assert len(self.rows) == 1 and len(self.rows[0]) == 1, f"not one value: {self.explain()}"
        return self.rows[0][0]

    @property
    def columns(self):
        (body,) = self.of("T")
        return [column[0] for column in row_description(body)]

    @property
    def dicts(self):
        return [dict(zip(self.columns, row)) for row in self.rows]

    @property
    def errors(self):
        return [fields(body) for body in self.of("E")]

    @property
    def error(self):
        """The only error's fields, or None."""
        assert len(self.errors) <= 1, self.explain()
        return self.errors[0] if self.errors else None

    @property
    def sqlstate(self):
        return self.error["C"] if self.error else None

    @property
    def notices(self):
        return [fields(body) for body in self.of("N")]

    @property
    def tags(self):
        return [body.rstrip(b"\0").decode() for body in self.of("C")]

    @property
    def status(self):
        """The transaction status of the last ReadyForQuery, or None."""
        ready = self.of("Z")
        return ready[-1].decode() if ready else None

    @property
    def parameters(self):
        return dict(parameter_status(body) for body in self.of("S"))

    @property
    def closed(self):
        return any(message.kind == "eof" for message in self)

    def explain(self):
        return "\n".join(str(message) for message in self) or "(nothing)"
