"""What went wrong at an object store, told without what might be secret: only known words are taken from its answer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from nbtrack.errors import AlreadyExistsError, NbtrackError, NotFoundError, RemoteError

if TYPE_CHECKING:
    from nbtrack.artifacts.remote.uri import RemoteUri

VARIABLES = {
    "s3": "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (AWS_SESSION_TOKEN, AWS_PROFILE), AWS_ENDPOINT_URL and AWS_REGION",
    "gs": "GOOGLE_APPLICATION_CREDENTIALS, or run `gcloud auth application-default login`",
    "az": "AZURE_STORAGE_CONNECTION_STRING, or AZURE_STORAGE_ACCOUNT_NAME with AZURE_STORAGE_ACCESS_KEY or AZURE_STORAGE_SAS_TOKEN",
}

_STATUS = re.compile(r"status code: (\d{3})")
_CODE = re.compile(r"<Code>\s*([A-Za-z]{3,60})\s*</Code>")
_NO_BUCKET = {"NoSuchBucket", "ContainerNotFound", "ResourceContainerNotFound"}
_METADATA = (
    "169.254.169.254",
    "169.254.170.2",
    "/latest/api/token",
    "/latest/meta-data",
    "computeMetadata",
    "token request",
)
_REFUSED = {"401", "403"}
_REASONS = (
    ("dns error", "its name is not known"),
    ("Connection refused", "nobody listens there"),
    ("kind: Connect", "no connection could be made"),
    ("certificate", "its certificate is not trusted"),
    ("kind: Timeout", "it took too long"),
    ("timed out", "it took too long"),
    ("kind: Body", "its answer broke off"),
    ("kind: Interrupted", "its answer broke off"),
    ("kind: Request", "the connection was lost"),
)


def failure(error: BaseException, uri: RemoteUri, host: str) -> NbtrackError:
    """Return the error to raise for one of obstore's.

    Parameters
    ----------
    error : Exception
        Its text may have signatures and tokens in it; of it only a status, an error code and known words are repeated.
    uri : RemoteUri
        What was asked for.
    host : str
        Who was asked.
    """
    text, kind = str(error), type(error).__name__
    code = (_CODE.search(text) or [None, ""])[1] or ""
    status = (_STATUS.search(text) or [None, ""])[1] or ""
    if code in _NO_BUCKET:
        return NotFoundError("Bucket", uri.bucket, where=host, hint=" Make it, or correct the URI.")
    if any(word in text for word in _METADATA):
        return RemoteError(f"No credentials for {uri} were found. Set {VARIABLES[uri.provider]}.")
    if isinstance(error, FileNotFoundError):
        return NotFoundError("Object", str(uri), where=host, hint=" Look at the URI; upper and lower case matter.")
    if kind == "AlreadyExistsError":
        return AlreadyExistsError("Object", str(uri))
    if kind in ("PermissionDeniedError", "UnauthenticatedError") or status in _REFUSED:
        why = " ".join(word for word in (status, code) if word)
        return RemoteError(f"{host} refuses access to {uri} ({why or kind}). Look at {VARIABLES[uri.provider]}.")
    reason = next((told for word, told in _REASONS if word in text), "")
    shown = ", ".join(word for word in (reason, status, code) if word) or kind
    return RemoteError(f"{host} did not do what was asked for {uri}: {shown}. Look at the endpoint, and try again.")
