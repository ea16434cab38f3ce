"""A client's side of MD5 and SCRAM-SHA-256, and the secrets a server stores for them."""

import base64
import hashlib
import hmac
import os


def md5_secret(user, password):
    return "md5" + hashlib.md5((password + user).encode()).hexdigest()


def md5_answer(user, password, salt):
    inner = md5_secret(user, password)[3:].encode()
    return "md5" + hashlib.md5(inner + salt).hexdigest()


def _hmac(key, data):
    return hmac.new(key, data, hashlib.sha256).digest()


def _keys(password, salt, iterations):
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, iterations)
    return _hmac(salted, b"Client Key"), _hmac(salted, b"Server Key")


def scram_secret(password, iterations=4096, salt=None):
    salt = salt or os.urandom(16)
    client_key, server_key = _keys(password, salt, iterations)
    stored = hashlib.sha256(client_key).digest()
    encode = lambda data: base64.b64encode(data).decode()
    return f"SCRAM-SHA-256${iterations}:{encode(salt)}${encode(stored)}:{encode(server_key)}"


class ScramClient:
    """One SCRAM-SHA-256 exchange: first(), final(server_first), verify(server_final)."""

    def __init__(self, password):
        self._password = password
        self._nonce = base64.b64encode(os.urandom(18)).decode()
        self._bare = f"n=,r={self._nonce}"

    def first(self):
        return f"n,,{self._bare}".encode()

    def final(self, server_first):
        given = dict(part.split("=", 1) for part in server_first.decode().split(","))
        assert given["r"].startswith(self._nonce) and len(given["r"]) > len(self._nonce)
        salt = base64.b64decode(given["s"])
        client_key, server_key = _keys(self._password, salt, int(given["i"]))
        without_proof = f"c=biws,r={given['r']}"
        auth = ",".join([self._bare, server_first.decode(), without_proof]).encode()
        signature = _hmac(hashlib.sha256(client_key).digest(), auth)
        proof = bytes(a ^ b for a, b in zip(client_key, signature))
        self._server_signature = base64.b64encode(_hmac(server_key, auth))
        return f"{without_proof},p={base64.b64encode(proof).decode()}".encode()

    def verify(self, server_final):
        assert server_final == b"v=" + self._server_signature, "the server's signature is wrong"
