"""How many workers there are, and what each is given."""

from typing import Any

import pytest

from mediatrans import ConvertOptions
from mediatrans.conversion.executors.choice import choose_executor, with_threads
from mediatrans.conversion.executors.local import LocalExecutor
from mediatrans.conversion.executors.processes import ProcessExecutor
from mediatrans.conversion.executors.ray_actors import RayExecutor
from mediatrans.conversion.run_options import RunOptions, cores
from mediatrans.errors import UsageError


@pytest.mark.parametrize(
    ("how", "kind"),
    [
        ({}, LocalExecutor),
        ({"workers": 3}, ProcessExecutor),
        ({"executor": "ray"}, RayExecutor),
        ({"executor": "ray:auto", "workers": 4}, RayExecutor),
    ],
)
def test_the_executor(how: dict[str, Any], kind: type) -> None:
    assert type(choose_executor(ConvertOptions(device="cpu", **how))) is kind


def test_each_worker_has_its_share_of_the_cores() -> None:
    assert with_threads(ConvertOptions(device="cpu")).threads is None
    shared = with_threads(ConvertOptions(device="cpu", workers=2)).threads
    assert shared == max(1, cores() // 2)
    assert with_threads(ConvertOptions(device="cpu", workers=2, threads=5)).threads == 5
    assert with_threads(ConvertOptions(device="cpu", executor="ray")).threads == 1


def test_the_number_of_workers() -> None:
    assert RunOptions(workers=3).number_of_workers(gpus=8, threads=None) == 3
    assert RunOptions(workers="auto").number_of_workers(gpus=8, threads=None) == 8
    assert RunOptions(workers="auto").number_of_workers(gpus=0, threads=cores()) == 1


@pytest.mark.parametrize("value", ["ray:", "local:x", "dask", "", "RAY"])
def test_what_is_no_executor(value: str) -> None:
    with pytest.raises(UsageError, match="executor"):
        ConvertOptions(executor=value)
