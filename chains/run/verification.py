"""The round trip: each kept question answered once more, from its evidence alone."""

from __future__ import annotations

import logging
import re
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from langchain_core.messages import BaseMessage
from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.config import merge_configs

from messages.errors import SaidError
from pairs.compare.agreement import answers_agree, says_nothing
from pairs.records import PairList, QAPair, TokenUsage
from pairs.text.language import language_of
from prompts.verification import VerifyingPrompt, verifying_prompt

from ..embedding.load import NamedEmbeddings, embed
from ..errors import ReplyError, UnansweredError
from ..events import Verified
from ..journal.replies import Journal
from ..llm.backends import Backend
from ..llm.cached_call import CachedModel, tokens_paid
from ..parsing.parser import PairParser
from ..settings import Settings
from .workers import WorkerPool

log = logging.getLogger(__name__)

_LABEL = re.compile(
    r"\s{0,9}(?:答案?|回答|answer|a)(?:\s{0,3}[一1])?\s{0,3}[:：]\s{0,9}", re.IGNORECASE
)
_NO_PAIRS = re.compile(r"\"pairs\"\s{0,9}:\s{0,9}\[\s{0,9}\]")


@dataclass
class Verification:
    """Asks again about the pairs of a list, and marks those that are answered otherwise.

    Args:
        model: Answers requests, from the journal where they were answered before.
        backend: Whether its replies are bound to a JSON schema.
        settings: The language, where it is not the text's.
        contexts: Title and headings by chunk id.
        config: LangChain's configuration, whose callbacks and tags every call is given.
    """

    model: CachedModel
    backend: Backend
    settings: Settings
    contexts: Mapping[str, str]
    config: RunnableConfig | None = None
    usage: TokenUsage = field(default_factory=TokenUsage)
    _said: dict[QAPair, str] = field(default_factory=dict)

    def ask(self, pairs: PairList, width: int, stop: threading.Event) -> Iterator[Verified]:
        """What to tell of each pair that was asked about; pairs without evidence are not.

        Args:
            pairs: The list.
            width: Calls at the same time.
            stop: Ends the run.

        Raises:
            SaidError: The journal cannot be written.
        """
        to_ask = [pair for pair in pairs.kept if pair.evidence.span is not None]
        done = 0
        with WorkerPool(
            lambda at: self._ask(to_ask[at]), range(len(to_ask)), width, stop
        ) as workers:
            for batch in workers.batches():
                for at, came in batch:
                    if isinstance(came, SaidError):
                        raise came
                    done += 1
                    # A question that nobody answered stays without a mark.
                    if came is not None and not isinstance(came, Exception):
                        said, usage = came
                        self._said[to_ask[at]] = said
                        self.usage += usage
                    yield Verified(done=done, total=len(to_ask), usage=pairs.usage + self.usage)

    def marked(self, pairs: PairList, named: NamedEmbeddings, journal: Journal) -> PairList:
        """The list with its kept pairs marked, wherever they are named.

        Args:
            pairs: As it was given to ``ask``.
            named: What tells how near two answers are.
            journal: Where vectors are kept.

        Raises:
            SaidError: The journal cannot be written, or there are no vectors.
        """
        near = self._near(named, journal)
        marked: dict[QAPair, QAPair] = {}
        for pair, said in self._said.items():
            try:
                agrees = self._agrees(pair, said, near)
            except Exception:  # a fault of ours leaves the pair without a mark, and ends no run
                log.exception("the answers of a pair of chunk %s are not compared", pair.chunk_id)
                continue
            marked[pair] = pair.model_copy(update={"verified": agrees, "answer_again": said})

        def mark(pair: QAPair) -> QAPair:
            return marked.get(pair, pair)

        return pairs.model_copy(
            update={
                "kept": tuple(mark(pair) for pair in pairs.kept),
                "duplicates": tuple(
                    one.model_copy(update={"duplicate_of": mark(one.duplicate_of)})
                    for one in pairs.duplicates
                ),
                "conflicts": tuple(
                    one.model_copy(
                        update={
                            "item": mark(one.item),
                            "conflicts_with": mark(one.conflicts_with),
                        }
                    )
                    for one in pairs.conflicts
                ),
                "usage": pairs.usage + self.usage,
            }
        )

    def request(self, pair: QAPair) -> list[BaseMessage]:
        """The messages a pair is asked about with."""
        context = self.contexts.get(pair.chunk_id) or Path(pair.source).stem or "-"
        as_json = self.backend.response_format
        prompt = self._prompt(pair)
        return prompt.messages(pair.question, pair.evidence.sentence, context, as_json=as_json)

    def _ask(self, pair: QAPair) -> tuple[str, TokenUsage] | None:
        """The answer and its cost; None where nobody answered."""
        about = {"chunk_id": pair.chunk_id, "prompt": self._prompt(pair).fingerprint}
        config = merge_configs(self.config, {"run_name": "qa3.verify", "metadata": about})
        try:
            reply = self.model.invoke(self.request(pair), config)
        except UnansweredError:
            return None
        return answer_in(reply.text), tokens_paid(reply)

    def _prompt(self, pair: QAPair) -> VerifyingPrompt:
        asked = self.settings.language
        return verifying_prompt(language_of(pair.evidence.sentence) if asked == "auto" else asked)

    def _near(self, named: NamedEmbeddings, journal: Journal) -> Mapping[QAPair, bool]:
        """Which pairs' two answers have vectors as near as two questions that are one."""
        told = {pair: said for pair, said in self._said.items() if said}
        texts = list({text for pair, said in told.items() for text in (pair.answer, said)})
        vectors = embed(named, texts, journal)
        if not vectors:
            return {}
        least = named.threshold
        return {
            pair: float(vectors[pair.answer] @ vectors[said]) >= least
            for pair, said in told.items()
        }

    def _agrees(self, pair: QAPair, said: str, near: Mapping[QAPair, bool]) -> bool:
        if says_nothing(said, self._prompt(pair).nothing):
            return False
        return answers_agree(pair.answer, said, near.get(pair, False))


def marks(pairs: PairList) -> dict[str, int]:
    """How many kept pairs were verified or doubted, and of how many that is not known.

    Args:
        pairs: A list whose pairs were asked about again.
    """
    found = Counter(pair.verified for pair in pairs.kept if pair.evidence.span is not None)
    return {"verified": found[True], "doubted": found[False], "unverified": found[None]}


def answer_in(reply: str) -> str:
    """The answer a reply gives: as it is, behind a label, or in a question-answer pair.

    Args:
        reply: What the model said.
    """
    try:
        drafts = PairParser().read(reply).drafts
    except ReplyError:
        drafts = ()
    if drafts:
        return drafts[0].answer
    if _NO_PAIRS.search(reply):
        return ""
    label = _LABEL.match(reply)
    return reply[label.end() if label else 0 :].strip()
