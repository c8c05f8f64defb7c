"""One chunk: ``prompt | llm | parser``, with what a person would do when the reply is no good.

An unreadable reply is shown to the model once with what was wrong; a reply cut off by its token
limit, or a request longer than the context, makes the chunk be asked again in two halves, and so
does a refusal, to find what is refused. Every reply is kept, and the pairs read before a failure
stay.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from langchain_core.documents import Document
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.prompts import ChatPromptTemplate

from loaders import count_tokens, split
from loaders.records import Chunk
from pairs.records import ChunkState, Reason, TokenUsage
from pairs.text.language import language_of
from prompts import PROMPTS, fingerprint, load_prompt, repair_request, worked_example

from ..errors import ReplyError, SettingsError
from ..llm.backends import Backend
from ..llm.cached_call import Asker, UnansweredError
from ..parsing.parser import PairParser
from ..records import LOOP, DraftPair, Reply
from ..settings import Settings

SMALLEST_HALF = 40  # estimated tokens; what is cut off below this would not be whole in a half
MOST_HALVINGS = 3
NOTHING = Reason(code="reply.nothing")
_WORSE: tuple[ChunkState, ...] = ("nothing", "pairs", "failed", "not asked")
_UNFINISHED = ("reply.unfinished", "reply.unfinished_tail")
_UNREADABLE = ("reply.unreadable", "reply.unanswered", "reply.echo", "reply.empty")
Language = Literal["zh", "en"]


@dataclass(frozen=True)
class _Prompt:
    template: ChatPromptTemplate
    fingerprint: str
    parser: PairParser
    repair: str

    def render(self, chunk: Chunk) -> list[BaseMessage]:
        """The messages for a chunk, with its title and heading trail as context."""
        context = chunk.context or Path(chunk.source).stem or "-"
        return self.template.invoke({"context": context, "text": chunk.text}).to_messages()


@dataclass
class Answered:
    """What came of asking about one chunk, with all its repairs and halves.

    Attributes:
        drafts: The pairs, in the order of the replies.
        reason: Why the chunk failed, was not asked, or that there is nothing to ask; None where
            all is well.
        raw: The last reply from which nothing, or not everything, could be read.
        usage: Calls and tokens paid for just now; replies from the journal cost nothing.
        prompt: The prompt's fingerprint.
        repeated: True where its text stands in another chunk.
        asked: False where a budget, the user or a failure kept a request from being sent.
        bad_replies: Keys of the replies that made the chunk fail.
    """

    drafts: list[DraftPair] = field(default_factory=list)
    reason: Reason | None = None
    raw: str = ""
    usage: TokenUsage = field(default_factory=TokenUsage)
    prompt: str = ""
    asked: bool = True
    repeated: bool = False
    bad_replies: list[str] = field(default_factory=list)

    @property
    def state(self) -> ChunkState:
        """How the chunk ended."""
        if not self.asked:
            return "not asked"
        if self.repeated:
            return "repeated"
        if self.reason is None:
            return "pairs"
        return "nothing" if self.reason == NOTHING else "failed"

    def add(self, part: Answered) -> None:
        """Takes in what came of a part; what went wrong with a part went wrong with the whole."""
        self.drafts += part.drafts
        self.usage += part.usage
        self.bad_replies += part.bad_replies
        worse = _WORSE.index(part.state) > _WORSE.index(self.state)
        if worse or (self.reason is None and not self.drafts):
            self.reason, self.raw, self.asked = part.reason, part.raw, part.asked


class Extraction:
    """Asks a backend about chunks, one at a time, from any number of threads.

    Args:
        asker: Answers requests.
        backend: Says which prompt fits it.
        settings: Prompt, language and density.

    Raises:
        PromptError: The prompt cannot be used.
        SettingsError: The file with the user's prompt cannot be read.
    """

    def __init__(self, asker: Asker, backend: Backend, settings: Settings) -> None:
        self._asker = asker
        self._settings = settings
        self._as_json = backend.response_format
        self._name, self._own = choose_prompt(backend, settings)
        self._prompts: dict[tuple[Language, bool], _Prompt] = {}
        self._lock = threading.Lock()
        self._prompt("en" if settings.language == "auto" else settings.language)

    def ask(self, chunk: Chunk, *, again: bool = False) -> Answered:
        """What the model has to say about a chunk.

        Args:
            chunk: What to ask about.
            again: Whether it holds what an earlier pass left unasked.

        Raises:
            JournalError: The journal cannot be read or written.
        """
        return self._ask(chunk, self._prompt_for(chunk, again=again), MOST_HALVINGS)

    def request(self, chunk: Chunk) -> list[BaseMessage]:
        """The messages a chunk is first asked about with."""
        return self._prompt_for(chunk).render(chunk)

    def _prompt_for(self, chunk: Chunk, *, again: bool = False) -> _Prompt:
        asked = self._settings.language
        return self._prompt(language_of(chunk.text) if asked == "auto" else asked, again=again)

    def _ask(
        self, chunk: Chunk, prompt: _Prompt, halvings: int, *, around: bool = True
    ) -> Answered:
        """What came of a chunk; ``around`` says whether to ask around what is refused in it."""
        answered = Answered(prompt=prompt.fingerprint)
        messages = prompt.render(chunk)
        try:
            cut = self._ask_whole(messages, chunk, prompt, answered)
        except UnansweredError as error:
            answered.reason, answered.asked = error.reason, error.asked
            cut = error.overflow
        half = -(-count_tokens(chunk.text) // 2)
        if not halvings or half < SMALLEST_HALF:
            return answered
        if cut:
            return self._ask_halves(chunk, prompt, half, halvings - 1, answered)
        if around and _is_refused(answered):
            return self._ask_around(chunk, prompt, half, halvings - 1, answered)
        return answered

    def _ask_whole(
        self, messages: list[BaseMessage], chunk: Chunk, prompt: _Prompt, answered: Answered
    ) -> bool:
        """Whether the reply was cut off; what could be read of it goes to ``answered``."""
        reply = self._reply(messages, chunk, prompt, answered)
        code = self._read(reply, prompt.parser, answered)
        if code in _UNREADABLE and not reply.truncated:
            shown = [AIMessage(reply.text or "-"), HumanMessage(prompt.repair)]
            answered.raw = reply.text
            reply = self._reply([*messages, *shown], chunk, prompt, answered)
            code = self._read(reply, prompt.parser, answered)
        cut = reply.truncated or code in _UNFINISHED
        if cut:
            code = "reply.truncated"
        answered.reason = Reason(code=code) if code else None
        answered.raw = reply.text
        if answered.state != "failed":
            answered.raw = ""
            answered.bad_replies.clear()
        return cut

    def _ask_halves(
        self, chunk: Chunk, prompt: _Prompt, half: int, halvings: int, whole: Answered
    ) -> Answered:
        """What came of a chunk's halves, behind what was read of the whole."""
        both = Answered(drafts=whole.drafts, usage=whole.usage, prompt=whole.prompt)
        parts = split([Document(page_content=chunk.text)], chunk_size=half)
        for part in parts:
            both.add(self._ask(chunk.model_copy(update={"text": part.text}), prompt, halvings))
        return both

    def _ask_around(
        self, chunk: Chunk, prompt: _Prompt, half: int, halvings: int, whole: Answered
    ) -> Answered:
        """What came of a refused chunk's parts: one unwelcome sentence must not cost the others.

        Where every part is refused, too, the backend refuses more than a sentence, and no more
        calls are made.
        """
        parts = [
            chunk.model_copy(update={"text": part.text})
            for part in split([Document(page_content=chunk.text)], chunk_size=half)
        ]
        came = [self._ask(part, prompt, halvings, around=False) for part in parts]
        if all(map(_is_refused, came)):
            return whole
        both = Answered(usage=whole.usage, prompt=whole.prompt)
        smaller = -(-half // 2)
        for part, answered in zip(parts, came, strict=True):
            if _is_refused(answered) and halvings and smaller >= SMALLEST_HALF:
                both.add(self._ask_around(part, prompt, smaller, halvings - 1, answered))
            else:
                both.add(answered)
        return both

    def _reply(
        self, messages: list[BaseMessage], chunk: Chunk, prompt: _Prompt, answered: Answered
    ) -> Reply:
        reply, paid = self._asker.ask(messages, chunk.id, prompt.fingerprint)
        answered.bad_replies.append(self._asker.key(messages))
        if paid:
            answered.usage += TokenUsage(
                calls=1, prompt=reply.prompt_tokens, completion=reply.completion_tokens
            )
        return reply

    @staticmethod
    def _read(reply: Reply, parser: PairParser, answered: Answered) -> str:
        """The code of what is wrong with a reply; its pairs go to ``answered``."""
        looped = reply.finish_reason == LOOP
        try:
            read = parser.read(reply.text, truncated=reply.truncated or looped)
        except ReplyError as error:
            return error.code
        answered.drafts += read.drafts
        return "reply.unfinished_tail" if read.dropped_tail and not looped else ""

    def _prompt(self, language: Language, *, again: bool = False) -> _Prompt:
        with self._lock:
            if (language, again) not in self._prompts:
                self._prompts[language, again] = self._load(language, again=again)
            return self._prompts[language, again]

    def _load(self, language: Language, *, again: bool) -> _Prompt:
        template = load_prompt(
            self._name,
            language,
            density=self._settings.density,
            own=self._own,
            as_json=self._as_json,
            again=again,
        )
        examples: tuple[DraftPair, ...] = ()
        if self._own is None:
            examples = tuple(PairParser().parse(worked_example(self._name, language)))
        said = template.invoke({"context": "", "text": ""}).to_string()
        reason = ReplyError("reply.unreadable").say(language)
        return _Prompt(
            template=template,
            fingerprint=fingerprint(template),
            parser=PairParser(examples=examples, instructions=said),
            repair=repair_request(self._name, language, reason),
        )


def _is_refused(answered: Answered) -> bool:
    """Whether the backend would not take a text, and nothing was read of it."""
    return answered.reason is not None and answered.reason.code == "backend.refused"


def choose_prompt(backend: Backend, settings: Settings) -> tuple[str, str | None]:
    """The name of the built-in prompt, and the user's own text where there is one.

    Raises:
        SettingsError: The setting names neither a built-in prompt nor a readable file.
    """
    if settings.prompt_text is not None:
        return "chatglm3", settings.prompt_text
    name = settings.prompt or backend.prompt
    if name in PROMPTS:
        return name, None
    try:
        return "chatglm3", Path(name).expanduser().read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        known = ", ".join(PROMPTS)
        raise SettingsError("settings.no_prompt", prompt=name, known=known) from error
