"""Parts of an Office Open XML package, read as far as they are there.

Strict Open XML names the same things by other addresses; its parts are read as the usual ones.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from .errors import LoadError

_STRICT = re.compile(rb"http://purl\.oclc\.org/ooxml/(\w+)/")
_USUAL = rb"http://schemas.openxmlformats.org/\1/2006/"
RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
"""Prefix of the attributes that name a relation."""
_ON = frozenset(("1", "true", "on"))


@dataclass(frozen=True, slots=True)
class Relation:
    """What a part refers to.

    Attributes:
        kind: The last word of its type, such as ``image`` or ``chart``.
        target: The part's name in the package; an address where it is external.
        external: Whether it lies outside the package.
    """

    kind: str
    target: str
    external: bool


class Package:
    """The parts of a package by name; names are compared as Windows does, without regard to case.

    Args:
        path: The file, found to be safe by ``zip_kind``.
        file: Its name as the user gave it, for errors.

    Raises:
        LoadError: It cannot be opened.
    """

    def __init__(self, path: Path, file: str) -> None:
        self.file = file
        try:
            self._archive = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError, ValueError) as error:
            raise LoadError("load.zip_broken", file=file) from error
        names = self._archive.namelist()
        self._names = {name.replace("\\", "/").lstrip("/").lower(): name for name in names}

    def close(self) -> None:
        """Closes the file."""
        self._archive.close()

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._names

    def main(self, kind: str) -> str:
        """The name of the main part.

        Args:
            kind: The end of its usual name, such as ``word/document.xml``.

        Raises:
            LoadError: There is none.
        """
        for relation in self.relations("").values():
            if relation.kind == "officeDocument" and relation.target in self:
                return relation.target
        if kind in self:
            return kind
        raise LoadError("load.zip_broken", file=self.file)

    def bytes(self, name: str) -> bytes | None:
        """A part as it is stored; None where it is missing or damaged."""
        try:
            return self._archive.read(self._names[name.lower()])
        except (KeyError, zipfile.BadZipFile, OSError, ValueError, EOFError, NotImplementedError):
            return None
        except Exception:  # noqa: BLE001 - zlib and its kin raise errors of their own
            return None

    def open(self, name: str) -> Any:
        """A part as a stream of bytes.

        Raises:
            LoadError: It is missing.
        """
        try:
            return self._archive.open(self._names[name.lower()])
        except (KeyError, zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise LoadError("load.zip_broken", file=self.file) from error

    def xml(self, name: str) -> Any:
        """The root of a part of XML; None where it is missing or no XML."""
        from lxml import etree

        data = self.bytes(name)
        if data is None:
            return None
        parser = etree.XMLParser(
            resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True
        )
        try:
            return etree.fromstring(_STRICT.sub(_USUAL, data), parser)
        except (etree.XMLSyntaxError, ValueError):
            return None

    def relations(self, name: str) -> dict[str, Relation]:
        """What a part refers to, by id.

        Args:
            name: The part; empty for the package itself.
        """
        folder, base = posixpath.split(name)
        root = self.xml(posixpath.join(folder, "_rels", f"{base}.rels"))
        found: dict[str, Relation] = {}
        for node in root if root is not None else ():
            target = node.get("Target") or ""
            external = node.get("TargetMode") == "External"
            if not external:
                target = posixpath.normpath(posixpath.join("/", folder, unquote(target)))[1:]
            kind = (node.get("Type") or "").rpartition("/")[2]
            found[node.get("Id") or ""] = Relation(kind, target, external)
        return found

    def title(self) -> str:
        """The title in the package's properties."""
        root = self.xml("docProps/core.xml")
        if root is None:
            return ""
        return " ".join((root.findtext("{http://purl.org/dc/elements/1.1/}title") or "").split())


def is_on(node: Any, name: str) -> bool:
    """Whether an element that stands for yes by being there is not taken back by its value.

    Args:
        node: The element, or None.
        name: The attribute that may say no.
    """
    return node is not None and (node.get(name) or "1").lower() in _ON


def local(node: Any) -> str:
    """An element's name without its namespace."""
    return str(node.tag).rpartition("}")[2]
