"""A list as one HTML file: the documents' text beside the pairs, and the run's report."""

from .page import write_view
from .records import ViewedText, ViewFacts

__all__ = ["ViewFacts", "ViewedText", "write_view"]
