"""The training loop: data, steps, samples and checkpoints, until the end or an interruption."""

import math
import shlex
import shutil
import sys
import time
from contextlib import nullcontext
from dataclasses import astuple
from pathlib import Path

import torch

from mediatrans.errors import DivergedError, Interrupted, UsageError
from mediatrans.training.checkpoint import (
    Checkpoint,
    load_checkpoint,
    save_best,
    save_checkpoint,
)
from mediatrans.training.config import ARCHITECTURE_KEYS, TrainConfig, differences
from mediatrans.training.data.batches import stream_batches
from mediatrans.training.data.folders import Folders
from mediatrans.training.evaluation.curve import Curve
from mediatrans.training.evaluation.features import load_feature_network
from mediatrans.training.evaluation.held_out import HeldOut, HeldOutJudge
from mediatrans.training.model.collapse import CHECK_EVERY
from mediatrans.training.model.cost import describe_cost
from mediatrans.training.model.cyclegan import CycleGAN, Losses
from mediatrans.training.model.schedules import rate_factor
from mediatrans.training.run.dataset import Dataset, open_dataset, refuse_other_data
from mediatrans.training.run.interrupts import held_signals
from mediatrans.training.run.observer import Observer, Progress, SilentObserver
from mediatrans.training.run.records import RunRecords
from mediatrans.training.run_folder import (
    CACHE,
    CHECKPOINTS,
    RunSettings,
    create_run,
    refuse_existing_run,
    write_settings,
)
from mediatrans.training.team import ALONE, Team, fingerprint

__all__ = ["train"]

