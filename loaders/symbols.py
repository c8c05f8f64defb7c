"""Characters of symbol fonts as Unicode: Symbol, Wingdings, Wingdings 2 and Webdings."""

from __future__ import annotations

_SYMBOL = (
    (0x20, " !∀#∃%&∋()∗+,−./0123456789:;<=>?"),
    (0x40, "≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_"),
    (0x60, "\u203eαβχδεφγηιϕκλμνοπθρστυϖωξψζ"),
    (0x7B, "{|}∼"),
    (0xA0, "€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…⏐⎯↵ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓◊〈®©™∑⎛⎜⎝⎡⎢⎣⎧⎨⎩⎪"),
    (0xF1, "〉∫⌠⎮⌡⎞⎟⎠⎤⎥⎦⎫⎬⎭"),
)  # fmt: skip
_WINGDINGS = (
    (0x20, " 🖉✂✁👓🕭🕮🕯☎✆✉🖃📪📫📬📭🗀🗁🗎🗏🗐🗄⌛🖮🖰🖲🖳🖴🖫🖬✇✍"),
    (0x40, "🖎✌🖏👍👎☜☞☝☟🖐☺😐☹💣🕱🏳🏱✈☼🌢❄🕆✞🕈✠✡☪☯ॐ☸♈♉"),
    (0x60, "♊♋♌♍♎♏♐♑♒♓🙰🙵●❍■□🞐❑❒🞟⧫◆❖🞙⌧⮹⌘🏵🏶🙶🙷"),
    (0x80, "⓪①②③④⑤⑥⑦⑧⑨⑩⓿❶❷❸❹❺❻❼❽❾❿🙢🙠🙡🙣🙞🙜🙝🙟·•"),
    (0xA0, "▪○🞆🞈◉◎🔿▪◻🟂✦★✶✴✹✵⯐⌖⟡⌑⯑✪✰🕐🕑🕒🕓🕔🕕🕖🕗🕘"),
    (0xC0, "🕙🕚🕛⮰⮱⮲⮳⮴⮵⮶⮷🙪🙫🙕🙔🙗🙖🙐🙑🙒🙓⌫⌦➢➣⮊⮋⮈⮉🡨🡪🡩"),
    (0xE0, "🡫🡬🡭🡯🡮🡸🡺🡹🡻🡼🡽🡿🡾⇦⇨⇧⇩⬄⇳⬁⬀⬃⬂🢬🢭✗✓☒☑⊞"),
)  # fmt: skip
_MORE = {
    "wingdings": {0xD8: "➢", 0xDF: "←", 0xE0: "→", 0xE1: "↑", 0xE2: "↓", 0xE8: "➔", 0xEF: "⇦",
                  0xF0: "⇨", 0xF1: "⇧", 0xF2: "⇩", 0xA8: "☐", 0x6F: "☐", 0x71: "❑", 0xFB: "✗",
                  0xFC: "✓", 0xFD: "☒", 0xFE: "☑", 0x9F: "•", 0xA7: "▪", 0x4A: "☺",
                  0x4C: "☹"},
    "wingdings 2": {0x4F: "✗", 0x50: "✓", 0x51: "☒", 0x52: "☑", 0x53: "☒", 0x54: "☒", 0x55: "☒",
                    0x56: "☒", 0x30: "☐", 0x35: "☐", 0x2A: "☐", 0xA3: "☐", 0x98: "●", 0x97: "●",
                    0xAE: "◆", **{0x6A + n: chr(0x2460 + n) for n in range(10)},
                    **{0x75 + n: chr(0x2776 + n) for n in range(10)}},
    "webdings": {0x61: "✓", 0x63: "☐", 0x67: "■", 0x72: "✗", 0x3C: "▼", 0x33: "◀", 0x34: "▶",
                 0x35: "▲", 0x36: "▼", 0x6E: "●"},
    "wingdings 3": {0x66: "←", 0x67: "→", 0x68: "↑", 0x69: "↓", 0x70: "▲", 0x71: "▼", 0x75: "▶",
                    0x7D: "▶", 0x74: "◀", 0x22: "→", 0x21: "←"},
}  # fmt: skip
_ARROWS_AT = 0xD5  # beyond it the table of Wingdings is written out where it matters


def _table(stretches: tuple[tuple[int, str], ...]) -> dict[int, str]:
    return {first + at: sign for first, signs in stretches for at, sign in enumerate(signs)}


_FONTS: dict[str, dict[int, str]] = {
    **_MORE,
    "symbol": _table(_SYMBOL),
    "wingdings": {
        **{at: sign for at, sign in _table(_WINGDINGS).items() if at < _ARROWS_AT},
        **_MORE["wingdings"],
    },
}


def is_symbol_font(font: str) -> bool:
    """Whether a font shows signs in the places of letters.

    Args:
        font: Its name.
    """
    return font.lower() in _FONTS


def symbol(font: str, code: int) -> str:
    """What a symbol font shows at a code.

    Args:
        font: Its name; any other font shows the character itself.
        code: The character's code, from 0x20 or from 0xF020.
    """
    table = _FONTS.get(font.lower())
    low = code - 0xF000 if 0xF000 <= code <= 0xF0FF else code
    if table is None:
        return "" if 0xE000 <= code <= 0xF8FF else chr(code)
    return table.get(low, "•" if low > 0x20 else " ")


def in_symbols(font: str, text: str) -> str:
    """A text as a symbol font shows it.

    Args:
        font: Its name.
        text: The characters as they are stored.
    """
    return "".join(symbol(font, ord(one)) if one > "\x1f" else one for one in text)
