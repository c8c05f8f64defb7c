"""Reads and validates the YAML file of a prompt."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from .errors import PromptError

Record = TypeVar("Record", bound=BaseModel)


def read_file(name: str, kind: type[Record]) -> Record:
    """The validated content of a YAML file in this folder.

    Args:
        name: The file's name.
        kind: The pydantic model it must satisfy.

    Raises:
        PromptError: The file is missing or damaged.
    """
    import yaml

    path = Path(__file__).with_name(name)
    try:
        return kind.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise PromptError("prompt.damaged", file=path.name) from error
