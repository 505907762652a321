"""The batch conversion of files and folders: plan, execute, report."""

import logging
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from mediatrans.conversion.bucket_run import BucketRun, bucket_run
from mediatrans.conversion.earlier_results import EarlierResults
from mediatrans.conversion.encoder_trial import try_encoders
from mediatrans.conversion.executors.choice import EXECUTORS, choose_executor, with_threads
from mediatrans.conversion.executors.executor import Executor
from mediatrans.conversion.executors.local import LocalExecutor
from mediatrans.conversion.limits import refuse_unmeasurable
from mediatrans.conversion.observer import Observer
from mediatrans.conversion.options import ConvertOptions
from mediatrans.conversion.plan import plan
from mediatrans.conversion.settle import Settlement
from mediatrans.conversion.workshop import Workshop
from mediatrans.errors import UsageError
from mediatrans.files.walk import LeftOut
from mediatrans.media.pillow_limit import pillow_limit_kept
from mediatrans.media.pipe_formats import STDIO
from mediatrans.quality.report.rows import Report
from mediatrans.zoo.find import find

__all__ = ["EXECUTORS", "convert"]

log = logging.getLogger(__name__)


def convert(
    inputs: Path | str | Iterable[Path | str],
    to: str,
    options: ConvertOptions | None = None,
    observer: Observer | None = None,
    *,
    workshop: Workshop | None = None,
    executor: Executor | str | None = None,
    within: Path | EarlierResults | None = None,
) -> Report:
    """Translate pictures, folders and videos to a domain.

    A file that cannot be read, translated or written is reported and skipped.

    Args:
        inputs: A file or folder, or several of them; addresses such as `s3://bucket/photos`.
        to: The domain to translate to, for example "winter".
        options: The options; None uses the defaults. A workshop has options of its own.
        observer: Its methods are called as the conversion proceeds; None: not called.
        workshop: Custom engines, stages, sources and sinks; None uses the built-in ones.
        executor: Runs the tasks; a key of `EXECUTORS`, or a custom one. None is the one that the
            options ask for.
        within: A folder that holds the inputs, which are files: they are converted as parts of it.
            Whoever calls this often for one folder passes the `EarlierResults` in it, whose
            manifests are then read again only where they have changed.

    Returns:
        The result of every input.

    Raises:
        ModelError: No model translates to that domain, several in one place do, or a model file
            is invalid.
        DeviceError: The requested device or hardware encoder does not start.
        UsageError: There is nothing to convert, or options contradict each other.
    """
    observer = observer or Observer()
    if workshop is None:
        options = with_threads(options or ConvertOptions())
        workshop = Workshop(find(to, options.model), options)
    elif options is not None or workshop.generator.to.casefold() != to.casefold():
        raise UsageError(
            "the workshop has another domain or other options",
            remedy="create the workshop with this domain and these options",
        )
    given = [inputs] if isinstance(inputs, Path | str) else inputs
    paths = [Path(path) for path in given]
    with pillow_limit_kept(), bucket_run(paths, workshop.options) as buckets:
        workshop.mirror = buckets.mirror
        return _converted(buckets, workshop, observer, executor, within)


def _converted(
    buckets: BucketRun,
    workshop: Workshop,
    observer: Observer,
    executor: Executor | str | None,
    within: Path | EarlierResults | None,
) -> Report:
    observer = buckets.observer(observer)
    options, translator, domain = buckets.options, workshop.translator, workshop.generator.to
    if isinstance(within, Path):
        within = EarlierResults(within, domain, translator.sha256)
    left_out: list[LeftOut] = []
    jobs = plan(
        buckets.paths,
        domain,
        options,
        translator.sha256,
        left_out.append,
        within=within,
        look_up=buckets.look_up,
    )
    jobs = try_encoders(jobs, options)
    observer.left_out(left_out)
    observer.planned(translator, jobs)
    _check_reverse(workshop)
    settlement = Settlement(jobs, observer)
    del jobs  # the settlement forgets those that have ended
    with buckets.uploading(settlement) as events:
        _executor(buckets.paths, options, executor).run(settlement.tasks(), workshop, events)
    settlement.finish()
    report = settlement.report(workshop.generator.name, options.limits, workshop.model_error())
    return buckets.report(replace(report, left_out=tuple(left_out)))


def _executor(
    paths: list[Path], options: ConvertOptions, wanted: Executor | str | None
) -> Executor:
    if isinstance(wanted, str):
        return EXECUTORS[wanted](options)
    if wanted is None and STDIO in (*paths, options.output):
        return LocalExecutor()  # a pipe belongs to this process
    return wanted or choose_executor(options)


def _check_reverse(workshop: Workshop) -> None:
    """Check that the figures with a limit can be measured, and warn if the round trip cannot.

    Raises:
        UsageError: A limit is set and its figure cannot be measured.
    """
    if not workshop.options.check_every:
        return
    refuse_unmeasurable(workshop.options.limits, workshop.generator)
    if workshop.inverse is None:
        path = workshop.generator.path
        log.warning(
            "%s: the reverse generator is missing; the round trip will not be measured", path
        )
