"""A test that fails ends the processes that it has started."""

import sys

import pytest

from tests.child_processes import Child

FOR_EVER = ["sleep", "1000"]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs the program sleep")


def test_a_failed_test_does_not_wait_for_its_process() -> None:
    with pytest.raises(ValueError, match="of the test"), Child(FOR_EVER) as child:
        raise ValueError("of the test")
    assert child.returncode < 0


def test_a_wait_that_is_broken_off_leaves_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken_off(*_: object) -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError), Child(FOR_EVER) as child:
        monkeypatch.setattr(child, "wait", broken_off)
    monkeypatch.undo()
    assert child.wait(60) < 0
