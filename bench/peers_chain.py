"""Plain LangChain over a folder of files: load, split, ``prompt | model | parser``, ``batch``.

    python bench/peers_chain.py FOLDER OUT.jsonl ADDRESS WIDTH SIZE

Run by ``bench.peers`` in an environment of its own. The settings are the documentation's own: the
loader for each kind of file, that of text detecting encodings, separators for languages without
spaces, the parser that repairs JSON, more retries than the two by default, and exceptions returned
rather than raised.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

TASK = """Write question-answer pairs about the text below, in the language of the text.
Copy each answer from the text. Return a JSON list only, in the form
[{{"question": "...", "answer": "..."}}]

Text:
{text}"""


def main() -> None:
    """Writes the pairs of all files, and says what went wrong."""
    from langchain_community.document_loaders import Docx2txtLoader, PyPDFLoader, TextLoader
    from langchain_core.documents import Document
    from langchain_core.output_parsers import JsonOutputParser
    from langchain_core.prompts import ChatPromptTemplate
    from langchain_openai import ChatOpenAI
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    folder, output, address, width, size = sys.argv[1:]
    splitter = RecursiveCharacterTextSplitter(
        chunk_size=int(size),
        chunk_overlap=0,
        separators=["\n\n", "\n", "。", ". ", "！", "？", "，", " ", ""],
        keep_separator="end",
    )
    documents: list[Document] = []
    for path in sorted(Path(folder).iterdir()):
        loaders = {".pdf": PyPDFLoader, ".docx": Docx2txtLoader}
        plain = TextLoader(str(path), autodetect_encoding=True)
        documents += (loaders[path.suffix](str(path)) if path.suffix in loaders else plain).load()
    chunks = splitter.split_documents(documents)
    llm = ChatOpenAI(
        model="simulated",
        base_url=address,
        api_key="none",
        temperature=0,
        max_retries=10,
    )
    chain = ChatPromptTemplate.from_messages([("human", TASK)]) | llm | JsonOutputParser()
    inputs = [{"text": chunk.page_content} for chunk in chunks]
    replies = chain.batch(inputs, {"max_concurrency": int(width)}, return_exceptions=True)
    failed = [reply for reply in replies if isinstance(reply, Exception)]
    rows = [row for reply in replies if isinstance(reply, list) for row in reply]
    with Path(output).open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    print(f"{len(rows)} pairs; {len(failed)} of {len(replies)} chunks failed")
    if failed:
        print(f"{type(failed[0]).__name__}: {str(failed[0]).splitlines()[0][:200]}")


if __name__ == "__main__":
    main()
