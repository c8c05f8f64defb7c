"""Verification: has each kept question answered again, from its evidence alone."""

from __future__ import annotations

import logging
import re
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from langchain_core.messages import BaseMessage
from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.config import merge_configs

from messages.errors import SaidError
from pairs.compare.agreement import answers_agree
from pairs.records import JudgeRecord, PairList, QAPair, TokenUsage
from pairs.text.language import language_of
from pairs.text.refusals import says_nothing
from prompts.verification import VerifyingPrompt, verifying_prompt

from ..embedding.load import NamedEmbeddings, embed
from ..errors import ReplyError, UnansweredError
from ..events import Verified
from ..journal.replies import Journal
from ..llm.backends import Backend
from ..llm.cached_call import CachedModel
from ..llm.reply_messages import tokens_paid
from ..parsing.cleaning import clean
from ..parsing.parser import PairParser
from ..settings import Settings
from .judge.lists import is_sure
from .judge.planted import wrong_answer
from .workers import WorkerPool

log = logging.getLogger(__name__)

_LABEL = re.compile(
    r"\s{0,9}(?:答案?|回答|answer|a)(?:\s{0,3}[一1])?\s{0,3}[:：]\s{0,9}", re.IGNORECASE
)
_NO_PAIRS = re.compile(r"\"pairs\"\s{0,9}:\s{0,9}\[\s{0,9}\]")


@dataclass
class Verification:
    """Asks the questions of a list again, and marks the pairs whose answers disagree.

    Args:
        model: Answers requests, from the journal where they were answered before.
        backend: Whether its replies are bound to a JSON schema.
        settings: The language, if it is not the text's.
        contexts: Title and headings by chunk id.
        config: LangChain's configuration, whose callbacks and tags every call is given.
    """

    model: CachedModel
    backend: Backend
    settings: Settings
    contexts: Mapping[str, str]
    config: RunnableConfig | None = None
    usage: TokenUsage = field(default_factory=TokenUsage)
    _answers: dict[QAPair, str] = field(default_factory=dict)

    @property
    def identity(self) -> str:
        """Names its model and its prompts, in records of its worth."""
        prompts = " ".join(verifying_prompt(language).fingerprint for language in ("zh", "en"))
        return f"{self.model.identity} {prompts}"

    def ask(self, pairs: PairList, width: int, stop: threading.Event) -> Iterator[Verified]:
        """An event for each pair that was asked again; pairs without evidence are not.

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
                for at, result in batch:
                    if isinstance(result, SaidError):
                        raise result
                    done += 1
                    # A question without a reply stays unmarked.
                    if result is not None and not isinstance(result, Exception):
                        new_answer, usage = result
                        self._answers[to_ask[at]] = new_answer
                        self.usage += usage
                    yield Verified(done=done, total=len(to_ask), usage=pairs.usage + self.usage)

    def marked(self, pairs: PairList, named: NamedEmbeddings, journal: Journal) -> PairList:
        """The list with its kept pairs marked, also where duplicates and conflicts refer to them.

        Its ``judge`` tells what the marks are worth: each new answer is compared with a wrong one,
        too, and some pairs are sure.

        Args:
            pairs: As it was given to ``ask``.
            named: The embedding that compares two answers.
            journal: Where vectors are kept.

        Raises:
            SaidError: The journal cannot be written, or the vectors cannot be computed.
        """
        near = self._near(named, journal)
        marked: dict[QAPair, QAPair] = {}
        counts = Counter(asked=sum(pair.evidence.span is not None for pair in pairs.kept))
        counts["unanswered"] = counts["asked"] - len(self._answers)
        for pair, new_answer in self._answers.items():
            try:
                agrees = self._agrees(pair, new_answer, near)
                counts += self._worth(pair, new_answer, pairs.kept, agrees=agrees)
            except Exception:  # an unexpected error leaves the pair without a mark, and ends no run
                log.exception("the answers of a pair of chunk %s are not compared", pair.chunk_id)
                continue
            marked[pair] = pair.model_copy(update={"verified": agrees, "answer_again": new_answer})

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
                "judge": JudgeRecord(model=self.backend.model, **counts),
            }
        )

    def _worth(
        self, pair: QAPair, new_answer: str, pairs: Sequence[QAPair], *, agrees: bool
    ) -> Counter[str]:
        """What one new answer says of the model, as to a sure pair and to a wrong answer."""
        counts = Counter[str]()
        if is_sure(pair, None):
            counts += Counter(sure=1, refused=int(not agrees))
        wrong = wrong_answer(pair, pairs)
        if wrong:
            caught = not answers_agree(wrong, new_answer)
            counts += Counter(planted=1, caught=int(caught))
        return counts

    def request(self, pair: QAPair) -> list[BaseMessage]:
        """The messages of the request about a pair."""
        context = self.contexts.get(pair.chunk_id) or Path(pair.source).stem or "-"
        as_json = self.backend.response_format
        prompt = self._prompt(pair)
        return prompt.messages(pair.question, pair.evidence.sentence, context, as_json=as_json)

    def _ask(self, pair: QAPair) -> tuple[str, TokenUsage] | None:
        """The answer and its usage; None if there is no reply."""
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
        """By pair, whether the cosine of its two answers reaches the threshold for duplicates."""
        answered = {pair: new_answer for pair, new_answer in self._answers.items() if new_answer}
        texts = list(
            {text for pair, new_answer in answered.items() for text in (pair.answer, new_answer)}
        )
        vectors = embed(named, texts, journal)
        if not vectors:
            return {}
        least = named.threshold
        return {
            pair: float(vectors[pair.answer] @ vectors[new_answer]) >= least
            for pair, new_answer in answered.items()
        }

    def _agrees(self, pair: QAPair, new_answer: str, near: Mapping[QAPair, bool]) -> bool:
        if says_nothing(new_answer, self._prompt(pair).nothing):
            return False
        return answers_agree(pair.answer, new_answer, near.get(pair, False))


def marks(pairs: PairList) -> dict[str, int]:
    """The numbers of kept pairs that are verified, doubted and unverified.

    Args:
        pairs: A list whose pairs were asked about again.
    """
    found = Counter(pair.verified for pair in pairs.kept if pair.evidence.span is not None)
    return {"verified": found[True], "doubted": found[False], "unverified": found[None]}


def answer_in(reply: str) -> str:
    """The answer in a reply: as it stands, behind a label, or in a question-answer pair.

    Args:
        reply: The model's text.
    """
    try:
        drafts = PairParser().read(reply).drafts
    except ReplyError:
        drafts = ()
    if drafts:
        return drafts[0].answer
    reply = clean(reply).text
    if _NO_PAIRS.search(reply):
        return ""
    label = _LABEL.match(reply)
    return reply[label.end() if label else 0 :].strip()
