"""Damaged videos of every format: an output with fewer frames is never passed off as a whole one.

The cases are the same in every run; `python -m tests.fuzz.lost_frames` runs others.
"""

import logging
from pathlib import Path

import pytest

from tests.fuzz.lost_frames import hunt

pytestmark = pytest.mark.slow

FILES = 400
MOST_UNSAID = 0.005
"""The share of files that may pass without a word: GIF, NUT and OBU hold no checksums."""


def test_lost_frames_are_told_of(tmp_path: Path) -> None:
    findings = hunt(tmp_path, FILES, seed=1)
    logging.getLogger(__name__).info("%s", findings)
    assert findings.files >= FILES
    assert not findings.wrong, findings
    assert len(findings.unsaid) <= MOST_UNSAID * findings.files, findings
    # Damage that nothing survives, or that nothing notices, would prove little.
    assert findings.files // 4 < findings.refused < findings.files - findings.files // 20
