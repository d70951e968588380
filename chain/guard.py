# SPDX-License-Identifier: Apache-2.0
"""Keeps a program from outliving the process that wanted it: `guard.py KEPT_FILE PROGRAM ARGUMENT...`.

The guard starts the program, prints its process id, and ends it with SIGTERM when its own standard input ends or when
it gets SIGTERM itself. Its input is a pipe whose other end only the parent holds; the kernel closes that end even when
the parent is killed with -9. The guard imports nothing but the standard library, so it is there at once.
"""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Sequence
from types import FrameType

GRACE = 20.0
"""Seconds that the program may take to write its state down after SIGTERM."""


def guard(command: Sequence[str], kept_files: Sequence[int]) -> int:
    """Run `command` until it ends, standard input ends or SIGTERM comes; return the exit code of the program.

    `kept_files` are descriptors that the program inherits: a lock that is to be held for as long as it lives.
    """
    stop_reader, stop_writer = os.pipe()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        os.write(stop_writer, b"x")

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGCHLD, stop)
    program = subprocess.Popen(  # noqa: S603 - the parent chose the program
        command, stdin=subprocess.DEVNULL, stdout=sys.stderr, pass_fds=kept_files
    )
    try:
        sys.stdout.write(f"{program.pid}\n")
        sys.stdout.flush()
        select.select([sys.stdin.fileno(), stop_reader], [], [])
    finally:
        program.terminate()
    try:
        return program.wait(GRACE)
    except subprocess.TimeoutExpired:
        program.kill()
        return program.wait()


if __name__ == "__main__":
    sys.exit(guard(sys.argv[2:], [int(sys.argv[1])]))
