"""An S3 server on loopback, with faults on demand: moto's server in a thread of this process."""

import os
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import boto3
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

__all__ = ["KEY", "SECRET", "S3Server", "s3_server"]

KEY, SECRET = "KEYOFTHETEST", "SecretOfTheTest"
"""The credentials that the server accepts."""

_REFUSAL = """<?xml version="1.0"?><Error><Code>{code}</Code><Message>said by the server
</Message></Error>"""


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 (werkzeug's own)
        """Nothing is logged, also no connection that is dropped on purpose."""


class S3Server:
    """A server that counts requests and can be told to fail.

    Attributes:
        url: The endpoint.
        requests: The number of requests by method and what they are about.
        busy: Called with each request; True refuses it with 503, SlowDown.
        dropped: Called with each request; True closes the connection without an answer.
        done: Called with each request and the status of its answer, before that is sent.
        client: A client of the server.
    """

    def __init__(self) -> None:
        self._app = DomainDispatcherApplication(create_backend_app)
        self._server = make_server(
            "127.0.0.1", 0, self._answer, threaded=True, request_handler=_Quiet
        )
        self.url = f"http://127.0.0.1:{self._server.port}"
        self.requests: Counter[str] = Counter()
        self.busy: Callable[[Request], bool] = lambda _: False
        self.dropped: Callable[[Request], bool] = lambda _: False
        self.done: Callable[[Request, str], None] = lambda *_: None
        self.client: Any = None

    def _answer(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        request = Request(environ)
        what = "list" if "list-type" in request.args else "object"
        self.requests[f"{request.method} {what}"] += 1
        if self.dropped(request):
            with suppress(OSError):  # the client may have ended
                environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            raise ConnectionError("dropped on purpose")
        if self.busy(request):
            return Response(_REFUSAL.format(code="SlowDown"), 503)(environ, start)
        if f"Credential={KEY}/" not in request.headers.get("Authorization", ""):
            return Response(_REFUSAL.format(code="InvalidAccessKeyId"), 403)(environ, start)
        statuses: list[str] = []

        def begin(status: str, headers: Any, *error: Any) -> Any:
            statuses.append(status)
            return start(status, headers, *error)

        answer: Iterable[bytes] = self._app(environ, begin)
        self.done(request, statuses[-1])
        return answer

    def __enter__(self) -> "S3Server":
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.client = boto3.client(
            "s3",
            endpoint_url=self.url,
            aws_access_key_id=KEY,
            aws_secret_access_key=SECRET,
            region_name="us-east-1",
        )
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def bucket(self, name: str) -> str:
        """Make an empty bucket."""
        self.client.create_bucket(Bucket=name)
        return name

    def put(self, bucket: str, key: str, content: bytes) -> None:
        """Write an object."""
        self.client.put_object(Bucket=bucket, Key=key, Body=content)

    def objects(self, bucket: str, prefix: str = "") -> dict[str, bytes]:
        """The objects of a bucket below a prefix, without hidden ones."""
        found = self._all(bucket, prefix)
        return {key.removeprefix(prefix): body for key, body in found.items() if "/." not in key}

    def hidden(self, bucket: str) -> dict[str, bytes]:
        """The hidden objects of a bucket."""
        return {key: body for key, body in self._all(bucket, "").items() if "/." in key}

    def empty(self, bucket: str) -> None:
        """Remove a bucket and all that is in it."""
        for key in self._keys(bucket, ""):
            self.client.delete_object(Bucket=bucket, Key=key)
        self.client.delete_bucket(Bucket=bucket)

    def _all(self, bucket: str, prefix: str) -> dict[str, bytes]:
        return {
            key: self.client.get_object(Bucket=bucket, Key=key)["Body"].read()
            for key in self._keys(bucket, prefix)
        }

    def _keys(self, bucket: str, prefix: str) -> list[str]:
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return [one["Key"] for page in pages for one in page.get("Contents", [])]


def environment(server: S3Server) -> dict[str, str]:
    """The variables by which a process finds the server."""
    return {
        "AWS_ENDPOINT_URL": server.url,
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


@contextmanager
def s3_server() -> Iterator[S3Server]:
    """A running server, which the environment of this process and its children names."""
    with S3Server() as server:
        before = dict(os.environ)
        os.environ.update(environment(server))
        try:
            yield server
        finally:
            os.environ.clear()
            os.environ.update(before)
