"""Makes the two example PDFs from their Markdown.

    python examples/make_documents.py --font wqy-microhei.ttc

The Chinese one needs a font with Chinese characters; the committed file carries a subset of
WenQuanYi Micro Hei (Apache-2.0). Needs fpdf2.
"""

import argparse
from pathlib import Path

from fpdf import FPDF, FontFace
from fpdf.enums import WrapMode

HERE = Path(__file__).parent / "documents"


def lay_out(markdown: str, font: str, font_file: Path | None, *, chinese: bool) -> FPDF:
    """The pages of a document made of headings, paragraphs and tables."""
    pdf = FPDF(format="A4")
    pdf.set_margin(27)
    pdf.set_auto_page_break(auto=True, margin=27)
    if font_file:
        pdf.add_font(font, fname=font_file)
        pdf.add_font(font, style="B", fname=font_file)
    wrap = WrapMode.CHAR if chinese else WrapMode.WORD
    body = 13 if chinese else 12
    pdf.add_page()
    for block in markdown.strip().split("\n\n"):
        if block.startswith("#"):
            level, heading = len(block.split()[0]), block.lstrip("# ")
            pdf.ln(2)
            pdf.set_font(font, "B", 19 if level == 1 else 15)
            pdf.multi_cell(0, 10, heading, wrapmode=wrap, new_x="LMARGIN", new_y="NEXT")
            pdf.ln(2)
        elif block.startswith("|"):
            pdf.set_font(font, "", body)
            rows = [row.strip("| ").split(" | ") for row in block.splitlines() if "---" not in row]
            with pdf.table(line_height=8, headings_style=FontFace(emphasis="BOLD")) as table:
                for row in rows:
                    table.row(row)
            pdf.ln(5)
        else:
            pdf.set_font(font, "", body)
            pdf.multi_cell(0, 8, block, wrapmode=wrap, align="L", new_x="LMARGIN", new_y="NEXT")
            pdf.ln(3)
    return pdf


def main() -> None:
    """Writes both PDFs beside their Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--font", type=Path, required=True, help="a TrueType font with Chinese")
    font = parser.parse_args().font
    english = (HERE / "apollo11.md").read_text(encoding="utf-8")
    chinese = (HERE / "hzmb.md").read_text(encoding="utf-8")
    lay_out(english, "Helvetica", None, chinese=False).output(str(HERE / "apollo11.pdf"))
    lay_out(chinese, "Chinese", font, chinese=True).output(str(HERE / "hzmb.pdf"))


if __name__ == "__main__":
    main()
