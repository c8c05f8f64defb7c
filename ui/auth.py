"""Authentication of the page: none on loopback; a password or a proxy header elsewhere.

``QA3_UI_PASSWORD`` sets one password for any user name. ``QA3_UI_HEADER`` names a header in which
an authenticating proxy passes the user's name; the proxy must strip it from client requests.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from typing import TYPE_CHECKING, Any

from chains import secret, user_folder
from serving import is_loopback

from .errors import PageError

if TYPE_CHECKING:
    from chainlit.user import User
    from starlette.requests import Request

PASSWORD = "QA3_UI_PASSWORD"  # noqa: S105 - the name of a variable
HEADER = "QA3_UI_HEADER"
WAIT_SECONDS = 1.0
"""Seconds of delay after a wrong password, to slow down guessing."""


def signs_in() -> bool:
    """Whether users have to sign in."""
    return secret(PASSWORD) is not None or bool(os.environ.get(HEADER))


def check_exposed(host: str) -> None:
    """Raises PageError if a server would be reachable by others without a sign-in.

    Args:
        host: The address the server is bound to.

    Raises:
        PageError: The address is not loopback, and no sign-in is configured.
    """
    if not is_loopback(host) and not signs_in():
        raise PageError("page.exposed", host=host, password=PASSWORD, header=HEADER)


def register() -> None:
    """Registers the authentication callbacks with Chainlit, if users have to sign in."""
    if not signs_in():
        return
    os.environ.setdefault("CHAINLIT_AUTH_SECRET", _kept_secret())
    import chainlit as cl

    if secret(PASSWORD) is not None:
        cl.password_auth_callback(_by_password)
    if os.environ.get(HEADER):
        cl.header_auth_callback(_by_header)


async def _by_password(name: str, password: str) -> User | None:
    from chainlit.user import User

    wanted = secret(PASSWORD)
    if wanted is None or not secrets.compare_digest(
        password.encode(), wanted.get_secret_value().encode()
    ):
        await asyncio.sleep(WAIT_SECONDS)
        return None
    return User(identifier=name.strip()[:100] or "qa3")


async def _by_header(headers: Any) -> User | None:
    from chainlit.user import User

    name = str(headers.get(os.environ.get(HEADER, ""), "")).strip()
    return User(identifier=name[:100]) if name else None


async def who(request: Request) -> str | None:
    """The name of who sends a request: empty where nobody signs in, None where they have not yet.

    Args:
        request: With the cookie that Chainlit sets at a sign-in, or a proxy's header.
    """
    if not signs_in():
        return ""
    if os.environ.get(HEADER) and (user := await _by_header(request.headers)):
        return str(user.identifier)
    from chainlit.auth.cookie import get_token_from_cookies
    from chainlit.auth.jwt import decode_jwt

    token = get_token_from_cookies(dict(request.cookies))
    try:
        return str(decode_jwt(token).identifier) if token else None
    except Exception:  # noqa: BLE001 - whatever is wrong with it, nobody has signed in by it
        return None


def _kept_secret() -> str:
    """The secret that signs session cookies; saved, so that a restart logs nobody out."""
    file = user_folder("data") / "page-secret"
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as new:
            new.write(secrets.token_hex(32))
    except FileExistsError:
        pass
    return file.read_text(encoding="ascii").strip()
