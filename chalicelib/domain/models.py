"""The language models that may be asked: where they are reached, their prices, their ends.

Prices are US dollars for a million tokens by way of a geographic profile, which costs a tenth more
than the global one. Source: Amazon Bedrock's pricing and its models' cards as other pages quote
them, 2026-11-22; the account's own bill decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

DEFAULT = "anthropic.claude-haiku-4-5-20251001-v1:0"
FALLBACK = "anthropic.claude-sonnet-4-5-20250929-v1:0"


@dataclass(frozen=True, slots=True)
class Model:
    """A foundation model by its id; micro-dollars for a token."""

    id: str
    input_price: float
    output_price: float
    ends_not_before: date
    """The provider promises it until then; from then on its end may be announced any day."""


KNOWN = {
    DEFAULT: Model(DEFAULT, 1.1, 5.5, date(2026, 10, 1)),
    FALLBACK: Model(FALLBACK, 3.3, 16.5, date(2026, 9, 29)),
}
_GEOGRAPHIES = {
    "us": "us",
    "eu": "eu",
    "ap-northeast-1": "jp",
    "ap-northeast-3": "jp",
    "ap-southeast-2": "au",
    "ap-southeast-4": "au",
}
"""Region, or its first part → the profile that keeps the data there. Model cards, 2026-11-22."""
_PREFIXES = frozenset({"global", "us-gov", "apac", *_GEOGRAPHIES.values()})


@dataclass(frozen=True, slots=True)
class Usage:
    """What one answer took."""

    model: str
    input_tokens: int
    output_tokens: int
    latency_ms: int

    @property
    def cost_micro_dollars(self) -> int:
        """Return what it cost; 0 for a model whose price is not known."""
        known = KNOWN.get(bare(self.model))
        if known is None:
            return 0
        return round(
            self.input_tokens * known.input_price + self.output_tokens * known.output_price
        )


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of a question: a text, or why there is none. `reason` is one of `Reason`."""

    text: str = ""
    reason: str | None = None
    usage: Usage | None = None
    try_again: bool = False
    """Whether somebody else, or the same one later, may well answer."""


def bare(model: str) -> str:
    """Return a foundation model's id, of itself or of a profile."""
    prefix, _, rest = model.partition(".")
    return rest if prefix in _PREFIXES else model


def profile(model: str, region: str) -> str:
    """Return what is called in a region: the inference profile that stays in its geography.

    A profile stays as it is: who names one has decided where the data may go.
    """
    if model != bare(model):
        return model
    geography = _GEOGRAPHIES.get(region) or _GEOGRAPHIES.get(region.partition("-")[0])
    return f"{geography or 'global'}.{model}"


def warning(model: str, today: date) -> str | None:
    """Return what is to be said of a model's remaining life; None while nothing is."""
    known = KNOWN.get(bare(model))
    if known is None:
        return f"Nothing is known here of the model {model}: neither its price nor its end."
    if today >= known.ends_not_before:
        return (
            f"The model {model} was promised until {known.ends_not_before} only: look up its life "
            "cycle in Amazon Bedrock and choose its successor."
        )
    return None
