"""The root of every package's error tree.

LangChainException
└── SaidError           code and fields; a sentence in each language
    ├── LoadError       loaders/errors.py
    ├── PromptError     prompts/errors.py
    ├── PairsError      pairs/errors.py
    ├── ChainError      chains/errors.py
    ├── EndpointError   endpoint/errors.py
    ├── RestError       rest/errors.py
    └── PageError       ui/errors.py
"""

from langchain_core.exceptions import LangChainException

from .texts import say


class SaidError(LangChainException):
    """An error that says in the user's terms what happened, where, and what to do.

    Attributes:
        code: The message's code, stable across languages and releases.
        fields: Values of the sentence's placeholders; never a key or another secret.
    """

    def __init__(self, code: str, /, **fields: object) -> None:
        super().__init__(code)
        self.code = code
        self.fields = fields

    def say(self, language: str = "en") -> str:
        """The sentence in ``en`` or ``zh``."""
        return say(self.code, language, **self.fields)

    def __str__(self) -> str:
        return self.say()

    def __reduce__(self) -> tuple[object, ...]:
        # Errors travel between processes; the default would lose the fields.
        return (_rebuild, (type(self), self.code, self.fields))


def _rebuild(kind: type[SaidError], code: str, fields: dict[str, object]) -> SaidError:
    return kind(code, **fields)
