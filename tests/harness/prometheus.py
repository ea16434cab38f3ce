"""Debian's Prometheus on a free port, with the rules of deploy/prometheus/ made quick."""

import json
import os
import re
import subprocess
import urllib.error
import urllib.parse
import urllib.request

from .account import Directory
from .cluster import ROOT
from .ports import Port
from .waiting import until

RULES = os.path.join(ROOT, "deploy", "prometheus", "rules")

CONFIGURATION = """
global: {{scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}}
rule_files: [{rules}]
scrape_configs:
{jobs}
"""
JOB = """
  - job_name: {name}
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""


def quick(rules):
    """A second for every wait, a few for every window: enough for a rate of scrapes each second."""
    return re.sub(r"\[\d+m\]", "[8s]", re.sub(r"for: \d+m", "for: 1s", rules))


class Prometheus:
    """Owns the process and its data."""

    def __init__(self):
        self._directory = Directory("prometheus")
        self._claim = Port()
        self._process = None
        self._url = f"http://127.0.0.1:{self._claim.number}"
        os.mkdir(self._directory.file("rules"))
        for name in os.listdir(RULES):
            with open(os.path.join(RULES, name), encoding="utf-8") as rules:
                self._directory.write(os.path.join("rules", name), quick(rules.read()))

    def watch(self, name, port):
        """Scrapes one target under that job's name, from the start or instead of what was."""
        jobs = JOB.format(name=name, port=port)
        path = self._directory.write("prometheus.yml", CONFIGURATION.format(
            rules=self._directory.file("rules/*.yml"), jobs=jobs))
        if self._process is not None:
            self._process.send_signal(1)
            return self
        with open(self._directory.file("log"), "wb") as log:
            self._process = subprocess.Popen(
                ["prometheus", f"--config.file={path}",
                 f"--storage.tsdb.path={self._directory.file('data')}",
                 f"--web.listen-address=127.0.0.1:{self._claim.number}"],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        until(self._ready, timeout=30, what="Prometheus is ready")
        return self

    def firing(self):
        """The alerts that fire now: their labels, by name."""
        found = {}
        for alert in self._get("/api/v1/alerts")["data"]["alerts"]:
            if alert["state"] == "firing":
                found.setdefault(alert["labels"]["alertname"], []).append(alert["labels"])
        return found

    def fires(self, *names, timeout=45):
        """Waits until all of them fire; their labels, those of the first alert of each."""
        until(lambda: set(names) <= set(self.firing()), timeout, 0.2, f"{names} fire")
        return [self.firing().get(name, [{}])[0] for name in names]

    def clears(self, *names, timeout=45):
        until(lambda: not set(names) & set(self.firing()), timeout, 0.2, f"{names} are over")

    def value(self, expression):
        """Of the one series that it gives; None where it gives none."""
        query = urllib.parse.urlencode({"query": expression})
        result = self._get(f"/api/v1/query?{query}")["data"]["result"]
        return float(result[0]["value"][1]) if result else None

    def close(self):
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
        self._directory.remove()
        self._claim.release()

    def _get(self, path):
        with urllib.request.urlopen(self._url + path, timeout=10) as answer:
            return json.load(answer)

    def _ready(self):
        assert self._process.poll() is None, self._log()
        try:
            with urllib.request.urlopen(self._url + "/-/ready", timeout=2) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def _log(self):
        with open(self._directory.file("log"), encoding="utf-8") as log:
            return log.read()[-3000:]
