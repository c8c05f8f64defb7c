"""PDF into pages of text: glyphs become runs, lines, paragraphs and tables, in reading order.

reading -> (bombs) -> page: runs -> rules, tables -> reading_order -> paragraphs -> headings
"""
