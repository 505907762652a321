"""`mediatrans benchmark`: every engine of this machine in a table, within the time given."""

import json
import time
from pathlib import Path

import numpy as np
import pytest

from mediatrans.cli import benchmark
from mediatrans.cli.main import run
from mediatrans.errors import DeviceError, InputError
from mediatrans.translate.engines.backend import Backend
from mediatrans.translate.engines.choice import ENGINES, open_engine
from mediatrans.translate.engines.device_words import NumberFormat
from mediatrans.translate.engines.engine import Generated, Pixels
from mediatrans.translate.engines.speed import frames_per_second


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benchmark, "SHORT_SIDES", (18, 36))


def rows_of(output: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in output.splitlines()]


def test_every_engine_precision_and_size(
    pair: Path, small: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["benchmark", "--to", "night", "--seconds", "0.2", "--json"]) == 0
    rows = rows_of(capsys.readouterr().out)
    assert {(row["width"], row["height"]) for row in rows} == {(32, 20), (64, 36)}
    measured = {(row["device"], row["precision"]) for row in rows}
    assert ("cpu", "float32") in measured
    assert len(rows) == 2 * len(measured)
    assert all(float(str(row["frames_per_second"])) > 0 for row in rows)
    taken = open_engine(pair / "to_night.onnx").identity
    assert {row["engine"] for row in rows if row["is_auto"]} == {taken}


def test_the_table_marks_what_auto_takes(
    pair: Path, small: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["benchmark", "--seconds", "0.2"]) == 0
    heading, columns, *lines = capsys.readouterr().out.splitlines()
    assert heading == "frames per second at working sizes, day -> night with day2night"
    assert columns.split() == ["device", "precision", "32x20", "64x36"]
    assert sum("<- auto" in line for line in lines) == 1
    assert any(line.startswith("cpu") for line in lines)


def test_only_the_named_device(pair: Path, small: None, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["benchmark", "--model", str(pair), "--device", "cpu", "--seconds", "0.1", "--json"]
    assert run(words) == 0
    assert {row["device"] for row in rows_of(capsys.readouterr().out)} == {"cpu"}


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--to", "day", "--device", "tpu"], 2),
        (["--to", "noon"], 4),
        (["--model", "nobody"], 4),
        (["--seconds", "0"], 2),
        (["--device", "cuda:63"], 5),
    ],
)
def test_refusals(pair: Path, small: None, words: list[str], code: int) -> None:
    assert run(["benchmark", *words]) == code


class Failing:
    """An engine that has no memory for the larger picture."""

    identity = provider = "failing"

    def batch_sizes(self, height: int, width: int) -> tuple[int, ...]:
        return (1,)

    def run(self, images: Pixels) -> Generated:
        if images.shape[1] > 20:
            raise InputError("the device is out of memory")
        return Generated(images)


def test_what_fails_is_said_and_the_rest_is_measured(
    pair: Path, small: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    known: tuple[NumberFormat, ...] = ("float16", "float32")

    def opened(*arguments: object, precision: str, **how: object) -> Failing:
        if precision == "float16":
            raise DeviceError("the driver is too old")
        return Failing()

    monkeypatch.setitem(
        ENGINES, "openvino", Backend(opened, known, lambda device: known, lambda: ["openvino"])
    )
    assert run(["benchmark", "--seconds", "0.2"]) == 0
    shown = capsys.readouterr()
    line = next(line for line in shown.out.splitlines() if line.startswith("openvino  float32"))
    assert line.split()[2] != "-"
    assert line.split()[3] == "-"
    assert "openvino in float16: the driver is too old" in shown.err
    assert "openvino in float32: the device is out of memory" in shown.err


def test_the_time_is_bounded(pair: Path, small: None) -> None:
    began = time.monotonic()
    assert run(["benchmark", "--seconds", "0.5"]) == 0
    assert time.monotonic() - began < 20


class Slowing:
    """An engine that takes ten seconds at first, then one."""

    identity = provider = "slow"

    def __init__(self) -> None:
        self.now = 0.0
        self.runs = 0

    def batch_sizes(self, height: int, width: int) -> tuple[int, ...]:
        return (1,)

    def run(self, images: Pixels) -> Generated:
        self.now += 1 if self.runs else 10
        self.runs += 1
        return Generated(images)


def test_the_first_run_counts_only_if_there_is_time_for_no_other() -> None:
    images = np.zeros((2, 8, 8, 3), np.uint8)
    engine = Slowing()
    assert frames_per_second(engine, images, 20, clock=lambda: engine.now) == 2
    assert engine.runs == 11
    engine = Slowing()
    assert frames_per_second(engine, images, 5, clock=lambda: engine.now) == 0.2
    assert engine.runs == 1
