"""The memory limit: the smaller of the machine's and the container's, by either kind of cgroup."""

import os
from pathlib import Path

import pytest

from mediatrans.files.memory import memory_limit

MACHINE = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
SMALL = 1 << 26


def limited(tmp_path: Path, own: str, files: dict[str, str]) -> int | None:
    (tmp_path / "own").write_text(own)
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return memory_limit(tmp_path / "cgroup", tmp_path / "own")


@pytest.mark.parametrize(
    ("own", "files", "limit"),
    [
        ("0::/box\n", {"cgroup/box/memory.max": f"{SMALL}\n"}, SMALL),
        ("0::/box\n", {"cgroup/box/memory.max": "max\n"}, MACHINE),
        ("0::/slice/box\n", {"cgroup/slice/memory.max": f"{SMALL}\n"}, SMALL),
        ("0::/elsewhere\n", {"cgroup/memory.max": f"{SMALL}\n"}, SMALL),
        ("4:memory:/box\n", {"cgroup/memory/box/memory.limit_in_bytes": f"{SMALL}\n"}, SMALL),
        ("4:memory:/box\n", {"cgroup/memory/memory.limit_in_bytes": f"{SMALL}\n"}, SMALL),
        ("4:cpu:/box\n", {"cgroup/memory/box/memory.limit_in_bytes": f"{SMALL}\n"}, MACHINE),
        ("4:memory:/box\n", {"cgroup/memory/box/memory.limit_in_bytes": f"{2**63 - 4096}\n"}, None),
        ("not a line\n", {}, MACHINE),
        ("0::/box\n", {"cgroup/box/memory.max": "nonsense\n"}, MACHINE),
    ],
)
def test_the_smallest_limit_counts(
    tmp_path: Path, own: str, files: dict[str, str], limit: int | None
) -> None:
    assert limited(tmp_path, own, files) == (limit or MACHINE)


def test_a_machine_without_control_groups(tmp_path: Path) -> None:
    assert memory_limit(tmp_path, tmp_path / "missing") == MACHINE
