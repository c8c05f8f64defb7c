"""Bytes become text, strictly: the encoding that explains the whole file, or a refusal.

The order: byte order mark, UTF-8 over the whole file, UTF-8 with a few broken spots, then the
legacy encodings, of which the most plausible wins, then two encodings in one file.
"""

from __future__ import annotations

import codecs
import re
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from .characters import is_garbled, recover
from .errors import FormatError, LoadError
from .pages import warning
from .plausibility import PLAUSIBLE, plausibility

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark is its beginning
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"\x84\x31\x95\x33", "gb18030"),
)
_EAST_ASIAN = ("gb18030", "big5hkscs", "cp950", "shift_jis", "euc_jp", "cp949")
_WIDE = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
_WIDER = {"gb2312": "gb18030", "gbk": "gb18030", "big5": "big5hkscs", "iso-8859-1": "cp1252"}
_CONTROLS = bytes(c for c in range(32) if c not in b"\t\n\r\f")
_HIGH = re.compile("[^\x00-\x7f]+")
_WESTERN_SIGNS = "‘’“”–—…•£€©®°±§·«»½¼¾¿¡\xa0×ÀÁÂÄÅÆÇÈÉÊËÍÑÓÔÖØÚÜ"
_MOST_CONTROLS = 0.02  # share of the bytes; more and the file is no text
_FEW_SPOTS = 10  # and one more for every 1000 sound bytes
_LONGEST_SPOT = 16  # bytes; a longer run is text of another encoding
# What Python knows beside the encodings that files are written in.
_NO_WRITING = frozenset(
    ("punycode", "idna", "utf-7", "unicode-escape", "raw-unicode-escape", "undefined")
)
_BLOCK = 1 << 16
_TRY = 1 << 18  # bytes
_SAMPLE = 20_000  # characters
_MOST_RUNS = 12  # stretches of another encoding within one file


@dataclass(frozen=True, slots=True)
class Decoded:
    """A decoded text with its encoding and warnings."""

    text: str
    encoding: str
    warnings: tuple[dict[str, Any], ...] = field(default=())


def read_plain(path: Path) -> bytes:
    """A text file's bytes, their line ends already plain where that is safe: it halves the memory.

    Args:
        path: The file.
    """
    data = path.read_bytes()
    # In UTF-16 and UTF-32 the two bytes could belong to other characters.
    if b"\r\n" in data and b"\0" not in data:
        data = data.replace(b"\r\n", b"\n")
    return data


def decode(data: bytes, file: str) -> Decoded:
    """The text of a file's bytes, with line feeds as line ends.

    Args:
        data: The whole file.
        file: Its name, for the error.

    Raises:
        LoadError: No encoding explains the bytes, or they are no text at all.
    """
    decoded = _with_bom(data) or _unicode(data) or _without_nuls(data)
    if decoded is None:
        raise LoadError("load.encoding", file=file, offset=_first_break(data))
    if plausibility(decoded.text[:_SAMPLE], count_ascii=True) < -1:
        raise FormatError("load.not_text", file=file)
    return _redecoded(decoded) if is_garbled(decoded.text[:_SAMPLE]) else decoded


