"""Free TCP ports, below the range from which the kernel gives out its own."""

import random
import socket


class Port:
    """A port that no other process of these tests takes until release()."""

    def __init__(self):
        dice = random.SystemRandom()
        for _ in range(1000):
            self.number = dice.randrange(10000, 32000)
            self._claim = socket.socket(socket.AF_UNIX)
            try:
                # An abstract name is taken by one process at a time, and freed with it.
                self._claim.bind(f"\0weir-test-port-{self.number}")
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", self.number))
                return
            except OSError:
                self._claim.close()
        raise RuntimeError("no free port")

    def release(self):
        self._claim.close()


def free_port():
    """A port that is free now, without a claim on it."""
    port = Port()
    port.release()
    return port.number
