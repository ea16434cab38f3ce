"""Free TCP ports, below the range from which the kernel gives out its own."""

import random
import socket


def free_port():
    dice = random.SystemRandom()
    for _ in range(1000):
        port = dice.randrange(10000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise RuntimeError("no free port")
