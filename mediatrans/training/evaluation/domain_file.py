"""`domain.onnx` of a model: trained or taken from the run, measured, and put beside the card."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from mediatrans.errors import InputError
from mediatrans.files.publish import publishing
from mediatrans.media.frames import Pixels
from mediatrans.training.evaluation.gallery import Gallery
from mediatrans.training.export.domain_graph import load_classifier, to_domain_onnx
from mediatrans.training.model.domain_classifier import DomainNetwork, train_domain_network
from mediatrans.training.watch import UNWATCHED, Watch
from mediatrans.translate.engines.domain_classifier import DomainClassifier, scaled
from mediatrans.zoo.card import DomainFile, read_card, sha256_of, write_card
from mediatrans.zoo.domain_graph import DOMAIN_FILE

__all__ = [
    "MOST_PICTURES",
    "chosen",
    "describe_accuracy",
    "train_from_pictures",
    "write_domain",
    "write_kept_classifier",
]

MOST_PICTURES = 1000
"""Pictures of a domain that the classifier is trained on at most, evenly spread."""

_REMEDY = "free some space or allow writing there, then run the same command again"


def chosen(count: int) -> list[int]:
    """The indices of the pictures that the classifier is trained on.

    Args:
        count: How many pictures there are.
    """
    if count <= MOST_PICTURES:
        return list(range(count))
    return [index * count // MOST_PICTURES for index in range(MOST_PICTURES)]


def train_from_pictures(pictures: Sequence[Gallery], watch: Watch = UNWATCHED) -> DomainNetwork:
    """Train a classifier on folders of pictures.

    Args:
        pictures: Real pictures of a and of b.
        watch: Shows the progress.

    Raises:
        InputError: A domain has no readable picture.
    """
    both = []
    for gallery in pictures:
        wanted = set(chosen(len(gallery)))
        shown = watch.watch(gallery, "pictures for the classifier of the domains", len(gallery))
        both.append([scaled(picture) for index, picture in enumerate(shown) if index in wanted])
        if not both[-1]:
            raise InputError(
                "no readable pictures", path=gallery.folder, remedy="restore the pictures"
            )
    watch.message(f"training the classifier on {len(both[0])} + {len(both[1])} pictures")
    return train_domain_network(both[0], both[1])


def write_kept_classifier(model: Path, run: Path) -> None:
    """Write the classifier of a run, if it has one, without measuring it.

    Args:
        model: The model folder.
        run: The run folder.

    Raises:
        InputError: The classifier of the run is damaged.
        OutputError: A file cannot be written.
    """
    network = load_classifier(run)
    if network is not None:
        write_domain(model, network)


def write_domain(
    model: Path,
    network: DomainNetwork,
    tested: tuple[Iterable[Pixels], Iterable[Pixels]] | None = None,
) -> DomainFile:
    """Write `domain.onnx` into a model folder, and its digest and accuracy into the card.

    Args:
        model: The model folder.
        network: The classifier.
        tested: Real pictures of a and of b that it was not trained on; None leaves its accuracy
            out.

    Returns:
        What the card says of it now; a picture is recognised by most of its patches.

    Raises:
        ModelError: The folder has no card, or a damaged one.
        OutputError: A file cannot be written.
    """
    card = read_card(model)
    path = model / DOMAIN_FILE
    with publishing(path, what="the classifier", remedy=_REMEDY) as part:
        to_domain_onnx(network, card.domains, part)
    accuracy: dict[str, float] = {}
    if tested is not None:
        classifier = DomainClassifier(path, card.domains)
        for domain, pictures in zip(card.domains, tested, strict=True):
            right = [classifier.share(picture, domain) > 0.5 for picture in pictures]
            if right:
                accuracy[domain] = round(sum(right) / len(right), 4)
    written = DomainFile(path.name, sha256_of(path), accuracy)
    write_card(model, replace(card, domain=written))
    return written


def describe_accuracy(classifier: DomainFile) -> Iterator[str]:
    """How well the classifier recognises the domains, and a warning where it hardly does.

    Args:
        classifier: What the card says of it.
    """
    if not classifier.accuracy:
        yield "how well the classifier recognises the domains was not measured"
        return
    shown = ", ".join(f"{share:.2f} of {domain}" for domain, share in classifier.accuracy.items())
    yield f"the classifier of the domains recognises {shown}"
    if not classifier.tells_domains_apart:
        yield (
            f"warning: that is {classifier.mean_accuracy:.2f} on average, where guessing gives "
            "0.50, so convert will leave the domain figure out; train longer or on more pictures, "
            "or check that the two folders differ"
        )
