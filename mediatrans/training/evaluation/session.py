"""Everything that `evaluate` measures of one pair, in order."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from mediatrans.errors import InputError, UsageError
from mediatrans.media.frames import Pixels
from mediatrans.quality.cycle import Translate
from mediatrans.training.device import choose_device
from mediatrans.training.evaluation.candidate import Candidate, open_candidate
from mediatrans.training.evaluation.comparison import Assessment, Judge, evaluate, train_probes
from mediatrans.training.evaluation.evaluation_page import TestPicture, collect_pictures
from mediatrans.training.evaluation.features import choose_networks, load_feature_network
from mediatrans.training.evaluation.flat_frames import measure_flat_frames
from mediatrans.training.evaluation.gallery import Gallery
from mediatrans.training.evaluation.motion import ClipFigures, ClipFrames, measure_clip
from mediatrans.training.evaluation.options import EvaluateOptions
from mediatrans.training.evaluation.report import EvaluationReport
from mediatrans.training.evaluation.sheet import Section, collect_worst
from mediatrans.training.evaluation.sizes import SizeFigures, measure_sizes
from mediatrans.training.evaluation.texture import load_texture_network
from mediatrans.training.watch import Watch

__all__ = ["Outcome", "Session"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was measured.

    Attributes:
        report: The figures.
        sheet: The sections of the contact sheet; empty where none was asked for.
        pictures: The test pictures of both directions for a page; empty where none was asked for.
        unreadable: Files that were left out, with the reason.
    """

    report: EvaluationReport
    sheet: list[Section] = field(default_factory=list)
    pictures: list[TestPicture] = field(default_factory=list)
    unreadable: list[tuple[Path, str]] = field(default_factory=list)


