"""The price file: what AWS charges, where that stands, and when somebody looked."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

PRICES = Path(__file__).with_name("prices.toml")

Source = Annotated[str, StringConstraints(pattern=r"^https://aws\.amazon\.com/[\w./#-]+$")]
Quoted = Literal["source", "elsewhere", "nowhere"]


class Price(BaseModel):
    """What `per` units of something cost, after those that come with it.

    `free` ones are an allowance of each account and month; `included` ones are the price's own
    first tier.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    service: str
    usd: float = Field(gt=0)
    per: int = Field(ge=1)
    free: float = Field(0, ge=0)
    included: float = Field(0, ge=0)
    unit: str
    source: Source
    quoted: Quoted

    def of(self, quantity: float) -> Sum:
        """Return what so much costs."""
        each = self.usd / self.per
        paid = max(quantity - self.included, 0)
        return Sum(paid * each, max(paid - self.free, 0) * each)


class MessagePrice(BaseModel):
    """What a platform charges for one message."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    usd: float = Field(gt=0)
    each: str
    source: Source
    quoted: Quoted


class Prices(BaseModel):
    """The whole file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    region: str
    checked: date
    price: dict[str, Price]
    message: dict[str, MessagePrice]

    @classmethod
    def read(cls, path: Path = PRICES) -> Prices:
        """Return the prices of the file."""
        return cls.model_validate(tomllib.loads(path.read_text("utf-8")))


@dataclass(frozen=True, slots=True)
class Sum:
    """US dollars: at list price, and as billed to an account that holds nothing else."""

    listed: float = 0
    billed: float = 0

    def __add__(self, other: Sum) -> Sum:
        """Return both together."""
        return Sum(self.listed + other.listed, self.billed + other.billed)
