"""Dataclasses as JSON and TOML: nothing is lost, nothing is coerced, errors name the field."""

import json
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import pytest

from mediatrans.files.records import (
    RecordError,
    from_json,
    from_table,
    from_toml,
    json_text,
    to_json,
    to_table,
    to_toml,
)


@dataclass(frozen=True, slots=True)
class Span:
    first: int
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Clip:
    name: str
    kind: Literal["image", "video"]
    rate: float
    size: tuple[int, int]
    span: Span
    path: Path | None = None
    fps: Fraction = Fraction(25)
    spans: tuple[Span, ...] = ()
    losses: dict[int, float] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)
    codec: Literal["h264", "av1"] | None = None
    is_partial: bool = False

    def __post_init__(self) -> None:
        if self.rate < 0:
            raise ValueError("rate is below 0")


CLIP = Clip(
    name="a clip \udc80 ü",
    kind="video",
    rate=1.5,
    size=(640, 480),
    span=Span(3),
    path=Path("in/a.mp4"),
    fps=Fraction(30000, 1001),
    spans=(Span(0, 1), Span(5, 9)),
    losses={4: 0.25},
    notes={"any": [1, {"thing": None}]},
)
TABLE: dict[str, Any] = {
    "name": "a",
    "kind": "video",
    "rate": 1.5,
    "size": [640, 480],
    "span": {"first": 3},
}


def test_a_record_comes_back_from_json_as_it_was() -> None:
    assert from_json(Clip, to_json(CLIP)) == CLIP


def test_a_record_comes_back_from_toml_as_it_was() -> None:
    clip = from_table(Clip, TABLE | {"notes": {"any": [1, 2.5]}, "losses": {"4": 1.0}})
    assert from_toml(Clip, to_toml(clip)) == clip


def test_json_is_one_line_and_bytes_are_read_too() -> None:
    text = to_json(from_table(Clip, TABLE | {"name": "two\nlines"}))
    assert "\n" not in text
    assert from_json(Clip, text.encode()).name == "two\nlines"
    assert from_toml(Span, b"first = 1") == Span(1)


def test_a_whole_number_will_do_for_a_float() -> None:
    rate = from_table(Clip, TABLE | {"rate": 2}).rate
    assert rate == 2.0
    assert isinstance(rate, float)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": 1}, "name: expected a text, got a whole number"),
        ({"name": None}, "name: expected a text, got nothing"),
        ({"rate": "1.5"}, "rate: expected a number, got a text"),
        ({"rate": True}, "rate: expected a number, got true or false"),
        ({"span": {"first": 1.0}}, "span.first: expected a whole number, got a number"),
        ({"span": {"first": "1"}}, "span.first: expected a whole number, got a text"),
        ({"span": {"first": True}}, "span.first: expected a whole number, got true or false"),
        ({"span": []}, "span: expected a table, got a list"),
        ({"span": {}}, "span.first: missing"),
        ({"spans": [{"first": 1}, {}]}, "spans[1].first: missing"),
        ({"size": [640]}, "size: expected a list of length 2, got 1"),
        ({"kind": "sound"}, "kind: invalid enum value 'sound', expected one of image, video"),
        ({"codec": "vp9"}, "codec: invalid enum value 'vp9', expected one of h264, av1"),
        ({"path": 5}, "path: expected a text"),
        ({"path": "a\0b"}, "path: a path cannot hold a null character"),
        ({"fps": 25}, "fps: expected a text"),
        ({"fps": "1/0"}, "fps: expected a fraction, as 30000/1001 is one"),
        ({"fps": "1e999999999"}, "fps: expected a fraction, as 30000/1001 is one"),
        ({"is_partial": 0}, "is_partial: expected true or false, got a whole number"),
        ({"losses": {"four": 1.0}}, "losses: expected a whole number, got a text"),
        ({"colour": "red"}, "colour: unknown field"),
        ({"span": {"first": 1, "last": 2}}, "span.last: unknown field"),
        ({"spans": [{"first": 1, "last": 2}]}, "spans[0].last: unknown field"),
        ({"rate": -1.0}, "rate is below 0"),
    ],
)
def test_an_error_names_the_field(change: dict[str, Any], message: str) -> None:
    with pytest.raises(RecordError) as failed:
        from_table(Clip, TABLE | change)
    assert str(failed.value).startswith(message)


def test_a_missing_field_is_named() -> None:
    with pytest.raises(RecordError) as failed:
        from_table(Clip, {key: value for key, value in TABLE.items() if key != "kind"})
    assert (failed.value.field, failed.value.problem) == ("kind", "missing")


def test_extra_fields_are_passed_over_where_that_is_asked_for() -> None:
    table = TABLE | {"colour": "red", "span": {"first": 1, "last": 2}}
    assert from_table(Clip, table, extra_fields=True).span == Span(1)


@pytest.mark.parametrize("whole", [None, 5, "text", [1], True])
def test_what_is_no_table_is_refused(whole: object) -> None:
    with pytest.raises(RecordError, match="expected a table"):
        from_table(Clip, whole)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[" * 200_000,
        '{"a":' * 200_000,
        '{"first": NaN}',
        '{"first": Infinity}',
        b"\xff\x00",
    ],
    ids=["empty", "torn", "brackets", "braces", "nan", "infinity", "bytes"],
)
def test_what_is_not_json_is_refused(text: str | bytes) -> None:
    with pytest.raises(RecordError, match="not JSON"):
        from_json(Span, text)


@pytest.mark.parametrize(
    "text", ["first", "a = " + "[" * 200_000, b"\xff"], ids=["torn", "brackets", "bytes"]
)
def test_what_is_not_toml_is_refused(text: str | bytes) -> None:
    with pytest.raises(RecordError, match="not TOML"):
        from_toml(Span, text)


def test_a_table_that_is_nested_without_end_is_refused() -> None:
    nested: list[Any] = []
    for _ in range(200_000):
        nested = [nested]
    with pytest.raises(RecordError, match="nested too deeply"):
        from_table(Clip, TABLE | {"notes": {"deep": nested}})


def test_json_of_a_name_that_is_not_utf8_can_be_encoded() -> None:
    text = to_json(CLIP)
    assert from_json(Clip, text.encode("utf-8")) == CLIP
    assert json.loads(json_text({"ü \udcff": ["\U0001f600"]}, indent=2)) == {
        "ü \udcff": ["\U0001f600"]
    }
    assert "ü" in text


def test_json_has_no_nan() -> None:
    with pytest.raises(ValueError, match="JSON"):
        to_json(from_table(Clip, TABLE | {"losses": {"1": float("nan")}}))


def test_none_is_left_out_of_toml_and_kept_in_tables() -> None:
    assert to_toml(Span(1)) == "first = 1\n"
    assert to_table(Span(1)) == {"first": 1, "end": None}
