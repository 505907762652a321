"""What the tests of training runs are given."""

from pathlib import Path

import pytest

from mediatrans.training.data.folders import Folders
from tests.training.tiny import write_domains


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return write_domains(tmp_path / "data")
