"""The JSON report against its schema in `docs/`."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

from mediatrans.cli.main import run
from mediatrans.quality.figures import FIGURES
from tests.media_files import write_clip, write_picture
from tests.quality.report.reports import report_of, rows

SCHEMA: dict[str, Any] = json.loads(
    Path(__file__).parents[3].joinpath("docs", "report.schema.json").read_text("utf-8")
)
VALIDATOR = Draft202012Validator(SCHEMA)


def test_the_schema_is_one_and_knows_every_figure() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    figures = SCHEMA["$defs"]["figures"]["properties"]
    assert [key for key in figures if key != "size"] == list(FIGURES)
    assert SCHEMA["$defs"]["figure_name"]["enum"] == list(FIGURES)
    assert {"index", "time_s", *FIGURES} == set(SCHEMA["$defs"]["moment"]["properties"])


def test_the_report_of_a_conversion_conforms(pair: Path) -> None:
    write_picture(Path("in/a.png"))
    write_clip(Path("in/b.mp4"))
    Path("in/c.png").write_bytes(b"no picture")
    Path("in/d.psd").write_bytes(b"not wanted")
    words = ["convert", "in", "--to", "night", "-o", "out", "--device", "cpu", "--check-every", "5"]
    assert run([*words, "--report", "r.json"]) == 3
    report = json.loads(Path("r.json").read_text())
    VALIDATOR.validate(report)
    by_name = {Path(job["input"]).name: job for job in report["jobs"]}
    assert by_name["a.png"]["verdict"]["word"] in ("good", "doubtful", "poor")
    assert [moment["index"] for moment in by_name["b.mp4"]["moments"]] == [0, 10]
    assert run([*words, "--report", "r.json"]) == 3  # the finished files are skipped
    VALIDATOR.validate(json.loads(Path("r.json").read_text()))


def test_every_kind_of_row_conforms() -> None:
    VALIDATOR.validate(json.loads("".join(report_of(rows()).json_parts())))
    VALIDATOR.validate(report_of([]).to_dict())


@pytest.mark.parametrize("changed", [{"version": 3}, {"jobs": [{}]}, {"more": 1}])
def test_what_the_schema_does_not_say_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        VALIDATOR.validate(report_of(rows()).to_dict() | changed)


def test_pictures_are_not_part_of_the_json() -> None:
    row = replace(rows()[0])
    assert row.samples
    assert len("".join(report_of([row]).json_parts())) < 6000
