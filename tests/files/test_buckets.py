"""Addresses of buckets, and what errors of stores come to."""

import os
import pickle
import sys
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError
from fsspec.registry import _registry as registry

from mediatrans.errors import ExitCode, UsageError
from mediatrans.files import buckets
from mediatrans.files.addresses import BucketPath, is_url, refuse_urls, url_of
from mediatrans.files.buckets import Store, StoredObject
from mediatrans.files.store_errors import StoreError, explain


def client_error(code: str, status: int) -> ClientError:
    response: Any = {
        "Error": {"Code": code, "Message": "SECRET"},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(response, "GetObject")


@pytest.mark.parametrize(
    ("word", "url"),
    [
        ("s3://bucket/a/b.png", "s3://bucket/a/b.png"),
        ("S3://bucket", "s3://bucket"),
        ("gs://bucket/ü b.png", "gs://bucket/ü b.png"),
        ("memory://a", "memory://a"),
        ("hf://datasets/me/pictures/a.png", "hf://datasets/me/pictures/a.png"),
    ],
)
def test_addresses(word: str, url: str) -> None:
    assert is_url(Path(word))
    assert url_of(Path(word)) == url


@pytest.mark.parametrize(
    "word", ["photos", "/s3:/b", "./s3/b", "s3", "file.s3:", "https://a/b", ""]
)
def test_what_is_no_bucket(word: str) -> None:
    assert not is_url(Path(word))


@pytest.mark.parametrize(
    "word",
    [
        "s3://AKIA:SECRET@bucket/a.png",
        "s3://SECRET@bucket",
        "s3://AKIA:SECRET/a.png",
        "s3://bucket/a.png?X-Amz-Signature=SECRET",
        "gs://bucket/a.png?X-Goog-Credential=SECRET&b=1",
        "az://box/a.png?se=2&sig=SECRET",
    ],
)
def test_credentials_in_an_address_are_refused_and_not_repeated(word: str) -> None:
    with pytest.raises(UsageError, match="credentials") as caught:
        url_of(Path(word))
    assert "SECRET" not in str(caught.value)
    assert "AKIA" not in str(caught.value)


def test_an_address_without_a_bucket_is_refused() -> None:
    with pytest.raises(UsageError, match="no bucket"):
        url_of(Path("s3://"))


@pytest.mark.parametrize(
    "word", ["https://a/b?token=SECRET", "ftp://a/SECRET", "s3://bucket/SECRET"]
)
def test_addresses_where_files_are_needed(word: str) -> None:
    with pytest.raises(UsageError, match=r"address that begins with \w+://") as caught:
        refuse_urls([Path("a.png"), Path(word)], "a report", "name a file")
    assert "SECRET" not in str(caught.value)


def test_a_shown_name_is_an_address() -> None:
    name = BucketPath("s3://bucket/a/b.png")
    assert (str(name), name.name, name.suffix) == ("s3://bucket/a/b.png", "b.png", ".png")
    assert str(name.parent) == "s3://bucket/a"
    assert str(name.relative_to("s3:/bucket")) == "a/b.png"
    assert str(pickle.loads(pickle.dumps(name))) == str(name)
    assert os.fspath(name) == str(name)


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (client_error("InvalidAccessKeyId", 403), "denied", "denied"),
        (client_error("ExpiredToken", 400), "denied", "denied"),
        (NoCredentialsError(), "denied", "no credentials"),
        (PermissionError("SECRET"), "denied", "denied"),
        (client_error("NoSuchBucket", 404), "missing", "no such bucket"),
        (FileNotFoundError("SECRET"), "missing", "no such object"),
        (client_error("SlowDown", 503), "busy", "fewer requests"),
        (client_error("Unheard", 429), "busy", "fewer requests"),
        (client_error("InternalError", 500), "connection", "connection"),
        (EndpointConnectionError(endpoint_url="http://SECRET"), "connection", "connection"),
        (ConnectionResetError(), "connection", "connection"),
        (TimeoutError(), "connection", "connection"),
        (client_error("Unheard", 400), "other", r"refuses the request \(Unheard\)"),
        (ValueError("SECRET"), "other", r"refuses the request \(ValueError\)"),
    ],
)
def test_what_an_error_means(error: Exception, kind: str, words: str) -> None:
    explained = explain("s3://bucket/a", error)
    assert explained.kind == kind
    assert "SECRET" not in str(explained)
    for shown, code in (
        (explained.as_input(), ExitCode.INPUT),
        (explained.as_output(), ExitCode.OUTPUT),
    ):
        assert shown.exit_code == code
        assert "SECRET" not in str(shown)
        with pytest.raises(type(shown), match=words):
            raise shown
        assert str(shown).startswith("s3://bucket/a: ")
        assert shown.remedy


def test_an_error_behind_another_is_found() -> None:
    outer = OSError(16, "SECRET")
    outer.__cause__ = client_error("SlowDown", 503)
    assert explain("s3://bucket", outer).kind == "busy"


@pytest.mark.parametrize(
    ("scheme", "package", "remedy"),
    [
        ("s3", "s3fs", r'pip install "mediatrans\[s3\]"'),
        ("gs", "gcsfs", "pip install gcsfs"),
        ("az", "adlfs", "pip install adlfs"),
        ("hf", "huggingface_hub", "pip install huggingface_hub"),
    ],
)
def test_a_package_that_is_not_installed_is_named(
    scheme: str, package: str, remedy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.delitem(registry, scheme, raising=False)
    with pytest.raises(UsageError, match=f"{package}.* is not installed; {remedy}"):
        Store(scheme).find(f"{scheme}://bucket/a")


def test_attempts_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buckets, "_WAITS_S", (0, 0, 0, 0))
    store, calls = Store("memory"), []

    def failing(*_: object) -> None:
        calls.append(1)
        raise ConnectionResetError

    monkeypatch.setattr(store._fs, "info", failing)
    with pytest.raises(StoreError, match="5 attempts"):
        store.info("memory://bucket/a")
    assert len(calls) == 5


def test_an_upload_whose_answer_was_lost_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(buckets, "_WAITS_S", (0, 0, 0, 0))
    store, file = Store("memory"), tmp_path / "a"
    file.write_bytes(b"content")
    put, calls = store._fs.put_file, []

    def losing(*words: Any, **how: Any) -> None:
        put(*words, **how)
        calls.append(1)
        if len(calls) == 1:
            raise ConnectionResetError

    monkeypatch.setattr(store._fs, "put_file", losing)
    made = store.put(file, "memory://lost/a", is_new=True)
    assert made.size == 7
    file.write_bytes(b"CONTENT")
    with pytest.raises(StoreError, match="exists already"):
        store.put(file, "memory://lost/a", is_new=True)
    assert store.read(["memory://lost/a"]) == {"memory://lost/a": b"content"}


def test_an_object_that_changes_while_it_is_read_is_refused(tmp_path: Path) -> None:
    store = Store("memory")
    store.write("memory://changing/a", b"first")
    (one,) = store.find("memory://changing").values()
    store.write("memory://changing/a", b"other")
    with pytest.raises(StoreError, match="changed while it was read"):
        store.fetch(one, tmp_path / "a", lambda: None)


def test_a_disk_that_is_full_is_no_error_of_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store("memory")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store._fs, "get_file", full)
    with pytest.raises(OSError, match="No space"):
        store.fetch(StoredObject("memory://bucket/a", 1, ""), tmp_path / "a", lambda: None)
