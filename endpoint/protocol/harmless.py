"""Parameters that ask for nothing: OpenAI's own and other servers', at values without effect.

Clients send what their other providers take. What changes nothing is taken, also under a name that
is not known here; what would change an answer is refused by name.
"""

from __future__ import annotations

from ..errors import EndpointError
from .json_body import plain, shown

# OpenAI's, which this model cannot do: taken only at these values.
_UNSUPPORTED: dict[str, tuple[object, ...]] = {
    "functions": ([],),
    "function_call": ("none", "auto"),
    "logprobs": (False, 0),
    "top_logprobs": (0,),
    "logit_bias": ({},),
    "modalities": (["text"],),
    "audio": (),
    "prediction": (),
    "web_search_options": (),
    "reasoning_effort": ("none",),
    "verbosity": ("medium",),
    "echo": (False,),
    "suffix": ("",),
}
# Other servers', whose value without effect is not an empty one.
_NEUTRAL: dict[str, tuple[object, ...]] = {
    "add_generation_prompt": (True,),
    "add_special_tokens": (True,),
    "best_of": (1,),
    "do_sample": (True,),
    "include_reasoning": (True, False),
    "length_penalty": (1,),
    "num_beams": (1,),
    "repeat_penalty": (1,),
    "skip_special_tokens": (True,),
    "spaces_between_special_tokens": (True,),
    "tfs_z": (1,),
    "top_k": (-1, 0),
    "typical_p": (1,),
}
# Those that never change an answer, whatever their value.
_WITHOUT_EFFECT = frozenset(
    "additional_drop_params allowed_openai_params cache_prompt caching custom_llm_provider "
    "drop_params extra_headers input_type keep_alive litellm_call_id max_retries metadata "
    "num_retries parallel_tool_calls priority prompt_cache_key prompt_cache_retention request_id "
    "return_progress safety_identifier service_tier store timeout timings_per_token user".split()
)
_EMPTY: tuple[object, ...] = (False, 0, "", [], {})


def refuse_harmful(name: str, value: object) -> None:
    """Raises EndpointError if a parameter that is not read here would change an answer.

    Args:
        name: Of the parameter.
        value: Of the request.

    Raises:
        EndpointError: It would.
    """
    if value is None or name in _WITHOUT_EFFECT:
        return
    if name in _UNSUPPORTED:
        if not _among(value, _UNSUPPORTED[name]):
            raise EndpointError("endpoint.unsupported", name=name, given=shown(value))
    elif not _among(value, _NEUTRAL.get(name, _EMPTY)):
        raise EndpointError("endpoint.unknown_parameter", name=plain(name))


def _among(value: object, harmless: tuple[object, ...]) -> bool:
    return any(
        value == one and isinstance(value, bool) == isinstance(one, bool) for one in harmless
    )
