"""The training loop: data, steps, samples and checkpoints, until the end or an interruption."""

import shlex
import shutil
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from mediatrans.durations import about
from mediatrans.errors import DivergedError, InputError, Interrupted
from mediatrans.training.checkpoint import (
    LATEST,
    Checkpoint,
    load_checkpoint,
    loading_model,
    save_best,
    save_checkpoint,
)
from mediatrans.training.config import TrainConfig
from mediatrans.training.data.batches import Batch, stream_batches
from mediatrans.training.data.folders import Folders
from mediatrans.training.evaluation.curve import Curve
from mediatrans.training.evaluation.held_out import HeldOutJudge, open_judge
from mediatrans.training.model.collapse import CHECK_EVERY
from mediatrans.training.model.cost import describe_cost
from mediatrans.training.model.cyclegan import CycleGAN
from mediatrans.training.model.divergence import DivergenceWatch, remedy
from mediatrans.training.model.schedules import rate_factor
from mediatrans.training.run.classifier import keep_classifier
from mediatrans.training.run.compatibility import (
    describe_environment,
    environment_changes,
    first_model,
    load_start,
    refuse_other_settings,
)
from mediatrans.training.run.compilation import Mode, compile_step, is_worth_compiling
from mediatrans.training.run.dataset import Dataset, count_steps, open_dataset, refuse_other_data
from mediatrans.training.run.interrupts import held_signals
from mediatrans.training.run.progress import Observer, Progress, SilentObserver
from mediatrans.training.run.run_log import RunLog
from mediatrans.training.run_folder import (
    CHECKPOINTS,
    RunSettings,
    cache_folder,
    create_run,
    refuse_existing_run,
    refuse_unwritable_settings,
    write_settings,
)
from mediatrans.training.team import ALONE, Team, fingerprint

__all__ = ["train"]

_TIMED_STEPS = 10
_FIRST_SAMPLE = 100


def train(
    config: TrainConfig,
    folders: Folders,
    run: Path,
    observer: Observer | None = None,
    *,
    resume: bool = False,
    overwrite: bool = False,
    team: Team = ALONE,
) -> Path:
    """Train a pair of generators.

    Args:
        config: Every number of the run.
        folders: Where the pictures are.
        run: The run folder: checkpoints, samples, metrics and the configuration go there.
        observer: Its methods are called as the run goes on; None shows nothing.
        resume: Go on with the run in the folder, on the CPU bit for bit, as an uninterrupted run.
        overwrite: Replace a run that is in the folder.
        team: The processes that train together; rank zero alone writes files and calls the
            observer.

    Returns:
        The last checkpoint's path.

    Raises:
        UsageError: Other settings, pictures, networks or processes than those to go on from.
        InputError: Too few pictures, or a checkpoint that is missing or damaged.
        OutputError: A run is in the folder already, or something cannot be written.
        MissingExtraError: Evaluations are asked for and their packages are not installed.
        DeviceError: The device is not there, or another process of the team is lost.
        DivergedError: Losses or weights lost any meaning; the last good checkpoint is kept.
        Interrupted: SIGINT or SIGTERM came; the step was finished and saved.
        StoppedTogetherError: Another process of the team reports why the run ends.
    """
    observer = (observer if team.is_rank_zero else None) or SilentObserver()
    with team.together():
        device = team.device(config.device)
        refuse_unwritable_settings(RunSettings(config, folders))
        saved = load_checkpoint(run) if resume else None
        if saved is None:
            refuse_existing_run(run, overwrite)
        else:
            refuse_other_settings(saved, config, folders)
        cache = cache_folder(run, team.rank)
        dataset = open_dataset(folders, config, cache, observer.message)
        if saved is not None:
            refuse_other_data(saved.data, dataset.listing())
        start = load_start(config) if saved is None else None
        judges = config.evaluate_every and team.is_rank_zero
        judge = open_judge(config, folders, device, observer.message) if judges else None
        model = first_model(config, device, team, start, observer.message)
        trainer = _Trainer(config, folders, run, observer, dataset, model, judge, team)
    trainer.begin(saved)
    last = trainer.train()
    if team.is_rank_zero:
        keep_classifier(run, dataset, config, observer.message)
    shutil.rmtree(cache, ignore_errors=True)
    return last


