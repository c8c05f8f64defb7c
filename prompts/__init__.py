"""What we say to the model: one YAML file a prompt and language, checked and loaded here."""

from .template import PROMPTS, fingerprint, load_prompt, repair_request, worked_example

__all__ = ["PROMPTS", "fingerprint", "load_prompt", "repair_request", "worked_example"]
