"""The rows of a report while there may be very many."""

import tracemalloc
from dataclasses import replace
from pathlib import Path

from mediatrans.quality.report.row_store import Rows
from mediatrans.quality.report.rows import JobReport, Report
from tests.quality.report.reports import picture_row, rows


def test_rows_come_back_as_they_were() -> None:
    given = [replace(row, samples=()) for row in rows()]  # arrays are not compared
    given.append(JobReport(Path("in/not \udcff utf-8.png"), None, None, "skipped"))
    store = Rows()
    for row in given:
        store.append(row)
    assert list(store) == given
    assert len(store) == len(given)
    assert (store[0], store[-1], list(store[1:3])) == (given[0], given[-1], given[1:3])
    assert list(store.in_order([2, 0])) == [given[2], given[0]]


def test_a_report_of_packed_rows_is_the_same() -> None:
    store = Rows()
    for row in rows():
        store.append(row)
    given = rows()
    assert Report.of("a", store, {}).to_dict() == Report.of("a", given, {}).to_dict()
    limits = {"psnr": 40.0}
    assert Report.of("a", store, limits).exit_code == Report.of("a", given, limits).exit_code


def test_other_eyes_see_rows_that_are_added_later() -> None:
    store = Rows()
    renamed = store.through(lambda row: replace(row, input=Path("shown", row.input.name)))
    store.append(picture_row("a.png", "good", 30.0))
    store.append(picture_row("b.png", "poor", 30.0))
    assert [str(row.input) for row in renamed] == ["shown/a.png", "shown/b.png"]
    assert renamed[0].figures == store[0].figures


def test_a_row_takes_little_memory() -> None:
    store = Rows()
    row = replace(picture_row("a.png", "good", 30.0), samples=())
    store.append(row)
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for _ in range(1000):
        store.append(row)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert after - before < 1000 * 1500


def test_rows_compare_and_show_themselves_as_lists_do() -> None:
    store, same = Rows(), Rows()
    for row in (picture_row("a.png", "good", 30.0), picture_row("b.png", "poor", 20.0)):
        store.append(replace(row, samples=()))
        same.append(replace(row, samples=()))
    assert store == same
    assert store == tuple(same)
    assert store != same[:1]
    assert "b.png" in repr(store)
