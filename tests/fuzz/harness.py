"""The parent of the fuzzers' child: hands it cases, and takes its death or silence as a finding."""

import json
import os
import selectors
import signal
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path
from types import TracebackType
from typing import Any, Self

PATIENCE_S = 60.0
"""A case that takes longer hangs."""


class Harness:
    """A child that can die and is started again.

    Args:
        folder: Where the child stands; its zoo is in there.
    """

    def __init__(self, folder: Path) -> None:
        self.findings: list[str] = []
        self.cases = 0
        self.codes: dict[int, int] = {}
        self._folder = folder
        self._log = folder / "child.log"
        self._child: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._end()

    def judge(
        self, case: dict[str, Any], made: str, allowed: Collection[int]
    ) -> dict[str, Any] | None:
        """Run a case; whatever it should not have done becomes a finding.

        Args:
            case: What the child is told.
            made: How the file was made.
            allowed: Exit codes that are right.

        Returns:
            Its exit code and what it said, or None if it gave no answer.
        """
        self.cases += 1
        answer = self._ask(case)
        if isinstance(answer, str):
            self.findings.append(f"{made}: {answer}")
            return None
        code, said = answer["code"], answer["said"]
        self.codes[code] = self.codes.get(code, 0) + 1
        if code not in allowed or "Traceback" in said:
            self.findings.append(f"{made}: exit {code}\n{said}")
        return answer

    def _ask(self, case: dict[str, Any]) -> dict[str, Any] | str:
        """The child's answer, or how it failed to give one."""
        child = self._child or self._start()
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(json.dumps(case) + "\n")
        child.stdin.flush()
        with selectors.DefaultSelector() as selector:
            selector.register(child.stdout, selectors.EVENT_READ)
            answered = selector.select(PATIENCE_S)
        if not answered:
            self._end()
            return f"no answer within {PATIENCE_S:.0f} s"
        line = child.stdout.readline()
        if line:
            return dict(json.loads(line))
        code = child.wait()
        self._end()
        died = signal.Signals(-code).name if code < 0 else f"exit {code}"
        return f"the child died ({died})\n{self._log.read_text(errors='replace')[-3000:]}"

    def _start(self) -> "subprocess.Popen[str]":
        root = Path(__file__).parents[2]
        with self._log.open("w") as log:
            self._child = subprocess.Popen(
                [sys.executable, "-m", "tests.fuzz.child"],
                cwd=self._folder,
                env={**os.environ, "PYTHONPATH": str(root), "XDG_DATA_HOME": str(self._folder)},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        return self._child

    def _end(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child.communicate()
            self._child = None
