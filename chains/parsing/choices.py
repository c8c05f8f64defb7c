"""Options of multiple-choice questions, and answers that name an option by its mark."""

from __future__ import annotations

import re
import unicodedata

Options = dict[str, str]

_MARK = r"(?P<bracket>[(（\[【])?\s{0,3}(?P<mark>[A-Ha-hＡ-Ｈ]|\d)\s{0,3}"
_MARKED = re.compile(rf"{_MARK}(?:[)）\]】]?[.．、:：。,，)）]?)\s*(?P<text>.*)", re.DOTALL)
_NAMED = re.compile(
    r"(?:(?:选|選|option|choice)\S{0,1}\s{0,2}|应?[选為为]\s{0,2})?"
    r"(?P<marks>[(（\[【]?\s{0,3}[A-HＡ-Ｈ1-9](?:(?:[\s,，、;；和及与&()（）]|and){0,6}[A-HＡ-Ｈ1-9]){0,7}\s{0,3})"
    r"[)）\]】]?\s{0,3}(?:项|項)?[.。．、]?\Z",
    re.IGNORECASE,
)
_ONE = re.compile(r"[A-H1-9]")
_AND = re.compile("and", re.IGNORECASE)
_SAME = re.compile(r"[\s.。,，;；]+")
_OFFERED = re.compile(
    r"(?:^[ \t]*(?:[-*•][ \t]+)?(?P<box>\[[ xX✓]\]|[☐☑])?[ \t]*[*_]{0,2}"
    r"|(?<=[\s;；,，?？。)）:：]))"
    r"(?P<open>[(（])?(?P<mark>[A-HＡ-Ｈ]|[a-h](?=[)）])|(?(open)[1-9]|(?!)))[)）.．、:：]"
    r"[*_]{0,2}[ \t]{0,4}(?=\S)",
    re.MULTILINE,
)
_BOX = re.compile(
    r"^[ \t]*(?:[-*•][ \t]+(?P<box>\[[ xX✓]\])|(?P<sign>[☐☑]))[ \t]+(?=\S)", re.MULTILINE
)
_KEYED = re.compile(
    r"(?<!\d)(?P<first>\d{1,3})(?: ?[-~–—至到] ?(?P<last>\d{1,3}))?[ \t]*[.、:：)）．]?[ \t]*"
    r"[(（]?(?P<letters>[A-Ha-hＡ-Ｈ](?:[ ,，、]?[A-Ha-hＡ-Ｈ])*)(?![a-zA-Z])[)）]?"
)
_TICK = re.compile(
    r"[ \t]*(?:[✅✔☑√✓]\ufe0f?|[(（](?:correct|right|正确|正確|答案)[^()（）]{0,8}[)）])",
    re.IGNORECASE,
)
_HEAD = re.compile(
    r"\s*[*_【\[]{0,3}(?:选项|選項|options|choices)[*_】\]]{0,3}[:：]?[*_]{0,2}\Z", re.IGNORECASE
)


def _letter(mark: str) -> str:
    return unicodedata.normalize("NFKC", mark).upper()


def chosen(answer: str, options: Options) -> str:
    """The answer without its option's mark, or the option's text if it is a mark alone.

    Args:
        answer: As the model wrote it: ``B``, ``(B)``, ``B. Lyon``, ``A、C``, or plain words.
        options: The option's text by letter; if empty, the answer is returned unchanged.
    """
    answer = answer.strip()
    if not options:
        return answer
    named = _NAMED.match(answer.strip("*_ "))
    if named:
        texts = [
            options.get(mark, "") for mark in _ONE.findall(_letter(_AND.sub("", named["marks"])))
        ]
        if all(texts):
            return "\n".join(texts)
    marked = _MARKED.match(answer)
    if marked:
        text = options.get(_letter(marked["mark"]), "")
        said = marked["text"].strip()
        if said and text and _SAME.sub("", said).startswith(_SAME.sub("", text)):
            return said
    return answer


def offered(text: str) -> Options:
    """The options in a span of text, one per line or all on one line, from A or (1) onwards.

    Args:
        text: The text between a question and its answer.
    """
    return _split(text)[1]


def without_options(question: str, answer: str) -> tuple[str, str]:
    """A question without its options, and the text of the option that its answer names.

    Args:
        question: The text from a question's label to the answer's.
        answer: The text behind the answer's label; if it is empty, a ticked option is the answer.
    """
    stem, options = _split(question)
    if not options:
        return question, answer
    if not answer.strip():
        ticked = [text for text in options.values() if _TICK.search(text)]
        return stem, "\n".join(_TICK.sub("", text).strip() for text in ticked)
    options = {mark: _TICK.sub("", text).strip() for mark, text in options.items()}
    said = chosen(answer, options)
    if said == answer.strip() and "1" in options:
        return question, answer
    return stem, said


def keyed(text: str) -> dict[int, str]:
    """The options of a key by the number of their question: ``1. B 2. A``, ``1-5 ABCDA``.

    Args:
        text: The text under the label of the answers; if it holds anything else, the key is empty.
    """
    if _KEYED.sub("", text).strip(" \t\n;；,，.。、*_"):
        return {}
    key: dict[int, str] = {}
    for found in _KEYED.finditer(text):
        first, letters = int(found["first"]), _ONE.findall(_letter(found["letters"]))
        if not found["last"]:
            key[first] = found["letters"].strip()
        elif len(letters) == int(found["last"]) - first + 1:
            key.update(enumerate(letters, first))
    return key


def _split(text: str) -> tuple[str, Options]:
    """The text before the options, and these, by letter; a ticked box stays as its sign."""
    marks: list[re.Match[str]] = []
    for mark in _OFFERED.finditer(text):
        letter = _letter(mark["mark"])
        if letter == (chr(ord(_letter(marks[-1]["mark"])) + 1) if marks else letter) and (
            marks or letter in ("A", "1")
        ):
            marks.append(mark)
    letters = [_letter(mark["mark"]) for mark in marks]
    if not marks[1:]:
        marks = list(_BOX.finditer(text))[:8]
        letters = list("ABCDEFGH"[: len(marks)])
    if not marks[1:]:
        return text, {}
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    options: Options = {}
    for letter, mark, end in zip(letters, marks, ends, strict=True):
        said = text[mark.end() : end].partition("\n\n")[0].strip(" \t\n*_;；,，")
        ticked = mark["box"] or mark.groupdict().get("sign")
        options[letter] = f"☑ {said}" if ticked and ticked.strip("[ ]☐") else said
    return _HEAD.sub("", text[: marks[0].start()].rstrip()), options
