# SPDX-License-Identifier: Apache-2.0
"""What a process that reads a document may use: set once, by the process itself; only root could raise it again."""

import os
import resource

CPU_SECONDS = 10
WALL_SECONDS = 60.0
"""Only for a process that waits for something; work is measured in CPU time, because a busy machine is no fault."""
MEMORY = 1024 * 1024 * 1024


def confine(cpu_seconds: int = CPU_SECONDS, memory: int = MEMORY) -> None:
    """Limit the calling process for good: CPU time, memory in bytes, and nothing new can be opened or written.

    Without a new descriptor there is no file and no network either; what is open stays usable.
    """
    # At the first limit comes a signal that tells why, at the second the end.
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    # The lowest free descriptor is the one that the next call would give out.
    lowest = os.dup(0)
    os.close(lowest)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, lowest))
