"""Ways of reading a reply: JSON, labels, lists, tables; what is cleaned before, trimmed after.

cleaning -> json_reply | tabled | labelled | listed -> trimming -> (reasons, where none)
"""
