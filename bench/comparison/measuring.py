"""One measurement: a run of the load generator against a subject, as a dict of figures."""

import json
import re
import signal
import subprocess
import time

from .subjects import DATABASE, USER, start_subject

TIMEOUT_S = 120
CALLS_SECONDS = "0.5"


class Failed(Exception):
    """The load generator gave up; the text says why."""


def _command(scenario, running, programs):
    command = [programs.tool("load"), "--port", str(running.port), "--database", DATABASE]
    if "--user" not in scenario.load:
        command += ["--user", USER]
    return command + list(scenario.load)


def _run(command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired:
        raise Failed(f"no end after {TIMEOUT_S} s") from None
    if done.returncode != 0:
        raise Failed(done.stderr.strip() or f"status {done.returncode}")
    result = json.loads(done.stdout)
    if result["errors"]:
        raise Failed(f"{result['errors']} errors, the first: {result['first_error']}")
    if not result["transactions"]:
        raise Failed("not a single transaction")
    return result


def units(scenario, result):
    """By how many units a result's totals are divided."""
    if scenario.unit == "GB":
        return result["bytes"] / 1e9
    return result["statements"] if scenario.unit == "statement" else result["transactions"]


def figures(scenario, running, programs, seconds):
    """Speed, latency and CPU of one round."""
    command = _command(scenario, running, programs)
    if scenario.timed:
        command += ["--seconds", str(seconds)]
    if running.pid:
        command += ["--watch", str(running.pid)]
    if running.allocations:
        command += ["--allocations", running.allocations]
    result = _run(command)
    if scenario.unit == "GB":
        out = {"gb_per_second": result["bytes"] / 1e9 / result["seconds"]}
    else:
        out = {"tps": result["tps"], **result["latency_us"]}
    if running.pid:
        cpu_us = result["cpu_ns"] / 1000 / units(scenario, result)
        out |= {"cpu_s_per_gb": cpu_us / 1e6} if scenario.unit == "GB" else {"cpu_us": cpu_us}
    if result["allocations"] is not None:
        out["allocations"] = result["allocations"] / units(scenario, result)
    return out


def calls(scenario, running, programs):
    """System calls and, where the processor lets us, instructions per unit."""
    command = _command(scenario, running, programs) + ["--seconds", CALLS_SECONDS]
    result = _run(command + ["--watch", str(running.pid), "--count-calls"])
    if result["system_calls"] is None:
        return _calls_by_strace(scenario, command, running)
    out = {"system_calls": result["system_calls"] / units(scenario, result)}
    if result["instructions"] is not None:
        out["instructions"] = result["instructions"] / units(scenario, result)
    return out


def _calls_by_strace(scenario, command, running):
    """For machines that keep the kernel's counters from us: slower, and logins count too."""
    try:
        tracer = subprocess.Popen(["strace", "-c", "-f", "-p", str(running.pid)], text=True,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    except FileNotFoundError:
        return {}
    time.sleep(0.3)
    result = _run(command + ["--warm-up", "0"])
    tracer.send_signal(signal.SIGINT)
    _, summary = tracer.communicate(timeout=10)
    total = re.search(r"^100\.00\s+\S+\s+(?:\S+\s+)?(\d+)\s.*total$", summary, re.MULTILINE)
    return {"system_calls": int(total[1]) / units(scenario, result)} if total else {}


def _resident_bytes(pid):
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as text:
        return next(int(line.split()[1]) * 1024 for line in text if line.startswith("Rss:"))


def memory(scenario, subject, server, programs):
    """Resident memory that each idle client adds to a fresh pooler that has served some before."""
    running = start_subject(subject, scenario.setup, server, programs)
    try:
        command = _command(scenario, running, programs)
        before_use = [a for a in command if a != "--touch"]
        _run(before_use + ["--clients", "64", "--seconds", "0.5"])
        before = _resident_bytes(running.pid)
        clients = scenario.idle_clients
        with subprocess.Popen(command + ["--hold", "--clients", str(clients)], text=True,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as load:
            if not load.stdout.readline():
                raise Failed(load.stderr.read().strip())
            time.sleep(0.5)
            after = _resident_bytes(running.pid)
            load.stdin.close()
        return {"bytes_per_client": (after - before) / clients}
    finally:
        running.stop()
