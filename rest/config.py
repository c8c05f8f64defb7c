"""Configuration of the REST service: access rules and limits, each limit with its unit."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from chains import secret
from serving import host_name, is_loopback, origin_host

from .errors import RestError

TOKEN_VARIABLE = "QA3_TOKEN"  # noqa: S105 - the variable's name
LEAST_TOKEN = 16  # characters
MOST_CHARACTERS = 2_000_000
"""Characters of a text sent as JSON; a longer text has to be uploaded as a file."""
MOST_BODY = 16_000_000
"""Bytes of a JSON body: enough for the longest text with every character escaped."""
MOST_FIELDS = 64_000
"""Bytes of all non-file fields of a multipart upload together."""
_LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")


class Limits(BaseModel):
    """Limits of one service on uploads, jobs and concurrent requests."""

    model_config = ConfigDict(frozen=True)

    file_bytes: int = Field(default=200_000_000, ge=1, description="bytes of one uploaded file")
    pages: int = Field(default=5_000, ge=1, description="pages of one document")
    files: int = Field(default=20, ge=1, le=1000, description="files of one request")
    stored: int = Field(default=500, ge=1, description="uploads kept for later use")
    stored_hours: float = Field(default=24.0, gt=0, description="hours an upload is kept")
    waiting: int = Field(default=100, ge=1, description="jobs that may wait for their turn")
    waiting_of_one: int = Field(default=50, ge=1, description="of them from one address")
    jobs_at_once: int = Field(default=8, ge=1, le=64, description="jobs run side by side")
    at_once: int = Field(default=128, ge=1, description="requests answered while they wait")
    at_once_of_one: int = Field(default=64, ge=1, description="of them from one address")
    stall_seconds: float = Field(default=60.0, gt=0, description="a body may pause so long")

    @property
    def upload_bytes(self) -> int:
        """Bytes of a whole multipart upload, part headers included."""
        return self.files * (self.file_bytes + 10_000) + MOST_FIELDS


class Access(BaseModel):
    """Access rules: token, allowed hosts and origins.

    A token is required on every address but loopback. On loopback the ``Host`` header has to name
    this machine, which stops web pages that reach the service by DNS rebinding.
    """

    model_config = ConfigDict(frozen=True)

    token: SecretStr | None = None
    hosts: tuple[str, ...] = Field(default=(), description="names in the Host header; () for any")
    origins: tuple[str, ...] = Field(default=(), description="web pages of others that may ask")
    base_url: bool = Field(default=False, description="a client may name a backend's address")


def access_for(
    host: str,
    *,
    token_file: Path | None = None,
    hosts: tuple[str, ...] = (),
    origins: tuple[str, ...] = (),
    base_url: bool = False,
) -> Access:
    """The access rules of a service bound to an address.

    Args:
        host: The address or name it listens on.
        token_file: File with the token; None for the environment variable ``QA3_TOKEN``.
        hosts: Further allowed names in the Host header, without a port.
        origins: Origins allowed by CORS, such as ``https://example.org``.
        base_url: Whether a client may choose the backend's address.

    Raises:
        RestError: The token is required but missing, too short, or its file cannot be read; or an
            origin is none.
    """
    token = _token(token_file)
    loopback = is_loopback(host)
    if token is None and not loopback:
        raise RestError("rest.token_needed", host=host, variable=TOKEN_VARIABLE)
    known = (*_LOOPBACK_NAMES, host) if loopback else ()
    if hosts and not loopback:
        known = (*_LOOPBACK_NAMES, host)
    names = tuple(dict.fromkeys(name.lower().strip("[]") for name in (*known, *hosts)))
    known_origins = tuple(_origin(origin) for origin in origins)
    return Access(token=token, hosts=names, origins=known_origins, base_url=base_url)


def _origin(given: str) -> str:
    """An origin as a browser sends it: in lower case, without the port that its scheme implies.

    ``null`` is none: any page can have it, in a frame without rights of its own.

    Raises:
        RestError: It is none, or stands for all of them.
    """
    origin = given.strip().rstrip("/").lower()
    if "*" in origin:
        raise RestError("rest.any_origin")
    if not origin.isascii() or not host_name(origin_host(origin)):
        raise RestError("rest.bad_origin", origin=given[:80])
    port = {"http": ":80", "https": ":443"}[origin.partition("://")[0]]
    return origin.removesuffix(port)


def _token(file: Path | None) -> SecretStr | None:
    if file is None:
        token = secret(TOKEN_VARIABLE)
        origin = TOKEN_VARIABLE
    else:
        origin = str(file)
        try:
            token = SecretStr(file.read_text(encoding="utf-8").strip())
        except (OSError, UnicodeDecodeError) as error:
            raise RestError("rest.token_file", file=origin) from error
    if token is not None:
        text = token.get_secret_value()
        if len(text) < LEAST_TOKEN or not text.isascii() or not text.isprintable():
            raise RestError("rest.token_weak", origin=origin, least=LEAST_TOKEN)
    return token
