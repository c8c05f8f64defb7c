"""Word and number boundaries: whether a match begins and ends at one."""

from loaders.characters import HAN

__all__ = ["runs_on", "stands_in"]


def runs_on(text: str, cut: int) -> bool:
    """Whether an index falls inside a word in letters or a number.

    Args:
        text: Any text.
        cut: Index between two characters, as in a slice.
    """
    if cut <= 0 or cut >= len(text):
        return False
    before, after = text[cut - 1], text[cut]
    if before in ".,:" and after.isdigit() and cut >= 2:
        return text[cut - 2].isdigit()
    if after in ".,:" and before.isdigit() and cut + 1 < len(text):
        return text[cut + 1].isdigit()
    if before.isdigit() and not after.isdigit():
        return False  # 5km: the number ends where its unit begins
    return _is_lettered(before) and _is_lettered(after)


def _is_lettered(char: str) -> bool:
    return char.isalnum() and not HAN[0] <= char <= HAN[-1]


def stands_in(part: str, whole: str) -> bool:
    """Whether one normalised text occurs in another at word boundaries: not 5 in 15 or -5.

    Stricter than ``runs_on``: 5 does not occur in 5km either, which is a different answer.

    Args:
        part: The text looked for, normalised.
        whole: The text searched, normalised.
    """
    place = whole.find(part)
    while place >= 0:
        end = place + len(part)
        before, after = whole[max(0, place - 1) : place], whole[end : end + 1]
        if not (_same_word(before, part[:1]) or _same_word(part[-1:], after)):
            return True
        place = whole.find(part, place + 1)
    return False


def _same_word(left: str, right: str) -> bool:
    """Whether two characters side by side belong to one word or number."""
    return (
        bool(left and right)
        and (left + right).isascii()
        and (left.isalnum() or left in ".,-")
        and right.isalnum()
    )
