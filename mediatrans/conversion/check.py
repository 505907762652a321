"""The check of pairs of files that exist: inputs and what was made of them, by whatever program."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from mediatrans.conversion.delivery import capture_source
from mediatrans.conversion.earlier_results import EarlierResults
from mediatrans.conversion.limits import refuse_unmeasurable
from mediatrans.conversion.task import Failure
from mediatrans.errors import ExitCode, InputError, ModelError, UsageError
from mediatrans.files.walk import WalkProblem, walk
from mediatrans.media.formats import Kind, kind_of
from mediatrans.media.pillow_limit import pillow_limit_kept
from mediatrans.media.read.read_back import read_back
from mediatrans.media.read.sources import Input, open_source
from mediatrans.media.read_options import ReadOptions
from mediatrans.quality.capture import Capture
from mediatrans.quality.check_options import CheckOptions, check_limits
from mediatrans.quality.judging import Judge
from mediatrans.quality.report.rows import JobReport, Report
from mediatrans.quality.samples import MOST_FILES, SampleKeeper
from mediatrans.quality.spread import Spread, place_in, read_spread
from mediatrans.quality.verdict import pronounce
from mediatrans.translate.engines.domain_classifier import open_classifier
from mediatrans.translate.translator import Translator
from mediatrans.zoo.find import Generator, find

__all__ = ["CheckedPair", "check", "find_generator"]

log = logging.getLogger(__name__)

_WORKING_SIZE = 360


class CheckedPair(NamedTuple):
    """An input and its output.

    Attributes:
        input: The input.
        output: The output; None if there is none.
    """

    input: Path
    output: Path | None


@dataclass(frozen=True, slots=True)
class _Bench:
    """What pairs are measured with."""

    judge: Judge
    side: int | None
    spread: Spread


@pillow_limit_kept()
def check(
    source: Path,
    result: Path,
    generator: Generator | None = None,
    options: CheckOptions | None = None,
    *,
    device: str = "auto",
    on_row: Callable[[JobReport], None] = lambda row: None,
) -> Report:
    """Judge an output, or a folder of outputs, against the input it was made from.

    The outputs of a folder are found by the names of the inputs, whatever their suffixes. Inputs
    that `convert` leaves alone as results of earlier runs need none.

    Args:
        source: A picture, a video or a folder.
        result: What was made of it.
        generator: The generator to that domain; None leaves out the round trip and the domain.
        options: Which frames are measured and which figures are too low; None uses the defaults.
        device: A `--device` value.
        on_row: Called with the row of each input.

    Raises:
        UsageError: The two do not fit together, or a limit needs a model.
        ModelError: The model is invalid.
        DeviceError: The requested device does not start.
    """
    options = options or CheckOptions()
    check_limits(options.limits)
    if options.check_every < 1:
        raise UsageError("nothing is checked with --check-every 0", remedy="use 1 or more")
    refuse_unmeasurable(options.limits, generator)
    pairs = list(_pairs(source, result))
    earlier = None
    if generator is not None and source.is_dir():
        earlier = EarlierResults(source, generator.to, generator.sha256 or "")
    bench = _bench(generator, device)
    rows: list[JobReport] = []
    for pair in pairs:
        began_s = time.monotonic()
        reason = earlier.reason(pair.input) if earlier and pair.output is None else None
        if reason is not None:
            kind = kind_of(pair.input)
            row = JobReport(pair.input, None, kind, "skipped", reason=reason)
        else:
            row = _row(pair, bench, options, keeps_samples=len(rows) < MOST_FILES)
        rows.append(replace(row, seconds=time.monotonic() - began_s))
        on_row(rows[-1])
    return Report.of("" if generator is None else generator.name, rows, options.limits)


def find_generator(result: Path, to: str | None, model: str | None) -> Generator | None:
    """The generator that made an output.

    Args:
        result: The output; its name may end in the domain, as `convert` names outputs.
        to: The domain of the output; None takes it from the name.
        model: A model's name, folder or ONNX file; None searches the installed ones for `to`.

    Returns:
        The generator; None if neither a domain nor a model is given, and no installed model
        translates to what the name ends in.

    Raises:
        ModelError: There is no such model.
        UsageError: The domain is not known.
    """
    if to is not None:
        return find(to, model)
    words = result.resolve().stem.split("-")
    unfound: ModelError | None = None
    for first in range(1, len(words)):
        try:
            return find("-".join(words[first:]), model)
        except ModelError as error:
            unfound = error
    if model is None:
        return None
    if unfound is not None:  # it tells a model that is not there from one of other domains
        raise unfound
    raise UsageError(
        f"the name of {result} does not end in a domain of {model}",
        remedy="name the domain that it was translated to with --to",
    )


def _pairs(source: Path, result: Path) -> Iterator[CheckedPair]:
    for path in (source, result):
        if not path.exists():
            raise InputError("no such file or folder", path=path, remedy="check the name")
    if source.is_dir() != result.is_dir():
        raise UsageError(
            f"{source} and {result} are a folder and a file",
            remedy="give two files or two folders",
        )
    if not source.is_dir():
        yield CheckedPair(source, result)
        return
    outputs = _by_name(result)
    found = False
    for path in _media(source):
        found = True
        named = outputs.get(path.relative_to(source).with_suffix(""), {})
        # The same suffix first: a folder may hold a picture and a film of the same name.
        same = [p for p in named.values() if kind_of(p) == kind_of(path)]
        yield CheckedPair(path, named.get(path.suffix.lower()) or next(iter(same), None))
    if not found:
        raise InputError(
            "no pictures or videos in this folder", path=source, remedy="check the folder"
        )


def _by_name(folder: Path) -> Mapping[Path, dict[str, Path]]:
    """The files of a folder by their relative names without suffix, then by suffix."""
    found: dict[Path, dict[str, Path]] = {}
    for path in _media(folder):
        name = path.relative_to(folder).with_suffix("")
        found.setdefault(name, {})[path.suffix.lower()] = path
    return found


def _media(folder: Path) -> Iterator[Path]:
    for found in walk(folder, lambda path: kind_of(path) is not None):
        if isinstance(found, WalkProblem):
            raise InputError(found.problem, path=found.path, remedy=found.remedy)
        if isinstance(found, Path):
            yield found


def _bench(generator: Generator | None, device: str) -> _Bench:
    if generator is None:
        return _Bench(Judge(side=_WORKING_SIZE), _WORKING_SIZE, {})
    translator = Translator(generator, device=device)
    side = translator.working_side
    judge = Judge(
        side=side,
        inverse=translator.inverse(),
        classifier=open_classifier(generator),
        target=generator.to,
        forward=translator,
    )
    return _Bench(judge, side, read_spread(generator.percentiles))


def _row(
    pair: CheckedPair, bench: _Bench, options: CheckOptions, *, keeps_samples: bool
) -> JobReport:
    kind = kind_of(pair.input)
    row = JobReport(pair.input, pair.output, kind, "ok")
    try:
        if pair.output is None or kind is None or kind_of(pair.output) != kind:
            raise InputError(
                "there is no output of this name and kind"
                if kind
                else "neither a picture nor a video",
                path=pair.input,
                remedy="check the names of both",
            )
        keeper = SampleKeeper() if options.samples and keeps_samples else None
        return _measured(row, pair.output, kind, bench, options, keeper)
    except Exception as error:
        failure = Failure.of(pair.input, error)
        if failure.exit_code == ExitCode.INTERNAL:
            log.error("%s: this is a bug in mediatrans", pair.input, exc_info=error)
        return replace(row, status="failed", error=failure.message, exit_code=failure.exit_code)


def _measured(
    row: JobReport,
    output: Path,
    kind: Kind,
    bench: _Bench,
    options: CheckOptions,
    keeper: SampleKeeper | None,
) -> JobReport:
    is_picture = kind == "image"
    capture = Capture(1 if is_picture else options.check_every, bench.side)
    with open_source(Input(row.input, kind), ReadOptions()) as source:
        frames = capture_source(source, capture)
    results = read_back(output, kind, capture.indices.__contains__)
    figures = bench.judge.measure(capture.windows(), results, keeper)
    if figures is None:
        raise InputError(
            "there is no frame to compare", path=output, remedy="check that it is complete"
        )
    figures = place_in(figures, bench.spread)
    return replace(
        row,
        frames=frames,
        figures=figures,
        verdict=pronounce(figures, bench.spread),
        samples=() if keeper is None else keeper.chosen(figures),
    )
