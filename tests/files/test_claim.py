"""The lock beside a part, which Windows needs: one process holds it, and it ends with the process.

It works on every system, so that it is tested on every system.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from mediatrans.files.claim import ClaimedError, locked_beside
from mediatrans.files.publish import is_part, part_path
from tests.child_processes import Child

HOLDER = """
import sys
from pathlib import Path
from mediatrans.files.claim import locked_beside
with locked_beside(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("name", ["a.png", "a.b.tar", "x" * 250 + ".jpg"])
def test_a_second_process_is_refused_until_the_first_is_gone(tmp_path: Path, name: str) -> None:
    part = part_path(tmp_path / name)
    with Child[bytes](
        [sys.executable, "-c", HOLDER, part], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == b"held"
        with pytest.raises(ClaimedError, match="another run is writing it"), locked_beside(part):
            pass
        (left,) = tmp_path.iterdir()
        assert is_part(left)  # so that no walk of the folder takes it for an input
        holder.kill()
    with locked_beside(part):
        pass
    assert list(tmp_path.iterdir()) == []


def test_outputs_that_differ_in_their_suffix_have_locks_of_their_own(tmp_path: Path) -> None:
    with (
        locked_beside(part_path(tmp_path / "a.png")),
        locked_beside(part_path(tmp_path / "a.jpg")),
    ):
        assert len(list(tmp_path.iterdir())) == 2
