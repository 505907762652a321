"""The translator: translates pictures of any size to another domain."""

from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from mediatrans.errors import ModelError
from mediatrans.translate.chain import generator_of
from mediatrans.translate.engines.choice import open_engine
from mediatrans.translate.engines.device_words import Precision
from mediatrans.translate.engines.engine import Engine, EngineOpener
from mediatrans.translate.stages.reduce import working_shape
from mediatrans.translate.stages.tiles import Tiling
from mediatrans.translate.tile_option import check_tile, untiled_size
from mediatrans.translate.tiling import open_tiled
from mediatrans.translate.work_size import WorkSize, check_work_size, working_side
from mediatrans.zoo.card import sha256_of
from mediatrans.zoo.find import Generator, find

__all__ = ["Translator"]


class Translator:
    """Translates pictures to one domain; handles sizes, padding, layout and number formats.

    Args:
        generator: The generator to load, a result of `mediatrans.zoo.find.find`.
        device: A `--device` value. Only "auto" chooses among devices.
        precision: A `--precision` value.
        threads: Threads per operator; None lets the runtime choose.
        work_size: The shorter side, in pixels, at which the generator works on larger pictures;
            "auto" is the model's, "full" the picture's own.
        tile: The side, in pixels, of the tiles in which it works on larger pictures at their own
            size; None leaves them whole.
        opener: Loads the graph where there are no tiles; see `EngineOpener`.

    Attributes:
        generator: The loaded generator.
        provider: The provider that runs it, by the runtime's name for it.
        identity: The engine's identity: runtime, version, provider and precision.
        working_side: The shorter side at which the generator works; None for no limit.
        stage: The generator as a stage, the innermost of a chain.
        series_stage: The same for the frames of a video: a frame gets the same bytes in batches of
            all sizes.
        sha256: The digest of the loaded file.

    Raises:
        ModelError: The file is missing, changed or breaks the graph contract.
        DeviceError: The requested device does not start.
        UsageError: The device or the working size is not valid.
    """

    def __init__(
        self,
        generator: Generator,
        *,
        device: str = "auto",
        precision: Precision = "auto",
        threads: int | None = None,
        work_size: WorkSize = "auto",
        tile: int | None = None,
        opener: EngineOpener = open_engine,
    ) -> None:
        check_work_size(work_size)
        check_tile(tile, work_size)
        generator.verify()
        self.generator = generator
        self._device = device
        self._precision = precision
        self._threads = threads
        self._work_size = work_size
        self._tile = tile
        self._opener = opener
        engine, tiling = self._opened()
        self.provider = engine.provider
        self.identity = engine.identity
        if tiling is not None and tiling.statistics is not None:
            self.identity += f", {tiling.statistics.measure.identity}"
        self.working_side = working_side(untiled_size(work_size, tile), generator.working_size)
        self._engine = engine
        self.stage, self.series_stage = (
            generator_of(
                engine,
                generator.size_rule,
                self.working_side,
                threads=threads,
                path=generator.path,
                in_series=in_series,
                tiling=tiling,
            )
            for in_series in (False, True)
        )
        self._status = _status(generator.path)
        self.sha256 = sha256_of(generator.path)
        if generator.sha256 not in (None, self.sha256):
            raise self._changed("while it was loaded")

    def _opened(self) -> tuple[Engine, Tiling | None]:
        path = self.generator.path
        if self._tile is None:
            engine = self._opener(
                path, device=self._device, threads=self._threads, precision=self._precision
            )
            return engine, None
        return open_tiled(
            self.generator,
            self._tile,
            device=self._device,
            threads=self._threads,
            precision=self._precision,
        )

    @classmethod
    def load(
        cls,
        to: str,
        *,
        model: str | None = None,
        device: str = "auto",
        precision: Precision = "auto",
        threads: int | None = None,
        work_size: WorkSize = "auto",
        tile: int | None = None,
        opener: EngineOpener = open_engine,
    ) -> Self:
        """Find the model that translates to a domain and load it.

        Args:
            to: The domain to translate to, for example "winter".
            model: A model's name, folder or ONNX file; None searches `./models`, the user's data
                folder and the models shipped with mediatrans.
            device: A `--device` value. Only "auto" chooses among devices.
            precision: A `--precision` value.
            threads: Threads per operator; None lets the runtime choose.
            work_size: The shorter side, in pixels, at which the generator works on larger pictures;
                "auto" is the model's, "full" the picture's own.
            tile: The side, in pixels, of the tiles in which it works on larger pictures at their
                own size; None leaves them whole.
            opener: Loads the graph; see `EngineOpener`.

        Raises:
            ModelError: No model translates to the domain, several in one place do, or the file is
                invalid.
            DeviceError: The requested device does not start.
            UsageError: The device or the working size is not valid.
        """
        return cls(
            find(to, model),
            device=device,
            precision=precision,
            threads=threads,
            work_size=work_size,
            tile=tile,
            opener=opener,
        )

    def batch_sizes(self, height: int, width: int) -> tuple[int, ...]:
        """The batch sizes that "auto" may choose from for frames of one size, see `Engine`."""
        if self._tile is not None and max(height, width) > self._tile:
            return (1,)
        fitted = self.generator.size_rule.fitted
        return self._engine.batch_sizes(
            *map(fitted, working_shape(height, width, self.working_side))
        )

    def check_unchanged(self) -> None:
        """Check that the file on disk is still the one that was loaded.

        Raises:
            ModelError: The file was replaced, changed or removed.
        """
        path = self.generator.path
        if _status(path) == self._status:
            return
        if not path.is_file() or sha256_of(path) != self.sha256:
            raise self._changed("after it was loaded")
        self._status = _status(path)

    def _changed(self, when: str) -> ModelError:
        return ModelError(
            f"the model file changed {when}",
            path=self.generator.path,
            remedy="run the same command again; finished outputs were made with the old file",
        )

    def inverse(self) -> "Translator | None":
        """The reverse translator, loaded in the same way; None without a reverse generator."""
        reverse = self.generator.inverse()
        if reverse is None:
            return None
        return Translator(
            reverse,
            device=self._device,
            precision=self._precision,
            threads=self._threads,
            work_size=self._work_size,
            tile=self._tile,
            opener=self._opener,
        )

    def __call__(self, images: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Translate one picture or a batch of pictures of the same size.

        Args:
            images: uint8 [H, W, 3] or [N, H, W, 3] RGB, with any H and W from 1 up.

        Returns:
            An array of the same type and shape.

        Raises:
            ValueError: The array has another type or shape.
            InputError: The generator fails on this input, for example for lack of memory.
        """
        if images.dtype != np.uint8 or images.ndim not in (3, 4) or images.shape[-1] != 3:
            raise ValueError(
                f"pictures must be uint8 [H, W, 3] or [N, H, W, 3], not {images.dtype} "
                f"{images.shape}"
            )
        if 0 in images.shape:
            raise ValueError(f"an empty picture cannot be translated: {images.shape}")
        batch = images if images.ndim == 4 else images[np.newaxis]
        translated = self.stage(list(batch))
        return np.stack(translated) if images.ndim == 4 else translated[0]


def _status(path: Path) -> tuple[int, int] | None:
    """The size and time of a file, which are cheap to compare; None if there is no file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns
