"""Results of earlier runs among the inputs, told by a manifest or by their names."""

import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from mediatrans.conversion.manifest import MANIFEST_NAME, PARTS_NAME, Manifest
from mediatrans.conversion.outputs import PREVIEW_MARK
from mediatrans.errors import OutputError
from mediatrans.media.formats import PICTURE_SUFFIXES, VIDEO_SUFFIXES, is_supported

__all__ = ["RECORDED", "EarlierResults", "named_results"]

log = logging.getLogger(__name__)

RECORDED = "a result of an earlier run; to translate it again, name the file alone"
"""Why a file is skipped that a manifest lists as it is now."""

_State = tuple[str, int, int, int]
"""The name, number, size and time of a file."""

_SUFFIXES = {"image": PICTURE_SUFFIXES, "video": VIDEO_SUFFIXES}


class EarlierResults:
    """Tells the results of earlier runs in an input folder from what is to be translated.

    A file is one if a manifest in its folder, or in one above it up to the input folder, lists it
    as it is now, made for the same domain or by the same generator, or by a version that did not
    note the domain; or if it has the name that `convert` gives to the result of a file beside it.

    A manifest is read once, and again only after `refresh`, if it has changed.

    Args:
        root: The input folder; None for files that are named, whose manifests may be in any folder
            that their paths name.
        to: The domain.
        model_sha256: The generator's digest.

    Attributes:
        root: The input folder, or None.
        to: The domain.
    """

    def __init__(self, root: Path | None, to: str, model_sha256: str) -> None:
        self.root = root
        self.to = to
        self._model = model_sha256
        self._manifests: dict[Path, Manifest | None] = {}
        self._states: dict[Path, list[_State]] = {}

    def refresh(self) -> None:
        """Forget the manifests that have changed since they were read, or are new."""
        for home in [home for home, state in self._states.items() if _state(home) != state]:
            del self._states[home], self._manifests[home]

    def reason(self, path: Path) -> str | None:
        """Why a file of the folder is left alone; None if it is to be translated.

        Args:
            path: A file in the folder, as the walk through it has it.
        """
        if self.is_recorded(path):
            return RECORDED
        source = self._source(path)
        if source is None:
            return None
        return (
            f"it has the name of the result of {source}, which is beside it; to translate it all "
            "the same, name the file alone"
        )

    def is_recorded(self, path: Path) -> bool:
        """Whether a manifest lists a file as it is now.

        Args:
            path: A file in the folder.
        """
        for home in self._homes(path):
            manifest = self._manifest(home)
            if manifest is None:
                continue
            try:
                entry = manifest.written(path)
            except OutputError as error:  # it belongs to other runs
                log.info("%s", error)
                self._manifests[home] = None
                continue
            if entry is not None and (
                entry.to in ("", self.to) or entry.origin.model == self._model
            ):
                return True
        return False

    def _homes(self, path: Path) -> Iterator[Path]:
        for folder in path.parents:
            yield folder
            if folder == self.root:
                return

    def _manifest(self, home: Path) -> Manifest | None:
        if home not in self._manifests:
            state = self._states[home] = _state(home)  # before it is read
            self._manifests[home] = Manifest(home) if state else None
        return self._manifests[home]

    def _source(self, path: Path) -> str | None:
        """The name of the file or folder whose result has this name; None if there is none."""
        stem = _source_stem(path, self.to)
        if stem is None:
            return None
        for kind in _kinds(path):
            for suffix in sorted(_SUFFIXES[kind]):
                for name in (f"{stem}{suffix}", f"{stem}{suffix.upper()}"):
                    if os.path.lexists(path.with_name(name)):
                        return name
        # The pictures of a folder may have made a video.
        is_video = "video" in _kinds(path)
        return f"{stem}{os.sep}" if is_video and _has_pictures(path.with_name(stem)) else None


def named_results(
    inputs: Sequence[Path], to: str, model_sha256: str, *, are_beside: bool
) -> dict[Path, str]:
    """The files among several inputs that are results of earlier runs, each with the reason.

    A pattern such as `*.jpg` finds the results that the same command has written before. A file is
    one if a manifest says so, or if this run would give its name to the result of another input.

    Args:
        inputs: What is named; a single input is none.
        to: The domain.
        model_sha256: The generator's digest.
        are_beside: Whether this run writes results beside their sources.
    """
    if len(inputs) < 2:
        return {}
    recorded = EarlierResults(None, to, model_sha256)
    given = [path for path in inputs if is_supported(path)]
    sources = {(path.parent, path.stem, kind): path.name for path in given for kind in _kinds(path)}
    found = {}
    for path in given:
        stem = _source_stem(path, to) if are_beside else None
        for kind in _kinds(path) if stem is not None else ():
            source = sources.get((path.parent, stem or "", kind))
            if source is not None:
                found[path] = (
                    f"it has the name of the result of {source}, another input; named alone, it "
                    "is translated"
                )
        if path.is_file() and recorded.is_recorded(path):
            found[path] = RECORDED
    return found


def _state(home: Path) -> list[_State]:
    """The manifests in a folder and what changes with their content; none if there is none."""
    found: list[_State] = []
    names = [home / MANIFEST_NAME, home / PARTS_NAME]
    with suppress(OSError):
        names += sorted((home / PARTS_NAME).iterdir())
    for path in names:
        with suppress(OSError):
            status = path.lstat()
            found.append((path.name, status.st_ino, status.st_size, status.st_mtime_ns))
    return found


def _source_stem(path: Path, to: str) -> str | None:
    """The name, without its suffix, of what this would be the result of; None for other names."""
    stem, ending = path.stem, f"-{to}"
    if "video" in _kinds(path):  # pictures have no previews
        stem = stem.removesuffix(PREVIEW_MARK)
    return stem.removesuffix(ending) or None if stem.endswith(ending) else None


def _has_pictures(folder: Path) -> bool:
    with suppress(OSError), os.scandir(folder) as entries:
        return any(Path(entry.name).suffix.lower() in PICTURE_SUFFIXES for entry in entries)
    return False


def _kinds(path: Path) -> tuple[str, ...]:
    """The kinds that a file may be of by its suffix; pictures that may move are of both."""
    suffix = path.suffix.lower()
    return tuple(kind for kind, known in _SUFFIXES.items() if suffix in known)
