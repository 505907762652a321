"""The figures of a model that has just been exported, for its card."""

from collections.abc import Iterable
from pathlib import Path

from mediatrans.errors import InputError, MissingExtraError, UsageError
from mediatrans.media.frames import Pixels
from mediatrans.quality.spread import LEAST_PICTURES
from mediatrans.training.device import choose_device
from mediatrans.training.evaluation.candidate import Candidate, open_candidate
from mediatrans.training.evaluation.comparison import Judge, evaluate, train_probes
from mediatrans.training.evaluation.domain_file import (
    describe_accuracy,
    train_from_pictures,
    write_domain,
)
from mediatrans.training.evaluation.features import (
    FeatureNetwork,
    choose_networks,
    load_feature_network,
)
from mediatrans.training.evaluation.flat_frames import measure_flat_frames
from mediatrans.training.evaluation.gallery import Gallery
from mediatrans.training.evaluation.held_out import LONGER_SIDE, HeldOut
from mediatrans.training.evaluation.report import EvaluationReport, write_quality
from mediatrans.training.evaluation.size_choice import (
    LEAST_FOR_SIZES,
    MOST_FOR_SIZES,
    choose_working_size,
)
from mediatrans.training.evaluation.texture import load_texture_network
from mediatrans.training.evaluation.usual import measure_model
from mediatrans.training.export.domain_graph import load_classifier
from mediatrans.training.run_folder import RunSettings
from mediatrans.training.seen import networks_of_run
from mediatrans.training.watch import UNWATCHED, Watch

__all__ = ["write_figures", "write_own_figures"]


def write_own_figures(
    model: Path,
    folder: Path,
    run: RunSettings,
    watch: Watch = UNWATCHED,
    *,
    chooses_size: bool = True,
) -> None:
    """Write the classifier of the domains, the working size and what is usual for the model.

    The classifier is the run's; one is trained where the run has none. The working size is chosen
    on the held-out pictures, else on training pictures: the test split chooses nothing. What is
    usual is measured on the held-out pictures, else on those of the test split. No other network is
    needed, but the working size is judged by a feature network as well if there is one.

    Args:
        model: The model folder.
        folder: The run folder.
        run: What the run was started with.
        watch: Shows the progress.
        chooses_size: Whether the working size is measured; else it is the card's.

    Raises:
        InputError: The run's pictures are gone, or the classifier of the run is damaged.
    """
    network = load_classifier(folder)
    try:
        pictures = HeldOut.of(run.folders, run.config)
    except InputError:
        if network is not None:
            write_domain(model, network)
        raise
    if network is None:
        network = train_from_pictures(pictures.training, watch)
    held, test_a, test_b = pictures.held, run.folders.test_a, run.folders.test_b
    tested = held
    if test_a is not None and test_b is not None:
        tested = Gallery(test_a, LONGER_SIDE), Gallery(test_b, LONGER_SIDE)
    written = write_domain(model, network, _watched(tested, "test pictures", watch))
    for sentence in describe_accuracy(written):
        watch.message(sentence)
    if chooses_size:
        from_held = min(pictures.counts) >= LEAST_FOR_SIZES
        a, b = held if from_held else pictures.training
        drawn = a.drawn(MOST_FOR_SIZES), b.drawn(MOST_FOR_SIZES)
        choose_working_size(model, drawn, _size_referee(run, watch), watch)
    usual = held if min(pictures.counts) >= LEAST_PICTURES else tested
    measure_model(model, usual, watch)


def write_figures(model: Path, run: RunSettings, watch: Watch = UNWATCHED) -> None:
    """Measure a model on its run's test split and held-out pictures, into its card.

    The test split gives the figures of `mediatrans evaluate`, with the probe trained on the
    training pictures; the held-out pictures give the spread of the round trip. What the run does
    not have is left out, and a message says so.

    Args:
        model: The model folder.
        run: What the run was started with.
        watch: Shows the progress.

    Raises:
        InputError: The run's pictures are gone, or too few of them are readable.
        MissingExtraError: The packages of the extra `evaluate` are not installed.
    """
    pictures = HeldOut.of(run.folders, run.config)
    candidate = open_candidate(str(model), "auto")
    trained_with = networks_of_run(run.config)
    report: EvaluationReport | None = None
    test_a, test_b = run.folders.test_a, run.folders.test_b
    if test_a is not None and test_b is not None:
        tested = Gallery(test_a, LONGER_SIDE), Gallery(test_b, LONGER_SIDE)
        report = _measure(candidate, pictures, tested, trained_with, watch)
    else:
        watch.message("the run has no test split, so the card has no figures of one")
    held_out = pictures.measure_cycle(candidate.there, candidate.back)
    if held_out is None:
        watch.message("the run held no pictures out, so the card has no cycle of them")
    write_quality(model, report, held_out, trained_with)


def _size_referee(run: RunSettings, watch: Watch) -> FeatureNetwork | None:
    """A feature network that the pair was not trained with; None where there is none here."""
    try:
        (name,) = choose_networks(["auto"], networks_of_run(run.config))
        return load_feature_network(name, choose_device("auto"))
    except (UsageError, MissingExtraError, InputError) as error:
        watch.message(f"working sizes are judged without a feature network: {error}")
        return None


def _measure(
    candidate: Candidate,
    pictures: HeldOut,
    tested: tuple[Gallery, Gallery],
    trained_with: tuple[str, ...],
    watch: Watch,
) -> EvaluationReport:
    device = choose_device("auto")
    (name,) = choose_networks(["auto"], trained_with)
    network = load_feature_network(name, device)
    texture = load_texture_network(device)
    watch.message(f"measuring on the test split, with the features of {network.name}")
    (probe,) = train_probes(
        pictures.domains, _watched(pictures.training, "training pictures", watch), [network]
    )
    translators = candidate.there, candidate.back
    evaluation = evaluate(
        translators,
        pictures.domains,
        _watched(tested, "test pictures", watch),
        [Judge(network, probe)],
        texture=texture,
        trained_with=trained_with,
        longer_side=LONGER_SIDE,
    ).evaluation
    return EvaluationReport(evaluation, measure_flat_frames(translators))


def _watched(
    galleries: tuple[Gallery, Gallery], what: str, watch: Watch
) -> tuple[Iterable[Pixels], Iterable[Pixels]]:
    a, b = (watch.watch(gallery, what, len(gallery)) for gallery in galleries)
    return a, b