_COMPILE_PAYS_FROM = 1000
_TIMED_STEPS = 10


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
        observer: Is told how it goes; None keeps it quiet.
        resume: Go on with the run in the folder; the result is bit for bit that of a run that
            was never interrupted, given the same mode, threads and versions on the CPU.
        overwrite: Replace a run that is in the folder.
        team: The processes that train together; the leader alone writes and tells the observer.

    Returns:
        The last checkpoint's path.

    Raises:
        UsageError: A resume whose configuration or pictures differ, a start from other
            networks, or processes that differ.
        InputError: Too few pictures, no checkpoint to resume or start from, or a damaged one.
        OutputError: A run is in the folder already, or something cannot be written.
        MissingExtraError: Evaluations are asked for and their packages are not installed.
        DeviceError: The device is not there, or another process of the team is lost.
        DivergedError: A loss or a weight became infinite or NaN; the last checkpoint is kept.
        Interrupted: SIGINT or SIGTERM came; the step was finished and saved.
        StoppedTogetherError: What ends the run is told by another process of the team.
    """
    observer = (observer if team.leads else None) or SilentObserver()
    with team.together():
        device = team.device(config.device)
        saved = load_checkpoint(run) if resume else None
        if saved is None:
            refuse_existing_run(run, overwrite)
        else:
            _refuse_other_config(saved, config, folders)
        dataset = open_dataset(folders, config, _cache(run, team), observer.message)
        if saved is not None:
            refuse_other_data(saved.data, dataset.listing())
        start = _start(config) if saved is None else None
        judge = _open_judge(config, folders, device, observer, team)
        model = CycleGAN(config, device, team)
        if start is not None:
            model.begin_with(start.model)
            observer.message(f"beginning with the networks of {config.start_from}")
        session = _Session(config, folders, run, observer, dataset, model, judge, team)
    session.begin(saved)
    return session.go_on()


class _Session:
    """One sitting of a run: from its start or its checkpoint to its end or its interruption."""

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
        self._constant, self._total = _lengths(config, dataset)
        self._step = 0
        self._environment: dict[str, str] = {}
        self._listing = dataset.listing()

    def begin(self, saved: Checkpoint | None) -> None:
        """Compile where asked, load the checkpoint or write the first one, say what is ahead."""
        for line in describe_cost(self._config):
            self._observer.message(line)
        mode = self._compile(saved)
        self._environment = _environment(self._model.device, self._team, mode)
        if saved is not None:
            self._model.load_state_dict(saved.model)
            self._step = saved.step
            _tell_changes(saved.environment, self._environment, self._observer)
            self._observer.message(f"going on after step {self._step} of {self._total}")
        self._refuse_differences()
        with self._team.together():
            if self._team.leads and saved is None:
                create_run(self._run)
            if self._team.leads:
                write_settings(self._run, RunSettings(self._config, self._folders), mode)
        if saved is None:
            self._save()

    def go_on(self) -> Path:
        """Train to the end."""
        config, model = self._config, self._model
        pinned = model.device.type == "cuda"
        curve = Curve(self._run, self._step)
        first, start, spent_s = self._step, time.perf_counter(), 0.0
        with (
            held_signals(self._observer.message) as held,
            RunRecords(self._run, self._step) if self._team.leads else nullcontext() as records,
            stream_batches(
                self._dataset.a,
                self._dataset.b,
                config,
                self._step,
                self._total,
                self._share,
                pinned,
            ) as batches,
        ):
            for batch in batches:
                factor = rate_factor(config.schedule, self._step, self._constant, self._total)
                a, b = (x.to(model.device, non_blocking=True) for x in (batch.a, batch.b))
                losses = model.step(a, b, factor)
                self._refuse_nonfinite(losses)
                self._step += 1
                now = time.perf_counter()
                progress = Progress(
                    step=self._step,
                    total=self._total,
                    losses=losses,
                    rate=config.learning_rate * factor,
                    step_s=now - start,
                    wait_s=batch.wait_s,
                )
                spent_s += progress.step_s
                if records is not None:
                    records.step(progress)
                self._observer.progress(progress)
                if self._step == first + _TIMED_STEPS:
                    self._tell_duration(spent_s / _TIMED_STEPS)
                if records is not None and self._due(config.evaluate_every):
                    self._evaluate(curve, records)
                if records is not None and self._step % CHECK_EVERY == 0:
                    self._tell_collapses()
                self._keep_records(records, self._team.any_signal(held.number))
                start = time.perf_counter()
            if records is not None:
                records.finish()
        shutil.rmtree(_cache(self._run, self._team), ignore_errors=True)
        return self._run / CHECKPOINTS / "latest.pt"

    def _tell_duration(self, step_s: float) -> None:
        hours = step_s * (self._total - self._step) / 3600
        self._observer.message(
            f"{step_s:.2f} s a step: about {hours:.1f} h for the {self._total - self._step} to come"
        )

    def _tell_collapses(self) -> None:
        for sentence in self._dataset.samples.collapses(self._model.generators):
            self._observer.message(
                f"step {self._step}: {sentence}, of the pictures of the sample grid: look at one, "
                "and start again with other settings if it stays so"
            )

    def _due(self, every: int) -> bool:
        return every > 0 and (self._step == self._total or self._step % every == 0)

    def _evaluate(self, curve: Curve, records: RunRecords) -> None:
        assert self._judge is not None
        began = time.perf_counter()
        evaluation = self._judge.judge(self._model.generators, self._model.device)
        point = curve.add(self._step, evaluation)
        records.evaluation(curve)
        if curve.best is point:
            save_best(self._run / CHECKPOINTS, self._checkpoint())
        self._observer.message(
            f"held out, step {point.step}: KID ratio {point.kid_ratio_to_b:.2f} "
            f"{point.kid_ratio_to_a:.2f}, domain accuracy {point.domain_accuracy_to_b:.2f} "
            f"{point.domain_accuracy_to_a:.2f}, cycle {point.cycle_psnr_db_to_b:.2f} "
            f"{point.cycle_psnr_db_to_a:.2f} dB; best: step {curve.best.step} "
            f"({time.perf_counter() - began:.0f} s)"
        )

    def _keep_records(self, records: RunRecords | None, signum: int | None) -> None:
        config, last = self._config, self._step == self._total
        if records is not None and (last or self._due(config.sample_every)):
            path = records.sample(self._dataset.samples.grid(self._model.generators), self._step)
            self._observer.message(f"samples of step {self._step}: {path}")
        if last or signum is not None or self._step % config.checkpoint_every == 0:
            if records is not None:
                records.flush()
            self._save()
        if signum is not None and not last:
            program = "mediatrans" if self._team.count == 1 else "torchrun ... -m mediatrans"
            hint = (
                f"Step {self._step} of {self._total} is saved; go on with: "
                f"{program} train --resume --out {shlex.quote(str(self._run))}"
            )
            raise self._team.as_one(Interrupted(signum, hint))

    def _save(self) -> None:
        checkpoint = self._checkpoint()
        with self._team.together():
            if self._team.leads:
                save_checkpoint(self._run / CHECKPOINTS, checkpoint)

    def _checkpoint(self) -> Checkpoint:
        if not self._model.is_finite():
            raise self._team.as_one(self._diverged("a weight", self._step))
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

    def _refuse_nonfinite(self, losses: Losses) -> None:
        broken = [
            name
            for name, loss in zip(Losses.names(), astuple(losses), strict=True)
            if not math.isfinite(loss)
        ]
        if broken:
            raise self._team.as_one(self._diverged(", ".join(broken), self._step + 1))

    def _diverged(self, what: str, step: int) -> DivergedError:
        return DivergedError(
            f"{what} is no longer a finite number at step {step}",
            path=self._run,
            remedy="the last good checkpoint is kept; start again with a smaller --learning-rate, "
            "--gan-loss lsgan, a larger --batch-size or --precision float32",
        )

    def _compile(self, saved: Checkpoint | None) -> str:
        wanted = self._config.compile
        if wanted == "auto" and saved is not None:
            worth = saved.environment.get("mode") == "compiled"
        else:
            worth = wanted == "on" or (wanted == "auto" and self._total >= _COMPILE_PAYS_FROM)
        if not worth:
            return "eager"
        self._observer.message("compiling the step, once; this takes a minute or two")
        try:
            self._model.compile()
        except Exception as error:  # the compiler, the linker and dynamo each raise their own
            reason = str(error).strip().splitlines()[0] if str(error).strip() else "no reason given"
            self._observer.message(
                f"torch.compile does not work here ({type(error).__name__}: {reason[:120]}); "
                "going on without it, somewhat slower"
            )
            return "eager"
        return "compiled"


def _open_judge(
    config: TrainConfig, folders: Folders, device: torch.device, observer: Observer, team: Team
) -> HeldOutJudge | None:
    if not config.evaluate_every or not team.leads:
        return None
    network = load_feature_network("auto", device)
    pictures = HeldOut.of(folders, config)
    judge = HeldOutJudge(pictures, network)
    observer.message(
        f"evaluating on {pictures.counts[0]} + {pictures.counts[1]} held-out pictures every "
        f"{config.evaluate_every} steps, with the features of {network.name}"
    )
    return judge


def _start(config: TrainConfig) -> Checkpoint | None:
    if config.start_from is None:
        return None
    start = load_checkpoint(Path(config.start_from))
    changes = differences(start.config, config, ARCHITECTURE_KEYS)
    if changes:
        raise UsageError(
            "these are other networks (there -> here):\n  " + "\n  ".join(changes),
            path=config.start_from,
            remedy="give this run the same networks",
        )
    return start


def _refuse_other_config(saved: Checkpoint, config: TrainConfig, folders: Folders) -> None:
    changes = differences(saved.config, config)
    if saved.domains != folders.domains:
        changes.append(f"domains: {','.join(saved.domains)} -> {','.join(folders.domains)}")
    if changes:
        raise UsageError(
            "the run was started with other settings (run -> now):\n  " + "\n  ".join(changes),
            remedy="leave those flags out, or start a new run with another --out "
            "(and --start-from, to begin it with these networks)",
        )


def _lengths(config: TrainConfig, dataset: Dataset) -> tuple[int, int]:
    """Steps of the constant part and of the whole run."""
    if config.steps is not None:
        return config.steps // 2, config.steps
    epoch = math.ceil(max(len(dataset.a), len(dataset.b)) / config.batch_size)
    return config.epochs * epoch, 2 * config.epochs * epoch


def _cache(run: Path, team: Team) -> Path:
    # Each process has one of its own: no file is written by two.
    return run / CACHE if team.leads else run / CACHE / f"process{team.rank}"


def _environment(device: torch.device, team: Team, mode: str) -> dict[str, str]:
    return {
        "mode": mode,
        "device": str(device) if team.count == 1 else f"{team.count} x {device.type}",
        "threads": str(torch.get_num_threads()),
        "torch": str(torch.__version__),  # a subclass, which a checkpoint cannot hold
        "python": ".".join(map(str, sys.version_info[:3])),
    }


def _tell_changes(before: dict[str, str], now: dict[str, str], observer: Observer) -> None:
    changes = [
        f"{key} {before.get(key)} -> {now[key]}" for key in now if before.get(key) != now[key]
    ]
    if changes:
        observer.message(
            f"resumed elsewhere, so not bit for bit the uninterrupted run: {', '.join(changes)}"
        )
