"""The errors of object stores in the words of this program, without the texts of libraries."""

from typing import Any, Literal

from mediatrans.errors import InputError, OutputError

__all__ = ["StoreError", "StoreProblem", "explain"]

StoreProblem = Literal["denied", "missing", "exists", "busy", "connection", "changed", "other"]
"""What is wrong, as far as it can be told."""

_DENIED = frozenset({
    "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken",
    "InvalidSecurity", "AccountProblem", "AllAccessDisabled", "RequestTimeTooSkewed",
    "TokenRefreshRequired", "AuthorizationHeaderMalformed", "InvalidClientTokenId",
})  # fmt: skip
_BUSY = frozenset({
    "SlowDown", "ServiceUnavailable", "Throttling", "ThrottlingException", "RequestThrottled",
    "RequestLimitExceeded", "TooManyRequests", "ServerBusy",
})  # fmt: skip
_BUSY_STATUS = (429, 503)
_DENIED_STATUS = (401, 403)
_SERVER_STATUS = (408, 500, 502, 504)
_LOST_WORDS = ("Timeout", "Connection", "Connect", "Disconnected", "IncompleteRead", "HTTPClient",
               "Payload", "ServerError", "ClientOSError", "ResponseParser")  # fmt: skip

_WORDS: dict[StoreProblem, tuple[str, str]] = {
    "denied": (
        "access is denied",
        "check the credentials in the environment or the settings of the store, and what they may "
        "do with this bucket",
    ),
    "missing": ("no such object or bucket", "check the name"),
    "exists": ("the output exists already", "use --overwrite or another -o"),
    "busy": (
        "the store asks for fewer requests, also after 5 attempts",
        "run the same command again later, or use fewer --workers",
    ),
    "connection": (
        "the connection to the store fails, also after 5 attempts",
        "check the network and the endpoint, then run the same command again",
    ),
    "other": ("the store refuses the request", "check the name and the settings of the store"),
}


class StoreError(Exception):
    """What went wrong with an object or a bucket.

    Args:
        url: The address.
        problem: What went wrong, a clause.
        remedy: What the user can do, a clause.
        kind: What is wrong.
    """

    def __init__(self, url: str, problem: str, remedy: str, kind: StoreProblem) -> None:
        self.url = url
        self.problem = problem
        self.remedy = remedy
        self.kind = kind
        super().__init__(f"{url}: {problem}; {remedy}")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.url, self.problem, self.remedy, self.kind)

    @property
    def is_transient(self) -> bool:
        """Whether the same request may succeed later."""
        return self.kind in ("busy", "connection")

    def as_input(self) -> InputError:
        """The error of an input."""
        return InputError(self.problem, path=self.url, remedy=self.remedy)

    def as_output(self) -> OutputError:
        """The error of an output."""
        problem = self.problem if self.kind == "exists" else f"cannot be written: {self.problem}"
        return OutputError(problem, path=self.url, remedy=self.remedy)


def explain(url: str, error: Exception) -> StoreError:
    """What an error of a library means.

    Args:
        url: The address that the request was about.
        error: What was raised.
    """
    if isinstance(error, StoreError):
        return error
    chain = _chain(error)
    codes = {code for one in chain if (code := _code_of(one))}
    statuses = {status for one in chain if (status := _status_of(one)) is not None}
    kind = _kind(chain, codes, statuses)
    problem, remedy = _WORDS[kind]
    if codes & {"NoSuchBucket", "InvalidBucketName"}:
        problem, remedy = "no such bucket", "check the name, or create the bucket"
    elif kind == "denied" and any("Credential" in type(one).__name__ for one in chain):
        problem = "no credentials were found"
    elif kind == "other":
        said = next(iter(sorted(codes)), None) or type(chain[-1]).__name__
        problem = f"{problem} ({said})"
    return StoreError(url, problem, remedy, kind)


def _kind(chain: list[BaseException], codes: set[str], statuses: set[int]) -> StoreProblem:
    names = [type(one).__name__ for one in chain]
    is_denied = codes & _DENIED or statuses & set(_DENIED_STATUS)
    if codes & _BUSY or statuses & set(_BUSY_STATUS):
        return "busy"
    if is_denied or any(isinstance(one, PermissionError) for one in chain):
        return "denied"
    if any("Credential" in name for name in names):
        return "denied"
    if any(isinstance(one, FileExistsError) for one in chain) or statuses & {412}:
        return "exists"
    if codes & {"NoSuchBucket", "InvalidBucketName"} or 404 in statuses:
        return "missing"
    if any(isinstance(one, FileNotFoundError) for one in chain):
        return "missing"
    is_lost = any(isinstance(one, ConnectionError | TimeoutError) for one in chain)
    if is_lost or statuses & set(_SERVER_STATUS):
        return "connection"
    if any(word in name for name in names for word in _LOST_WORDS):
        return "connection"
    return "other"


def _chain(error: BaseException) -> list[BaseException]:
    """An error and its causes, the first cause last."""
    chain: list[BaseException] = []
    one: BaseException | None = error
    while one is not None and one not in chain:
        chain.append(one)
        one = one.__cause__ or one.__context__
    return chain


def _code_of(error: BaseException) -> str | None:
    response = getattr(error, "response", None)
    if isinstance(response, dict):
        code = response.get("Error", {}).get("Code")
        return code if isinstance(code, str) and code.isalnum() else None
    code = getattr(error, "error_code", None)
    return code if isinstance(code, str) and code.isalnum() else None


def _status_of(error: BaseException) -> int | None:
    response = getattr(error, "response", None)
    if isinstance(response, dict):
        status = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        return status if isinstance(status, int) else None
    for owner in (error, response):
        for name in ("status_code", "status", "code"):
            status = getattr(owner, name, None)
            if isinstance(status, str) and status.isdigit():
                status = int(status)
            if isinstance(status, int):
                return status
    return None
