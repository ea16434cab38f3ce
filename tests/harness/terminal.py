"""A program in a terminal of its own: tmux on a private socket."""

import os
import re
import shlex
import subprocess

from .account import Directory
from .waiting import until

SETTINGS = """
set -g status off
set -g escape-time 0
set -g default-terminal screen-256color
"""


class Terminal:
    """Owns the tmux server, and so the program."""

    def __init__(self, command, size=(80, 24), environment=None):
        self._directory = Directory("tmux")
        self._socket = self._directory.file("socket")
        settings = self._directory.write("tmux.conf", SETTINGS)
        inside = {"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", **(environment or {})}
        line = ["env", *(f"{name}={value}" for name, value in inside.items()), *command]
        # tmux itself does not always know the status; cat keeps the screen. Ctrl-C reaches all.
        script = f"trap : INT; {shlex.join(line)}; printf '\nended: %s\n' $?; exec cat"
        # A server takes its settings and its environment from whoever starts it.
        self._tmux("-f", settings, "new-session", "-d", "-x", str(size[0]), "-y", str(size[1]),
                   "sh", "-c", script)

    def press(self, *keys):
        """Keys by tmux's names: Down, Enter, Escape, q, ..."""
        for key in keys:
            self._tmux("send-keys", key)

    def type(self, text):
        self._tmux("send-keys", "-l", text)

    def resize(self, width, height):
        self._tmux("resize-window", "-x", str(width), "-y", str(height))

    def lines(self):
        return self._tmux("capture-pane", "-p").splitlines()

    def text(self):
        return "\n".join(self.lines())

    def colours(self):
        """The screen with its escape sequences."""
        return self._tmux("capture-pane", "-p", "-e")

    def shows(self, *texts, timeout=10):
        """Waits until all of them are on the screen; the screen's text."""
        def there():
            screen = self.text()
            return screen if all(text in screen for text in texts) else None
        try:
            return until(there, timeout=timeout)
        except AssertionError:
            raise AssertionError(f"{texts} not on the screen:\n{self.text()}") from None

    def ended(self):
        """Waits for the program's end; its status."""
        found = until(lambda: re.search(r"^ended: (\d+)$", self.printed(), re.M),
                      what="the program has ended")
        return int(found.group(1))

    def printed(self):
        """All that a program without a screen has written."""
        return self._tmux("capture-pane", "-p", "-J", "-S", "-")

    def close(self):
        subprocess.run(["tmux", "-S", self._socket, "kill-server"], capture_output=True)
        self._directory.remove()

    def _tmux(self, *arguments):
        environment = {name: value for name, value in os.environ.items()
                       if name not in ("TMUX", "NO_COLOR")}
        environment.update(LANG="C.UTF-8", LC_ALL="C.UTF-8")
        done = subprocess.run(["tmux", "-S", self._socket, *arguments], env=environment,
                              capture_output=True, text=True)
        assert done.returncode == 0, f"tmux {arguments}: {done.stderr}"
        return done.stdout
