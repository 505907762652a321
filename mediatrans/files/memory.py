"""The memory limit of this process: the machine's memory, or less in a container."""

import os
from pathlib import Path

__all__ = ["memory_limit"]

# cgroup v1 reports the largest page-aligned number if there is no limit.
_UNLIMITED = 1 << 60


def memory_limit(cgroups: Path = Path("/sys/fs/cgroup"), own: Path | None = None) -> int | None:
    """The bytes of memory that this process may use.

    The limit is the smallest of the machine's memory and the limits of the process's control group
    and all groups above it (cgroup v2: "memory.max"; v1: "memory.limit_in_bytes").

    Args:
        cgroups: Where the control groups are mounted.
        own: The file that names the process's groups; None uses /proc/self/cgroup.

    Returns:
        The limit, or None if none is known.
    """
    limits = [_machine(), *_groups(cgroups, own or Path("/proc/self/cgroup"))]
    return min((limit for limit in limits if limit is not None), default=None)


def _machine() -> int | None:
    if "SC_PHYS_PAGES" not in getattr(os, "sysconf_names", {}):
        return None
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _groups(cgroups: Path, own: Path) -> list[int]:
    try:
        lines = own.read_text().splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        _, _, rest = line.partition(":")
        controllers, _, group = rest.partition(":")
        if controllers == "":
            root, name = cgroups, "memory.max"
        elif "memory" in controllers.split(","):
            root, name = cgroups / "memory", "memory.limit_in_bytes"
        else:
            continue
        here = root / group.strip("/")
        # In a container the group's own path may be hidden; the mount point then is the group.
        for place in (here, *here.parents):
            if place.is_relative_to(root):
                found += _limit(place / name)
    return found


def _limit(file: Path) -> list[int]:
    try:
        text = file.read_text().strip()
    except OSError:
        return []
    return [int(text)] if text.isascii() and text.isdigit() and int(text) < _UNLIMITED else []
