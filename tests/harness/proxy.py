"""A TCP proxy between pooler and PostgreSQL that delays, splits and cuts."""

import socket
import struct
import threading
import time

from . import frontend as fe


class Proxy:
    """Forwards connections to `upstream`; every knob may be turned while it runs."""

    def __init__(self, upstream):
        self.upstream = upstream
        self.piece = 1 << 16          # largest piece sent at once
        self.cancel_delay = 0.0       # seconds that a cancel request is held back
        self.reply_delay = 0.0        # seconds that each piece from the server is held back
        self.refuse = False           # close new connections at once
        self.cancels = 0              # cancel requests that went through
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = self._listener.getsockname()
        self._links = []
        self._left, self._by_reset = None, False
        self._guard = threading.Lock()
        self._open = threading.Event()
        self._open.set()
        threading.Thread(target=self._accept, daemon=True).start()

    def hold(self):
        """Stops everything that flows, both ways, until release()."""
        self._open.clear()

    def release(self):
        self._open.set()

    def cut_in(self, count, reset=False):
        """Lets `count` more bytes of replies pass and then ends the connection that brought them;
        only once."""
        with self._guard:
            self._left, self._by_reset = count, reset

    def drop_all(self, reset=False):
        """Ends every connection that is open now."""
        with self._guard:
            links, self._links = self._links, []
        for pair in links:
            for end in pair:
                _end(end, reset)

    def close(self):
        self._listener.close()
        self.release()
        self.drop_all()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        try:
            if self.refuse:
                client.close()
                return
            first = client.recv(1 << 16)
            while first[4:8] == struct.pack("!i", fe.SSL_CODE):  # to see what follows
                client.sendall(b"N")
                first = client.recv(1 << 16)
            if first[4:8] == struct.pack("!i", fe.CANCEL_CODE):
                time.sleep(self.cancel_delay)
                self.cancels += 1
            server = socket.create_connection(self.upstream)
        except OSError:
            client.close()
            return
        for end in (client, server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._guard:
            self._links.append((client, server))
        threading.Thread(target=self._pump, args=(server, client, True), daemon=True).start()
        try:
            server.sendall(first)
        except OSError:
            pass
        self._pump(client, server, False)

    def _pump(self, source, target, reply):
        try:
            while data := source.recv(1 << 16):
                self._open.wait()
                if reply and self.reply_delay:
                    time.sleep(self.reply_delay)
                allowed = self._allowed(len(data)) if reply else None
                self._send(target, data[:allowed])
                if allowed is not None:
                    _end(target, self._by_reset)
                    _end(source, True)
                    return
            target.shutdown(socket.SHUT_WR)
        except OSError:
            _end(source, False)
            _end(target, False)

    def _allowed(self, count):
        """How many of `count` bytes may still pass before the cut; None if all, and on."""
        with self._guard:
            if self._left is None:
                return None
            if count < self._left:
                self._left -= count
                return None
            allowed, self._left = self._left, None
            return allowed

    def _send(self, target, data):
        for at in range(0, len(data), self.piece):
            target.sendall(data[at:at + self.piece])


def _end(end, reset):
    try:
        # The shutdown wakes our own thread that reads there, else close() would not take effect.
        if reset:
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            end.shutdown(socket.SHUT_RD)
        else:
            end.shutdown(socket.SHUT_RDWR)
        end.close()
    except OSError:
        pass
