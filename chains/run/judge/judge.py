"""Asks a model to check the pairs of a chunk against its text, and keeps what it says."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from langchain_core.messages import BaseMessage
from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.config import merge_configs

from loaders.records import Chunk
from pairs.evidence.grounding import Passage
from pairs.evidence.verdict import verdict_on
from pairs.records import JudgeRecord, QAPair, Reason
from pairs.text.language import language_of
from prompts.judge import JudgePrompt, judge_prompt

from ...errors import UnansweredError
from ...llm.cached_call import CachedModel
from ...llm.reply_messages import tokens_paid
from ...parsing.verdicts import read_verdicts
from ...settings import Settings
from ..source import source_note
from .lists import FINAL
from .near import NearList, Same, couple_of
from .records import Checked, CheckList, Judged

__all__ = ["Judge", "Judged"]

log = logging.getLogger(__name__)

MOST_CALLS = 4
"""Calls about one list: its first, and those about the end of a reply that was cut off."""
_OPEN_TO_A_YES = ("rejected.no_evidence", "rejected.number")
"""Reasons that are wrong about as often as right (bench/results/judging.json), so that the yes of a
judge that errs now and then outweighs them; other reasons are right nine times of ten."""
_OBJECTION = 300
"""Characters kept of what the model holds against a pair."""


@dataclass(frozen=True)
class _Word:
    """A verdict on a pair, with the words that prove it or that speak against it."""

    yes: bool
    words: str
    sure: bool


class Judge:
    """Asks about lists, from any number of threads, and holds what was said, in one thread.

    Args:
        model: Answers requests.
        settings: The language, if it is not the text's; what evidence is wanted.
        config: LangChain's configuration, whose callbacks and tags every call is given.

    Attributes:
        backend: The backend that is asked.
        record: What the judge was worth so far.
        same: Ids of couples of pairs said to ask the same.
    """

    def __init__(
        self,
        model: CachedModel,
        settings: Settings,
        config: RunnableConfig | None = None,
    ) -> None:
        self.backend = model.backend
        self._model, self._settings = model, settings
        self._config = config
        self._words: dict[str, _Word] = {}
        self.record = JudgeRecord(model=model.backend.model)
        self.same: set[tuple[str, str]] = set()
        self._compared: dict[str, int] = {}
        self._lists = 0

    @property
    def identity(self) -> str:
        """Names its model and its prompts, in records of its worth."""
        prompts = " ".join(judge_prompt(language).fingerprint for language in ("zh", "en"))
        return f"{self._model.identity} {prompts}"

    def ask(self, check_list: CheckList) -> Judged:
        """What the model says about a list; the end of a truncated reply is asked again.

        Raises:
            JournalError: The journal cannot be read or written.
        """
        judged = Judged(check_list)
        left = list(range(len(check_list.items)))
        for _ in range(MOST_CALLS):
            left = self._ask(judged, left)
            if not left:
                break
        return judged

    def ask_same(self, near_list: NearList) -> Same:
        """What the model says about the pairs of a list that may ask the same.

        Raises:
            JournalError: The journal cannot be read or written.
        """
        same, pairs = Same(near_list), near_list.pairs
        asked = [(pair.question, pair.answer) for pair in pairs]
        prompt = self._prompt(pairs[0].question)
        messages = prompt.same_messages(asked, as_json=self.backend.response_format)
        about = {"chunk_id": pairs[0].chunk_id, "prompt": prompt.fingerprint}
        config = merge_configs(self._config, {"run_name": "qa3.same", "metadata": about})
        try:
            reply = self._model.invoke(messages, config)
        except UnansweredError as error:
            log.info("near pairs are not judged: %s", error.code)
            return same
        same.usage = tokens_paid(reply)
        verdicts = read_verdicts(reply.text, len(pairs))
        named = {(one - 1, other - 1) for one, other in verdicts.same}
        if near_list.planted and verdicts.compared:
            same.confused = couple_of(*near_list.planted) in named
        ids = {couple_of(pairs[one].id, pairs[other].id) for one, other in named}
        same.couples = ids & near_list.couples
        return same

    def take_same(self, same: Same) -> None:
        """Keeps what was said about near pairs."""
        if same.confused is not None:
            self.record += JudgeRecord(look_alikes=1, confused=int(same.confused))
        self.same |= same.couples

    def take(self, judged: Judged) -> None:
        """Keeps what was said about a list."""
        check_list, items = judged.check_list, judged.check_list.items
        counts = dict.fromkeys(
            ("asked", "unanswered", "planted", "caught", "sure", "refused"), 0
        ) | {"look_alikes": 0, "confused": 0}
        for at, item in enumerate(items):
            said = judged.said.get(at)
            if item.planted:
                counts["planted"] += said is not None
                counts["caught"] += said is not None and not said.yes
                continue
            counts["asked"] += len(item.ids)
            if said is None or (said.yes and not check_list.passage.finds(said.words)):
                counts["unanswered"] += len(item.ids)
                continue
            counts["sure"] += item.sure
            counts["refused"] += item.sure and not said.yes
            for id_ in item.ids:
                self._words[id_] = _Word(said.yes, said.words, item.sure)
        self._take_couples(judged, counts)
        self.record += JudgeRecord(**counts)

    def _take_couples(self, judged: Judged, counts: dict[str, int]) -> None:
        items = judged.check_list.items
        places = {item.ids[0]: at for at, item in enumerate(items) if item.ids}
        for at, item in enumerate(items):
            if item.alike in places and at in judged.said:
                counts["look_alikes"] += 1
                counts["confused"] += couple_of(at, places[item.alike]) in judged.same
        for one, other in judged.same:
            if items[one].ids and items[other].ids:
                self.same.add(couple_of(items[one].ids[0], items[other].ids[0]))
        for indices in judged.compared:
            self._lists += 1
            for at in indices:
                self._compared |= dict.fromkeys(items[at].ids[:1], self._lists)

    def compared(self, one: str, other: str) -> bool:
        """Whether two pairs stood in one list, whose reply named those that ask the same."""
        return 0 < self._compared.get(one, 0) == self._compared.get(other)

    def apart(self, one: str, other: str) -> bool:
        """Whether two pairs stood in one list and were not said to ask the same."""
        return self.compared(one, other) and couple_of(one, other) not in self.same

    def decide(
        self,
        checked: Checked,
        *,
        trusted: bool,
        overrules: bool,
        passage: Callable[[], Passage],
    ) -> Checked:
        """A pair with the judge's word, and the reason to reject it, if any.

        Args:
            checked: The pair and the rules' reason.
            trusted: Whether the word decides; otherwise only an objection is noted with the pair.
            overrules: Whether it decides, too, where the rules are sure: on pairs that stand word
                for word in their question's own sentence, and on faults of names and questions.
            passage: Gives the text that the pair was made from.
        """
        pair, reason = checked
        word = self._words.get(pair.id)
        if word is None:
            return checked
        objection = "" if word.yes else word.words[:_OBJECTION]
        pair = pair.model_copy(update={"objection": objection})
        if not trusted:
            return pair, reason
        pair = pair.model_copy(update={"verified": word.yes})
        if word.yes:
            if reason is None:
                return pair, None
            return _affirmed(pair, word.words, reason, overrules, passage)
        decides = overrules or not word.sure
        if decides and reason is None and self._settings.evidence == "strict":
            reason = Reason(code="rejected.judge", fields={"reason": objection or "-"})
        return pair, reason

    def request(
        self, items: Sequence[tuple[str, str]], text: str, context: str
    ) -> list[BaseMessage]:
        """The messages about some questions and answers made from a text."""
        as_json = self.backend.response_format
        return self._prompt(text).messages(items, text, context, as_json=as_json)

    def _ask(self, judged: Judged, left: list[int]) -> list[int]:
        """Asks about the items at some indices; returns those to be asked about again."""
        items, chunk = judged.check_list.items, judged.check_list.chunk
        asked = [(items[at].question, items[at].answer) for at in left]
        note = source_note(chunk, self._language(chunk.text), self._settings)
        messages = self.request(asked, chunk.text, note)
        try:
            reply = self._model.invoke(messages, self._run_config(chunk))
        except UnansweredError as error:
            if error.overflow and len(left) > 1:
                half = len(left) // 2
                return self._ask(judged, left[:half]) + self._ask(judged, left[half:])
            judged.reason = error.reason
            return []
        judged.usage += tokens_paid(reply)
        verdicts = read_verdicts(reply.text, len(left))
        said = dict(verdicts.said)
        cut = reply.response_metadata["truncated"] and verdicts.last > 1
        if cut:
            said.pop(verdicts.last, None)  # its words may be cut off
        judged.said |= {left[number - 1]: word for number, word in said.items()}
        if verdicts.compared:
            judged.compared.append(frozenset(left[number - 1] for number in said))
        judged.same |= {couple_of(left[one - 1], left[other - 1]) for one, other in verdicts.same}
        return left[verdicts.last - 1 :] if cut else []

    def _run_config(self, chunk: Chunk) -> RunnableConfig:
        about = {"chunk_id": chunk.id, "prompt": self._prompt(chunk.text).fingerprint}
        return merge_configs(self._config, {"run_name": "qa3.judge", "metadata": about})

    def _prompt(self, text: str) -> JudgePrompt:
        return judge_prompt(self._language(text))

    def _language(self, text: str) -> Literal["zh", "en"]:
        asked = self._settings.language
        return language_of(text) if asked == "auto" else asked


def _affirmed(
    pair: QAPair, words: str, reason: Reason, overrules: bool, passage: Callable[[], Passage]
) -> Checked:
    """A pair that the rules reject and the judge affirms, proved by the words it quotes.

    Where the rules find the answer's numbers or denials contradicted by the quote, too, the pair is
    refuted, and is kept as doubtful.
    """
    code = reason.code
    if code in FINAL or (code not in _OPEN_TO_A_YES and not overrules):
        return pair, reason
    refuted = pair.verdict == "refuted"
    if pair.evidence.match != "none" and not refuted:
        return pair, None  # its question is at fault, not its evidence
    found = passage().judged(words, pair.question, pair.answer)
    verdict = "refuted" if verdict_on(found, "") == "refuted" else "open"
    if verdict == "refuted" and not (refuted or overrules):
        return pair, reason
    return pair.model_copy(update={"evidence": found, "verdict": verdict}), None
