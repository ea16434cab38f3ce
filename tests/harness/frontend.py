"""Every message a client can send, as bytes."""

import struct

PROTOCOL_2_0 = 2 << 16
PROTOCOL_3_0 = 3 << 16
PROTOCOL_3_2 = 3 << 16 | 2
PROTOCOL_GREASE = 3 << 16 | 9999

CANCEL_CODE = 80877102
SSL_CODE = 80877103
GSSENC_CODE = 80877104


def _bytes(value):
    return value if isinstance(value, (bytes, bytearray)) else str(value).encode()


def _string(value):
    return _bytes(value) + b"\0"


def message(kind, body=b""):
    return kind.encode() + struct.pack("!i", len(body) + 4) + body


def untyped(body):
    return struct.pack("!i", len(body) + 4) + body


def startup(parameters, protocol=PROTOCOL_3_0):
    pairs = b"".join(_string(key) + _string(value) for key, value in parameters.items())
    return untyped(struct.pack("!i", protocol) + pairs + b"\0")


def ssl_request():
    return untyped(struct.pack("!i", SSL_CODE))


def gssenc_request():
    return untyped(struct.pack("!i", GSSENC_CODE))


def cancel_request(pid, key):
    return untyped(struct.pack("!iI", CANCEL_CODE, pid) + key)


def password(secret):
    return message("p", _string(secret))


def sasl_initial(mechanism, data):
    return message("p", _string(mechanism) + struct.pack("!i", len(data)) + data)


def sasl_response(data):
    return message("p", data)


def query(sql):
    return message("Q", _string(sql))


def parse(name, sql, types=()):
    oids = struct.pack(f"!h{len(types)}I", len(types), *types)
    return message("P", _string(name) + _string(sql) + oids)


def bind(portal="", statement="", values=(), formats=(), result_formats=()):
    out = [_string(portal), _string(statement)]
    out.append(struct.pack(f"!h{len(formats)}h", len(formats), *formats))
    out.append(struct.pack("!H", len(values)))
    for value in values:
        if value is None:
            out.append(struct.pack("!i", -1))
        else:
            data = _bytes(value)
            out.append(struct.pack("!i", len(data)) + data)
    out.append(struct.pack(f"!h{len(result_formats)}h", len(result_formats), *result_formats))
    return message("B", b"".join(out))


def describe_statement(name=""):
    return message("D", b"S" + _string(name))


def describe_portal(name=""):
    return message("D", b"P" + _string(name))


def execute(portal="", max_rows=0):
    return message("E", _string(portal) + struct.pack("!i", max_rows))


def close_statement(name=""):
    return message("C", b"S" + _string(name))


def close_portal(name=""):
    return message("C", b"P" + _string(name))


def sync():
    return message("S")


def flush():
    return message("H")


def terminate():
    return message("X")


def copy_data(data):
    return message("d", _bytes(data))


def copy_done():
    return message("c")


def copy_fail(reason="no more"):
    return message("f", _string(reason))


def function_call(oid, arguments=(), formats=(1,), result_format=1):
    out = [struct.pack("!I", oid), struct.pack(f"!h{len(formats)}h", len(formats), *formats)]
    out.append(struct.pack("!h", len(arguments)))
    for value in arguments:
        if value is None:
            out.append(struct.pack("!i", -1))
        else:
            out.append(struct.pack("!i", len(value)) + value)
    out.append(struct.pack("!h", result_format))
    return message("F", b"".join(out))


def run(sql, values=(), statement="", portal=""):
    """The usual group of an extended query, without its Sync."""
    return parse(statement, sql) + bound(statement, values, portal)


def bound(statement, values=(), portal=""):
    """Bind, Describe and Execute of a statement that is already there."""
    return bind(portal, statement, values) + describe_portal(portal) + execute(portal)


def expected_ready(data):
    """How many ReadyForQuery the messages in `data` ask for (outside COPY)."""
    count, at = 0, 0
    while at < len(data):
        count += data[at:at + 1] in (b"Q", b"S", b"F")
        at += 1 + struct.unpack_from("!i", data, at + 1)[0]
    return count
