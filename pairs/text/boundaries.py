"""Where words and numbers begin and end: whether a text stands alone inside another."""

from loaders.characters import HAN

__all__ = ["runs_on", "stands_in"]


def runs_on(text: str, cut: int) -> bool:
    """Whether a cut would go through a word in letters or a number.

    Args:
        text: The text.
        cut: A place in it.
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
    """Whether one normalised text stands in another at boundaries: 5 does not stand in 15 or -5.

    Unlike in a source's text, 5 does not stand in 5km either: it is another answer.

    Args:
        part: What ``normalise`` returns.
        whole: What it returns for the other text.
    """
    place = whole.find(part)
    while place >= 0:
        end = place + len(part)
        before, after = whole[max(0, place - 1) : place], whole[end : end + 1]
        if not (_joined(before, part[:1]) or _joined(part[-1:], after)):
            return True
        place = whole.find(part, place + 1)
    return False


def _joined(left: str, right: str) -> bool:
    """Whether two characters side by side belong to one word or number."""
    return (
        bool(left and right)
        and (left + right).isascii()
        and (left.isalnum() or left in ".,-")
        and right.isalnum()
    )
