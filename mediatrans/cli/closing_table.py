"""The table at the end of a conversion: the worst files and why."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from mediatrans.printable import printable
from mediatrans.quality.report.file_names import common_folder, short_name
from mediatrans.quality.report.ranking import worst
from mediatrans.quality.report.rows import JobReport

__all__ = ["closing_table"]

_MOST_ROWS = 10
_STYLES = {"failed": "red", "poor": "red", "doubtful": "yellow", "good": "green"}


def closing_table(rows: Sequence[JobReport]) -> Table | None:
    """The files that failed or are judged, the worst first; None if fewer than two are judged.

    Args:
        rows: The rows of a report.
    """
    if sum(row.verdict is not None for row in rows) < 2:
        return None
    count = sum(_is_shown(row) for row in rows)
    common = common_folder(row.input for row in rows)
    table = Table(box=None, pad_edge=False, show_header=True, header_style="", padding=(0, 2, 0, 0))
    table.add_column("verdict", no_wrap=True)
    table.add_column("cycle", justify="right", no_wrap=True)
    table.add_column("file", overflow="fold")
    table.add_column("reason", overflow="fold")
    for row in worst(filter(_is_shown, rows), _MOST_ROWS):
        word = row.verdict.word if row.verdict is not None else "failed"
        # The name stands beside it already.
        error = (row.error or "").removeprefix(f"{row.input}: ")
        reason = row.verdict.reason if row.verdict is not None else error
        mean = None if row.figures is None else row.figures.mean("psnr_db")
        table.add_row(
            Text(word, _STYLES[word]),
            "" if mean is None else f"{mean:.2f} dB",
            Text(printable(short_name(row.input, common))),
            Text(printable(reason)),
        )
    if count > _MOST_ROWS:
        table.caption = f"and {count - _MOST_ROWS} more"
        table.caption_justify, table.caption_style = "left", ""
    return table


def _is_shown(row: JobReport) -> bool:
    return row.verdict is not None or row.status == "failed"