class Session:
    """One pair, its test pictures and its judges; opened and checked before any work starts.

    Args:
        source: A run folder, a checkpoint, a model folder or the name of a model.
        a: Folder of test pictures of the first domain.
        b: Of the second.
        options: What to measure.
        progress: Shows the progress.

    Attributes:
        candidate: The opened pair.
        pictures: The test pictures of a and of b.

    Raises:
        ModelError: There is nothing of that name, or the model is damaged.
        InputError: A folder or a checkpoint is missing or damaged.
        UsageError: The pair was trained with all the judges, or a run should get a card's figures.
        DeviceError: The device is not there.
        MissingExtraError: The packages of the extra `evaluate` are not installed.
    """

    def __init__(
        self, source: str, a: Path, b: Path, options: EvaluateOptions, progress: Watch
    ) -> None:
        side = options.longer_side
        self._options, self._progress = options, progress
        self._folders = a, b
        self.pictures = Gallery(a, side), Gallery(b, side)
        self._training: tuple[Gallery, Gallery] | None = None
        if options.train_a is not None and options.train_b is not None:
            self._training = Gallery(options.train_a, side), Gallery(options.train_b, side)
        self.candidate: Candidate = open_candidate(source, options.device)
        if options.write_card and self.candidate.model is None:
            raise UsageError(
                f"{source} is a run, which has no card",
                remedy="export it with mediatrans export-onnx, then evaluate the model",
            )
        device, seen = choose_device(options.device), self.candidate.trained_with
        self._judges = [
            Judge(load_feature_network(name, device), seen_in_training=name in seen)
            for name in choose_networks(options.features, seen)
        ]
        self._texture = load_texture_network(device)
        names = " and ".join(judge.network.name for judge in self._judges)
        progress.message(f"evaluating {source} with the features of {names}")
        for judge in self._judges:
            if judge.seen_in_training:
                progress.message(
                    f"the pair was trained with {judge.network.name}: its figures are too good, "
                    "and no card gets them"
                )

    @property
    def _translators(self) -> tuple[Translate, Translate]:
        return self.candidate.there, self.candidate.back

    def measure(self) -> Outcome:
        """Measure everything that was asked for.

        Raises:
            InputError: A domain has fewer than 2 pictures, or a translator fails on one.
        """
        self._train_probes()
        assessment = self._assess()
        outcome = Outcome(
            EvaluationReport(
                assessment.evaluation,
                measure_flat_frames(self._translators),
                self._measure_sizes(assessment),
            )
        )
        galleries = [*self.pictures, *(self._training or ())]
        for gallery in galleries:
            outcome.unreadable.extend(
                (gallery.folder / name, reason) for name, reason in gallery.unreadable
            )
        clips, broken = self._measure_clips()
        outcome.unreadable.extend(broken)
        sheet = self._collect_worst(assessment) if self._options.sheet is not None else []
        shown = self._collect_pictures(assessment) if self._options.has_page else []
        report = replace(outcome.report, clips=clips)
        return replace(outcome, report=report, sheet=sheet, pictures=shown)

    def _watched(
        self, pictures: tuple[Gallery, Gallery], what: str
    ) -> tuple[Iterable[Pixels], Iterable[Pixels]]:
        a, b = (
            self._progress.watch(gallery, f"{what} {domain}", len(gallery))
            for gallery, domain in zip(pictures, self.candidate.domains, strict=True)
        )
        return a, b

    def _train_probes(self) -> None:
        if self._training is None:
            return
        probes = train_probes(
            self.candidate.domains,
            self._watched(self._training, "training pictures of"),
            [judge.network for judge in self._judges],
        )
        self._judges = [
            replace(judge, probe=probe) for judge, probe in zip(self._judges, probes, strict=True)
        ]

    def _assess(self) -> Assessment:
        return evaluate(
            self._translators,
            self.candidate.domains,
            self._watched(self.pictures, "pictures of"),
            self._judges,
            texture=self._texture,
            trained_with=self.candidate.trained_with,
            longer_side=self._options.longer_side,
            resamples=self._options.resamples,
            seed=self._options.seed,
        )

    def _measure_sizes(self, assessment: Assessment) -> SizeFigures | None:
        if self._options.sizes is None:
            return None
        a, b = self._folders
        return measure_sizes(
            self._watched((Gallery(a, None), Gallery(b, None)), "sizes of pictures of"),
            assessment.evaluation.pictures,
            self._translators,
            self._options.sizes,
            assessment.network,
            assessment.domain_judge,
        )

    def _measure_clips(self) -> tuple[tuple[ClipFigures, ...], list[tuple[Path, str]]]:
        measured, broken = [], []
        for path in self._options.clips:
            clip = ClipFrames(path, self._options.clip_frames)
            frames = self._progress.watch(clip, f"frames of {path.name}", len(clip))
            try:
                measured.append(measure_clip(path, frames, self._translators))
            except InputError as error:
                broken.append((path, error.problem))
        return tuple(measured), broken

    def _collect_worst(self, assessment: Assessment) -> list[Section]:
        (a, b), (there, back) = self.candidate.domains, self._translators
        watched = self._watched(self.pictures, "the worst pictures of")
        sections = []
        for place, (title, translators) in enumerate(
            ((f"{a} -> {b}", (there, back)), (f"{b} -> {a}", (back, there)))
        ):
            gallery = self.pictures[place]
            sections += collect_worst(
                title,
                watched[place],
                assessment.pictures[place],
                tuple(gallery.read),
                translators,
            )
        return sections

    def _collect_pictures(self, assessment: Assessment) -> list[TestPicture]:
        (a, b), (there, back) = self.candidate.domains, self._translators
        watched = self._watched(self.pictures, "the worst pictures of")
        pictures = []
        for place, (domains, translators) in enumerate(
            (((a, b), (there, back)), ((b, a), (back, there)))
        ):
            gallery = self.pictures[place]
            paths = [gallery.folder / name for name in gallery.read]
            pictures += collect_pictures(
                domains, paths, watched[place], assessment.pictures[place], translators
            )
        return pictures
