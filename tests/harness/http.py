"""Requests to a pooler's HTTP server, and what it tells Prometheus."""

import base64
import http.client
import json
import re
import ssl
from dataclasses import dataclass, field

from .waiting import seconds

SERIES = re.compile(r"([a-zA-Z_:][\w:]*)(\{.*\})? (\S+)")
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


@dataclass
class Answer:
    status: int
    headers: dict
    text: str

    @property
    def json(self):
        return json.loads(self.text)


def request(port, path, method="GET", headers=None, host="127.0.0.1", authority=None):
    """One request on a connection of its own, over TLS where `authority` is a file of trust."""
    if authority:
        context = ssl.create_default_context(cafile=authority)
        context.check_hostname = False
        connection = http.client.HTTPSConnection(host, port, timeout=seconds(20), context=context)
    else:
        connection = http.client.HTTPConnection(host, port, timeout=seconds(20))
    try:
        connection.request(method, path, headers=headers or {})
        response = connection.getresponse()
        body = response.read().decode()
        return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, body)
    finally:
        connection.close()


def get(port, path, **options):
    return request(port, path, **options)


def basic(user, password):
    pair = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {"Authorization": f"Basic {pair}"}


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


@dataclass
class Metrics:
    """An exposition: types and helps by family, and values by (name, labels)."""

    types: dict = field(default_factory=dict)
    helps: dict = field(default_factory=dict)
    values: dict = field(default_factory=dict)

    @classmethod
    def parse(cls, text):
        found = cls()
        for line in text.splitlines():
            if line.startswith("# TYPE "):
                _, _, name, kind = line.split(" ", 3)
                assert name not in found.types, f"{name} has two types"
                found.types[name] = kind
            elif line.startswith("# HELP "):
                _, _, name, text_of = line.split(" ", 3)
                found.helps[name] = text_of
            elif line and line != "# EOF":
                name, labels, value = SERIES.fullmatch(line).groups()
                key = (name, tuple(sorted(LABEL.findall(labels or ""))))
                assert key not in found.values, f"{key} comes twice"
                found.values[key] = float(value)
        return found

    def value(self, name, **labels):
        return self.values[(name, tuple(sorted(labels.items())))]

    def series(self, name):
        """By labels, of one name."""
        return {labels: value for (found, labels), value in self.values.items() if found == name}


def scrape(port, **options):
    answer = get(port, "/metrics", **options)
    assert answer.status == 200, answer.text
    return Metrics.parse(answer.text)
