"""What the environment says beside the settings: the user's folders, keys and addresses."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import SecretStr

PREFIX = "QA3_"


def user_folder(kind: Literal["config", "data", "cache"]) -> Path:
    """The user's folder for settings, journals or model files; not made here.

    ``QA3_HOME`` moves all three below one folder, for a machine whose home is small or shared.
    """
    import platformdirs

    home = os.environ.get("QA3_HOME")
    if home:
        return Path(home) / kind
    folders = {
        "config": platformdirs.user_config_path,
        "data": platformdirs.user_data_path,
        "cache": platformdirs.user_cache_path,
    }
    return folders[kind]("qa3", appauthor=False)


def log_path() -> Path | None:
    """The file that ``QA3_LOG`` names for the log, or None."""
    value = os.environ.get(f"{PREFIX}LOG", "").strip()
    return Path(value) if value else None


def secret(variable: str) -> SecretStr | None:
    """The value of an environment variable that holds a key, or None."""
    value = os.environ.get(variable, "").strip()
    return SecretStr(value) if value else None


def address_from(variable: str) -> str | None:
    """The value of an environment variable that holds an address, or None."""
    return os.environ.get(variable, "").strip() or None
