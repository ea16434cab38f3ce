"""What the pooler itself says: PgBouncer's texts, with the SQLSTATE that Weir gives them."""

from .pooler import KIND

# Every text here goes out from PgBouncer with 08P01.
SQLSTATES = {
    "no such database: {}": "3D000",
    'database "{}" is disabled': "57P03",
    'authentication database "{}" is disabled': "57P03",
    "no such user": "28000",
    "bouncer config error": "F0000",
    "password authentication failed": "28P01",
    "SASL authentication failed": "28P01",
    '"trust" authentication failed': "28P01",
    "no authentication method is found": "28000",
    "login rejected": "28000",
    "unix socket login rejected": "28000",
    "certificate authentication failed": "28000",
    "PAM authentication failed": "28000",
    "LDAP authentication failed": "28000",
    "too many logins are being verified": "53300",
    "empty password returned by client": "28P01",
    "not allowed": "42501",
    "SSL required": "28000",
    "received unencrypted data after SSL request": "08P01",
    "received unencrypted data after GSSAPI encryption request": "08P01",
    "no more connections allowed (max_client_conn)": "53300",
    "client connections exceeded (max_db_client_connections)": "53300",
    "client connections exceeded (max_user_client_connections)": "53300",
    "query_wait_timeout": "57014",
    "query_timeout": "57014",
    "query timeout": "57014",
    "transaction timeout": "25P04",
    "idle transaction timeout": "25P03",
    "client_idle_timeout": "57P05",
    "client_login_timeout": "57014",
    "server conn crashed?": "08006",
    "admin forced disconnect": "57P01",
    "server shutting down": "57P01",
    "pooler is shutting down": "57P01",
    "database removed": "57P01",
    "database configuration changed": "57P01",
    "client selected an invalid SASL authentication mechanism": "28P01",
    "PQexec disallowed": "08P01",
    "unknown pkt": "08P01",
    "no username supplied": "08P01",
    "old V2 protocol not supported": "08P01",
    "transaction blocks not allowed in statement pooling mode": "0A000",
}


def check(error, text, *names):
    """Asserts that an error ({field: text}) is the pooler's own `text`, with its SQLSTATE."""
    assert error is not None, f"no error, expected: {text}"
    assert error["M"] == text.format(*names), error
    assert error["S"] == "FATAL", error
    expected = "08P01" if KIND == "pgbouncer" else SQLSTATES[text]
    assert error["C"] == expected, error
