"""Stands for a process of the fork server: its descriptors, its signals and its end.

Run without `site`, by a Python that begins in a hundredth of a second.
"""

import json
import os
import signal
import socket
import sys

FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1)


def main() -> None:
    """Ask the server for a process, and end as it ends."""
    signal.pthread_sigmask(signal.SIG_BLOCK, FORWARDED)
    wish = {
        "words": sys.argv[2:],
        "cwd": os.getcwd(),  # noqa: PTH109 -- pathlib is not loaded in no time
        "environment": dict(os.environ),
        "ignored": [n for n in FORWARDED if signal.getsignal(n) == signal.SIG_IGN],
    }
    text = json.dumps(wish).encode()
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.connect(f"\0{sys.argv[1]}")
    socket.send_fds(server, [len(text).to_bytes(8, "big")], [0, 1, 2])
    server.sendall(text)
    for number in (0, 1, 2):
        os.close(number)
    answers = server.makefile("r")
    pid = int(answers.readline())
    for number in FORWARDED:
        signal.signal(number, lambda number, _: os.kill(pid, number))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, FORWARDED)
    code = int(answers.readline() or 70)
    if code < 0:
        if -code != signal.SIGKILL:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


main()
