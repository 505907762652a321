"""Actors of a Ray cluster write what one process writes."""

import importlib.util
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mediatrans import ConvertOptions, Observer, convert
from mediatrans.conversion.executors.messages import Refused
from mediatrans.conversion.executors.ray_actors import _Actor
from mediatrans.conversion.workshop import Workshop
from mediatrans.errors import DeviceError, MissingExtraError
from mediatrans.files.mirror import Mirror
from mediatrans.zoo.find import find
from tests.conversion.long_videos import SEGMENT
from tests.conversion.photos_in_bucket import upload
from tests.conversion.test_workers import SLOW, contents, rows
from tests.media.clips import write_clip

if TYPE_CHECKING:
    from tests.s3_server import S3Server

HAS_RAY = importlib.util.find_spec("ray") is not None
needs_ray = [
    pytest.mark.slow,
    pytest.mark.skipif(not HAS_RAY, reason="ray (extra ray) is not installed"),
    # Of Ray's own sockets and processes, at its end.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]


def options(output: str, **others: Any) -> ConvertOptions:
    how: dict[str, Any] = {"segment_frames": SEGMENT, "device": "cpu", "threads": 1, **others}
    return ConvertOptions(output=Path(output), **how)


@pytest.fixture
def folder(inputs: Path) -> Path:
    write_clip(inputs / "5.mp4", SLOW, sound_s=2, options={"g": "7", "bf": "2"})
    return inputs


def test_without_the_extra_it_is_named(inputs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtraError, match=r"mediatrans\[ray\]"):
        convert(inputs, "night", options("b", executor="ray", workers=2))


def test_a_node_without_the_folder_of_buckets_is_refused(pair: Path, tmp_path: Path) -> None:
    shop = Workshop(find("night"), options("s3://photos/out"))
    shop.mirror = Mirror(tmp_path, 100, tmp_path / "of another machine")
    refused = _Actor(shop, str(Path.cwd()), logging.INFO).begin()
    assert isinstance(refused, Refused)
    assert isinstance(refused.error(), DeviceError)
    assert "XDG_CACHE_HOME" in str(refused.error())


class TestCluster:
    pytestmark = needs_ray

    @pytest.fixture
    def cluster(self) -> Iterator[Any]:
        """Two nodes of one core each, on this machine."""
        from ray.cluster_utils import Cluster

        cluster: Any = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
        try:
            yield cluster, cluster.add_node(num_cpus=1)
        finally:
            cluster.shutdown()

    def test_two_nodes_write_the_same(self, folder: Path, cluster: Any) -> None:
        reference = convert(folder, "night", options("a"))
        executor = f"ray:{cluster[0].address}"
        report = convert(folder, "night", options("b", executor=executor, workers="auto"))
        assert rows(report) == rows(reference)
        assert contents("b") == contents("a")

    def test_a_node_that_goes(self, folder: Path, cluster: Any) -> None:
        reference = convert(folder, "night", options("a"))

        class Removing(Observer):
            is_done = False

            def translated(self, job: object, frames: int, total: int | None) -> None:
                if not self.is_done and frames >= SEGMENT:
                    self.is_done = True
                    cluster[0].remove_node(cluster[1], allow_graceful=False)

        removing = Removing()
        executor = f"ray:{cluster[0].address}"
        how = options("b", executor=executor, workers=2)
        report = convert(folder, "night", how, removing)
        assert removing.is_done
        assert rows(report) == rows(reference)
        assert contents("b") == contents("a")

    def test_between_buckets(self, s3: "S3Server", cluster: Any) -> None:
        write_clip(Path("in/5.mp4"), SLOW, sound_s=2, options={"g": "7", "bf": "2"})
        upload(s3)
        executor = f"ray:{cluster[0].address}"
        how = options("s3://photos/out", executor=executor, workers=2)
        report = convert("s3://photos/in", "night", how)
        assert {row.status for row in report.jobs} == {"ok"}
        convert("in", "night", options("whole"))
        made = s3.objects("photos", "out/")
        for name, content in made.items():
            Path("made", name).parent.mkdir(parents=True, exist_ok=True)
            Path("made", name).write_bytes(content)
        assert contents("made") == contents("whole")
        again = convert("s3://photos/in", "night", how)
        assert {row.status for row in again.jobs} == {"skipped"}

    def test_no_cluster(self, inputs: Path) -> None:
        with pytest.raises(DeviceError, match=r"127\.0\.0\.1:1"):
            convert(inputs, "night", options("b", executor="ray:127.0.0.1:1", workers=2))