class _Trainer:
    """A run from its start or its checkpoint to its end or its interruption."""

    def __init__(
        self,
        config: TrainConfig,
        folders: Folders,
        run: Path,
        observer: Observer,
        dataset: Dataset,
        model: CycleGAN,
        judge: HeldOutJudge | None,
        team: Team,
    ) -> None:
        self._config = config
        self._folders = folders
        self._run = run
        self._observer = observer
        self._dataset = dataset
        self._model = model
        self._judge = judge
        self._team = team
        self._share = team.share(config.batch_size)
        self._constant, self._total = count_steps(config, dataset)
        self._step = 0
        self._divergence = DivergenceWatch()
        self._environment: dict[str, str] = {}
        self._listing = dataset.listing()

    def begin(self, saved: Checkpoint | None) -> None:
        """Compile if asked for, load the checkpoint or write the first one, report what is ahead.

        Args:
            saved: The checkpoint of a run that is resumed.
        """
        team, message = self._team, self._observer.message
        for line in describe_cost(self._config):
            message(line)
        mode_before = None if saved is None else saved.environment.get("mode", "eager")
        mode: Mode = "eager"
        if is_worth_compiling(self._config.compile, self._total, mode_before):
            mode = compile_step(self._model, message)
        self._environment = describe_environment(self._model.device, team, mode)
        if saved is not None:
            self._resume(saved)
        self._refuse_differences()
        with team.together():
            if team.is_rank_zero and saved is None:
                create_run(self._run)
            if team.is_rank_zero:
                write_settings(self._run, RunSettings(self._config, self._folders), mode)
        if saved is None:
            self._save()

    def train(self) -> Path:
        """Train to the end.

        Returns:
            The last checkpoint's path.
        """
        with (
            held_signals(self._observer.message) as held,
            RunLog(self._run, self._step) if self._team.is_rank_zero else nullcontext() as log,
            self._batches() as batches,
        ):
            curve = Curve(self._run, self._step)
            self._show(log, curve)  # what a stop between saving and showing left out
            start, first, spent_s = time.perf_counter(), self._step, 0.0
            for batch in batches:
                progress = self._make_step(batch, start)
                spent_s += progress.step_s
                if log is not None:
                    log.step(progress)
                self._observer.progress(progress)
                if self._step == first + _TIMED_STEPS:
                    self._report_duration(spent_s / _TIMED_STEPS)
                signum = self._team.any_signal(held.number)
                if self._should_save() or signum is not None:
                    if log is not None:
                        log.flush()
                    self._save()
                self._show(log, curve)
                if signum is not None and self._step < self._total:
                    raise self._team.error_for_rank(self._interrupted(signum))
                start = time.perf_counter()
        return self._run / CHECKPOINTS / LATEST

    def _batches(self) -> AbstractContextManager[Iterator[Batch]]:
        pinned = self._model.device.type == "cuda"
        a, b = self._dataset.a, self._dataset.b
        return stream_batches(a, b, self._config, self._step, self._total, self._share, pinned)

    def _make_step(self, batch: Batch, start: float) -> Progress:
        """One step of the model.

        Args:
            batch: Its pictures.
            start: When it began to wait for them, by the performance counter.

        Raises:
            DivergedError: A loss is infinite or NaN, or has long been beyond any meaning.
        """
        config, model = self._config, self._model
        factor = rate_factor(config.schedule, self._step, self._constant, self._total)
        a, b = (x.to(model.device, non_blocking=True) for x in (batch.a, batch.b))
        losses = model.step(a, b, factor, batch.labels)
        problem = self._divergence.problem(losses)
        self._step += 1
        if problem is not None:
            raise self._team.error_for_rank(self._diverged(problem))
        return Progress(
            step=self._step,
            total=self._total,
            losses=losses,
            rate=config.learning_rate * factor,
            step_s=time.perf_counter() - start,
            wait_s=batch.wait_s,
        )

    def _is_due(self, every: int) -> bool:
        return self._step == self._total or (every > 0 and self._step % every == 0)

    def _should_save(self) -> bool:
        """Whether a checkpoint is due; losses beyond any meaning are nothing to go back to."""
        if self._divergence.is_suspicious and self._step < self._total:
            return False
        return self._is_due(self._config.checkpoint_every)

    def _save(self) -> None:
        checkpoint = self._checkpoint()
        with self._team.together():
            if self._team.is_rank_zero:
                save_checkpoint(self._run / CHECKPOINTS, checkpoint)

    def _show(self, log: RunLog | None, curve: Curve) -> None:
        """Evaluate, write a sample grid and look for a collapse where this step is to have them."""
        if log is None or self._step == 0:
            return
        config, step = self._config, self._step
        try:
            if (
                config.evaluate_every
                and self._is_due(config.evaluate_every)
                and not curve.has(step)
            ):
                self._evaluate(log, curve)
            is_first = step == _FIRST_SAMPLE and config.sample_every > 0
            if (is_first or self._is_due(config.sample_every)) and not log.has_sample(step):
                grid = self._dataset.samples.grid(self._model.generators)
                self._observer.message(f"samples of step {step}: {log.sample(grid, step)}")
            if step % CHECK_EVERY == 0:
                for sentence in self._dataset.samples.describe_collapses(self._model.generators):
                    self._observer.message(f"step {step}: {sentence}")
        except InputError as error:
            # Pictures that cannot be read any more: the training does not need them.
            self._observer.message(f"step {step} is not shown: {error}")

    def _evaluate(self, log: RunLog, curve: Curve) -> None:
        assert self._judge is not None
        began = time.perf_counter()
        evaluation = self._judge.judge(self._model.generators, self._model.device)
        point = curve.add(self._step, evaluation)
        log.evaluation(point)
        if curve.best is point:
            save_best(self._run / CHECKPOINTS, self._checkpoint())
        self._observer.message(
            f"held out, step {point.step}: KID ratio {point.kid_ratio_to_b:.2f} "
            f"{point.kid_ratio_to_a:.2f}, domain accuracy {point.domain_accuracy_to_b:.2f} "
            f"{point.domain_accuracy_to_a:.2f}, cycle {point.cycle_psnr_db_to_b:.2f} "
            f"{point.cycle_psnr_db_to_a:.2f} dB; best: step {curve.best.step} "
            f"({time.perf_counter() - began:.0f} s)"
        )

    def _report_duration(self, step_s: float) -> None:
        left = self._total - self._step
        self._observer.message(
            f"{step_s:.2f} seconds per step: about {about(step_s * left)} for the remaining "
            f"{left} steps"
        )

    def _resume(self, saved: Checkpoint) -> None:
        with self._team.together(), loading_model(self._run):
            self._model.load_state_dict(saved.model)
        self._step = saved.step
        changes = environment_changes(saved.environment, self._environment)
        if changes is not None:
            self._observer.message(changes)
        self._observer.message(f"resuming after step {self._step} of {self._total}")

    def _checkpoint(self) -> Checkpoint:
        if not self._model.is_finite():
            problem = "a weight is no longer a finite number"
            raise self._team.error_for_rank(self._diverged(problem))
        return Checkpoint(
            config=self._config,
            domains=self._folders.domains,
            step=self._step,
            data=self._listing,
            environment=self._environment,
            model=self._model.state_dict(),
        )

    def _refuse_differences(self) -> None:
        if self._team.count > 1:
            facts = {
                "settings": str(self._config.to_table()),
                "pictures": str(self._listing),
                "weights": fingerprint(self._model.networks().values()),
                "steps": str(self._step),
            }
            self._team.refuse_differences(facts)

    def _interrupted(self, signum: int) -> Interrupted:
        program = "mediatrans" if self._team.count == 1 else "torchrun ... -m mediatrans"
        return Interrupted(
            signum,
            f"Step {self._step} of {self._total} is saved; resume with: "
            f"{program} train --resume --output {shlex.quote(str(self._run))}",
        )

    def _diverged(self, problem: str) -> DivergedError:
        return DivergedError(
            f"{problem} at step {self._step}",
            path=self._run,
            remedy=f"the last good checkpoint is kept; {remedy(self._config, self._model.device)}",
        )