def begins_as_text(path: Path, file: str) -> bool:
    """Whether the first 256 KB of a file can be decoded.

    Args:
        path: The file.
        file: Its name, for errors.

    Raises:
        LoadError: The file cannot be read.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(_TRY)
    except OSError as error:
        raise LoadError("load.unreadable", file=file) from error
    # Cut off after so many bytes, a character of up to four may be left in the middle.
    for end in range(len(data), max(len(data) - 4, 0), -1):
        with suppress(LoadError):
            decode(data[:end], file)
            return True
        if len(data) < _TRY:
            break
    return not data


def _redecoded(decoded: Decoded) -> Decoded:
    """Text that was mis-decoded before it was saved: redecoded, or with a warning."""
    again = recover(decoded.text)
    if again is None:
        return replace(decoded, warnings=(*decoded.warnings, warning("load.text_garbled")))
    return Decoded(again, decoded.encoding, (*decoded.warnings, warning("load.text_recovered")))


def decode_declared(data: bytes, declared: str) -> Decoded | None:
    """The text in its declared encoding; None where the bytes contradict that.

    Args:
        data: The whole file.
        declared: The encoding's name.
    """
    if any(data.startswith(mark) for mark, _ in _MARKS):
        return None
    try:
        name = codecs.lookup(_WIDER.get(declared.lower(), declared)).name
        text = "" if name in _NO_WRITING else data.decode(name)
    except (LookupError, UnicodeError):
        return None
    if not text:
        return None
    worth = plausibility(text) if name not in ("utf-8", "ascii") else 1.0
    return _finish(text, name) if worth >= PLAUSIBLE - 0.2 else None


def _finish(text: str, encoding: str, *warnings: dict[str, Any]) -> Decoded:
    """The decoded text with plain line ends and without NULs, which are reported."""
    notes = list(warnings)
    if "\0" in text:
        notes.append(warning("load.nul_bytes", count=text.count("\0")))
        text = text.replace("\0", "")
    # One copy after the other: a large text must not stand in memory many times over.
    if "\r\n" in text:
        text = text.replace("\r\n", "\n")
    if "\r" in text:
        text = text.replace("\r", "\n")
    return Decoded(text, encoding, tuple(notes))


def _without_nuls(data: bytes) -> Decoded | None:
    """Legacy or mixed encodings; stray NULs are set aside first and reported."""
    count = data.count(0)
    plain = data if not count or count > len(data) // 8 else data.replace(b"\0", b"")
    decoded = _best(plain, _EAST_ASIAN) or _best(data, _WIDE)
    decoded = decoded or _single_byte(plain) or _mixed(plain)
    if decoded and len(plain) < len(data):
        note = warning("load.nul_bytes", count=count)
        return Decoded(decoded.text, decoded.encoding, (note, *decoded.warnings))
    return decoded


def _with_bom(data: bytes) -> Decoded | None:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            try:
                text = data[len(mark) :].decode(encoding)
            except UnicodeDecodeError:
                continue
            if encoding not in _WIDE or plausibility(text, count_ascii=True) >= PLAUSIBLE - 0.3:
                return _finish(text, encoding)
    return None


def _unicode(data: bytes) -> Decoded | None:
    """UTF-8, possibly with a few invalid bytes; UTF-16 or UTF-32 where control bytes suggest it."""
    controls = len(data) - len(data.translate(None, _CONTROLS))
    if controls > len(data) * _MOST_CONTROLS and (wide := _best(data, _WIDE)):
        return wide
    if controls - data.count(0) > len(data) * _MOST_CONTROLS or data.count(0) > len(data) // 8:
        return None
    body = data.removeprefix(codecs.BOM_UTF8)
    try:
        return _finish(body.decode("utf-8"), "utf-8")
    except UnicodeDecodeError:
        return _nearly_utf8(body)


def _nearly_utf8(data: bytes) -> Decoded | None:
    """UTF-8 with a few invalid sequences, each replaced by one U+FFFD and counted; else None."""
    # Every multi-byte character of real UTF-8 has one lead byte; legacy bytes seldom fit by chance.
    view = memoryview(data)
    out: list[str] = []
    at = spots = run = sound_bytes = extra = 0
    while at < len(data):
        # A block at a time: a failing decoder has reserved room for all that it was given.
        block = view[at : at + _BLOCK]
        try:
            text, used = codecs.utf_8_decode(block, "strict", at + len(block) == len(data))
            out.append(text)
            at, sound_bytes, extra = at + used, sound_bytes + used, extra + used - len(text)
        except UnicodeDecodeError as error:
            sound = codecs.utf_8_decode(block[: error.start], "strict", True)[0]
            # What is left of a broken character counts with it.
            if sound or not out:
                out += [sound, "\ufffd"]
                spots, run = spots + 1, 0
            run += error.end - error.start
            at, sound_bytes = at + error.end, sound_bytes + error.start
            extra += error.start - len(sound)
            # Without whole multi-byte characters around them, the spots are another encoding.
            few = min(_FEW_SPOTS + sound_bytes // 1000, 2 + extra // 20)
            if spots > few or run > _LONGEST_SPOT:
                return None
    text = "".join(out)
    whole = sum(map(len, _HIGH.findall(text))) - spots
    if whole < 20 * spots:
        return None
    return _finish(text, "utf-8", warning("load.broken_bytes", count=spots))


def _best(data: bytes, encodings: tuple[str, ...]) -> Decoded | None:
    """The most plausible decoding among some encodings; None where none is plausible."""
    best, score = None, PLAUSIBLE
    for encoding in encodings:
        try:
            # A short try first: most encodings that do not fit fail soon.
            codecs.getincrementaldecoder(encoding)().decode(data[:_TRY])
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        worth = plausibility(text, count_ascii=encoding in _WIDE)
        if worth > score:
            best, score = (text, encoding), worth
    return None if best is None else _finish(*best)


def _single_byte(data: bytes) -> Decoded | None:
    """Western, Cyrillic and other one-byte texts, as charset-normalizer guesses them."""
    from charset_normalizer import from_bytes

    high = data.translate(None, bytes(range(128)))
    if not high or len(data.translate(None, _CONTROLS)) < len(data):
        return None
    # Western words are mostly ASCII: single high letters between plain ones.
    if len(high) < 0.15 * len(data):
        for encoding in ("cp1252", "latin-1"):
            try:
                text = data.decode(encoding)
            except UnicodeDecodeError:
                continue
            if _western(text):
                return _finish(text, encoding)
    guess = from_bytes(data[:100_000]).best()
    if guess is None or guess.encoding.startswith(("utf", "big5", "gb", "hz", "iso2022")):
        return None
    try:
        text = data.decode(guess.encoding)
    except UnicodeDecodeError:
        return None
    letters = [c for c in text[:20000] if c > "\x7f"]
    lower = sum(c.islower() for c in letters)
    return _finish(text, guess.encoding) if lower > 0.7 * len(letters) else None


def _western(text: str) -> bool:
    """Whether the high characters are letters inside words or typographic signs beside them."""
    total = fits = 0
    for match in _HIGH.finditer(text[:500_000]):
        sign = match[0][:1]
        total += len(match[0])
        # Real words set one or two of them side by side; misread bytes come in long runs.
        if len(match[0]) <= 2 and (sign.islower() or sign in _WESTERN_SIGNS):
            fits += len(match[0])
    return total > 0 and fits >= 0.85 * total


def _mixed(data: bytes) -> Decoded | None:
    """Text that mixes UTF-8 and one legacy encoding, separated line by line; else None."""
    runs: list[tuple[bool, bytearray]] = []
    for line in data.splitlines(keepends=True):
        for is_utf8, part in _parts(line):
            if (part.isascii() and runs) or (runs and runs[-1][0] is is_utf8):
                runs[-1][1].extend(part)
            else:
                runs.append((is_utf8, bytearray(part)))
        if len(runs) > _MOST_RUNS:
            return None
    legacy = [bytes(run) for is_utf8, run in runs if not is_utf8]
    if not legacy or len(legacy) == len(runs):
        return None
    reading = _best(b"\n".join(legacy), _EAST_ASIAN)
    if reading is None:
        return None
    other = reading.encoding
    text = "".join(bytes(run).decode("utf-8" if is_utf8 else other) for is_utf8, run in runs)
    note = warning("load.mixed_encodings", encodings=f"utf-8, {other}", count=len(runs))
    return _finish(text, f"utf-8+{other}", note)


def _parts(line: bytes) -> list[tuple[bool, bytes]]:
    """A line as UTF-8, as not UTF-8, or as one after the other where the change falls inside."""
    try:
        line.decode("utf-8")
    except UnicodeDecodeError as error:
        head = line[: error.start]
        if len(head) >= 30 and not head.isascii():
            return [(True, head), (False, line[error.start :])]
        return [(False, line)]
    return [(True, line)]


def _first_break(data: bytes) -> int:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start
    return 0
