"""The bills as people read them: the page of the reference, and the README's table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from infrastructure.cost import traffic
from infrastructure.cost.bill import Bill
from infrastructure.cost.cuts import CUTS, EXTRAS, GOALS, Goal
from infrastructure.cost.deployed import Deployed, read
from infrastructure.cost.prices import Prices
from infrastructure.cost.traffic import Traffic

LOADS = (0, 1_000, 10_000, 100_000)
DOMINANT = 3
"""How many services are named as what dominates."""
QUOTED = {
    "source": "read on the source page",
    "elsewhere": "read where others quote it",
    "nowhere": "**not confirmed**",
}


@dataclass(frozen=True)
class Report:
    """Everything that is said about what the stages cost."""

    stages: dict[str, Deployed]
    prices: Prices

    @classmethod
    def read(cls) -> Report:
        """Return the report on the counted stages at the prices of the file."""
        return cls(read(), Prices.read())

    def bills(self, stage: str) -> list[Bill]:
        """Return a stage's bills at every load."""
        return [Bill.of(self.stages[stage], load, self.prices) for load in LOADS]

    # --- tables -----------------------------------------------------------------------------------

    def summary(self) -> str:
        """Return the totals: what the README shows."""
        rows = [_row("requests a day", *map(_load, LOADS)), _rule(len(LOADS))]
        rows += [
            _row(stage, *(f"${bill.total.billed:.2f}" for bill in self.bills(stage)))
            for stage in self.stages
        ]
        return "\n".join((*rows, "", *self.goals()))

    def services(self) -> str:
        """Return every stage's bill, service by service."""
        bills = [bill for stage in self.stages for bill in self.bills(stage)]
        heads = [f"{bill.stage} {_load(bill.requests_a_day)}" for bill in bills]
        rows = [_row("USD a month", *heads), _rule(len(bills))]
        for service in bills[0].services:
            sums = [bill.services[service].billed for bill in bills]
            if any(sum_ >= 0.005 for sum_ in sums):
                rows.append(_row(service, *map(_dollars, sums)))
        rows.append(_row("**total**", *(f"**{bill.total.billed:.2f}**" for bill in bills)))
        rows.append(_row("without allowances", *(f"{bill.total.listed:.2f}" for bill in bills)))
        return "\n".join(rows)

    # --- sentences --------------------------------------------------------------------------------

    def dominant(self) -> Iterator[str]:
        """Say for each load of prod which services make up most of the bill."""
        for bill in self.bills("prod"):
            first = sorted(bill.services.items(), key=lambda line: -line[1].billed)[:DOMINANT]
            named = ", ".join(f"{service} {sum_.billed:.2f}" for service, sum_ in first)
            share = sum(sum_.billed for _, sum_ in first) / bill.total.billed
            yield f"- prod, {_load(bill.requests_a_day)}: {named} ({share:.0%} of the bill)"

    def cuts(self) -> str:
        """Return what each cut of prod saves, and what it takes away."""
        prod = self.stages["prod"]
        rows = [_row("cut", *map(_load, LOADS), "what is lost"), _rule(len(LOADS), words=1)]
        rows += [
            _row(
                cut.does,
                *(_dollars(cut.saves(prod, load, self.prices)) for load in LOADS),
                cut.loses,
            )
            for cut in CUTS
        ]
        return "\n".join(rows)

    def extras(self) -> str:
        """Return what each part that prod does not have would add, and what it is good for."""
        prod = self.stages["prod"]
        rows = [_row("part", *map(_load, LOADS), "what it gives"), _rule(len(LOADS), words=1)]
        rows += [
            _row(
                extra.does,
                *(_dollars(extra.costs(prod, load, self.prices)) for load in LOADS),
                extra.gives,
            )
            for extra in EXTRAS
        ]
        return "\n".join(rows)

    def goals(self) -> Iterator[str]:
        """Say of each goal whether it is reached, and else what reaches it."""
        for goal in GOALS:
            bill = goal.bill(self.stages, self.prices)
            line = f"- {self._verdict(goal)}"
            if bill.total.billed > goal.at_most:
                made, after = goal.reached_by(self.stages, self.prices)
                reaches = "Reached" if after.total.billed <= goal.at_most else "Not even reached"
                line += f" {reaches} (${after.total.billed:.2f}) with:"
                line += "".join(f"\n  {number}. {cut.does}" for number, cut in enumerate(made, 1))
            yield line

    def _verdict(self, goal: Goal) -> str:
        billed = goal.bill(self.stages, self.prices).total.billed
        verdict = "reached" if billed <= goal.at_most else "**missed**"
        return f"Goal for {goal.says}, at most ${goal.at_most:.0f}: {verdict} (${billed:.2f})."

    def further(self) -> Iterator[str]:
        """Say what comes on top and grows with what is done."""
        used = {"table_writes": traffic.FURTHER.written, "table_reads": traffic.FURTHER.read}
        served = sum(self.prices.price[name].of(1000 * n).listed for name, n in used.items())
        kept = Traffic(10_000)
        table = kept.messages * traffic.STORED_BYTES / 1e9
        pictures = kept.pictures * traffic.PICTURE_MB.value / 1000
        price = self.prices.price
        grown = sum(
            price[name].of(gigabytes).listed
            for name, gigabytes in (
                ("table_storage", table),
                ("table_recovery", table),
                ("object_storage", pictures),
            )
        )
        yield f"- each 1,000 further recipients that a message reaches: ${served:.3f} for the table"
        yield f"- each further month of messages kept, at 10K a day: ${grown:.2f} more a month"
        asked = price["model_input"].of(traffic.MODEL_INPUT_TOKENS).listed
        asked += price["model_output"].of(traffic.MODEL_OUTPUT_TOKENS).listed
        yield f"- ${asked:.5f} for each message that a model adapts, where USE_AI_AGENT is on"
        for message in self.prices.message.values():
            yield f"- ${message.usd:g} for each {message.each} ({QUOTED[message.quoted]})"

    def assumptions(self) -> Iterator[str]:
        """Name every assumption with its reason."""
        for assumption in traffic.assumptions():
            yield f"- {assumption.value:,g} {assumption.says}: {assumption.because}"

    def sources(self) -> str:
        """Return every price with where it stands."""
        rows = [_row("price", "USD", "for", "free", "source", "seen"), "| --- " * 6 + "|"]
        for price in self.prices.price.values():
            free = price.free or price.included
            rows.append(
                _row(
                    price.service,
                    f"{price.usd:.10f}".rstrip("0"),
                    f"{price.per:,} {price.unit}" if price.per > 1 else price.unit,
                    f"{free:,g}" if free else "",
                    f"[page]({price.source})",
                    QUOTED[price.quoted],
                )
            )
        return "\n".join(rows)

    # --- page ------------------------------------------------------------------------------------

    def page(self) -> str:
        """Return the whole page."""
        return PAGE_TEXT.format(
            region=self.prices.region,
            checked=self.prices.checked,
            services=self.services(),
            goals="\n".join(self.goals()),
            dominant="\n".join(self.dominant()),
            saved=SAVED,
            cuts=self.cuts(),
            extras=self.extras(),
            further="\n".join(self.further()),
            assumptions="\n".join(self.assumptions()),
            sources=self.sources(),
            sent=traffic.SENT,
            records=traffic.RECORDS,
            ticks=traffic.TICKS,
            seconds=Traffic(10_000).tick_seconds,
        )


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"


def _rule(numbers: int, words: int = 0) -> str:
    return _row("---", *["---:"] * numbers, *["---"] * words)


def _load(requests_a_day: int) -> str:
    return f"{requests_a_day // 1000}K" if requests_a_day else "idle"


def _dollars(amount: float) -> str:
    return f"{amount:.2f}" if abs(amount) >= 0.005 else "–"


SAVED = """\
- A message's stream records share a lane, so the worker is called once for all its channels, which
  it serves side by side. Recipients beyond the first forty are shared out over the lanes as before.
- The worker fetches a platform's secret again when the account's version changes (connecting it
  anew does that) or the platform refuses what it has, else once an hour: a new token is in use at
  once, not within a minute.
- Lists are told of a message once, by the last of its deliveries under way. What waits for longer
  (a retry, a rest, doubt, many recipients) is waited for by none, and reading a message corrects
  the list.
- X-Ray keeps `traced_share` of the API's requests instead of one a second. Every request has its
  correlation id in the log. For what it starts itself Lambda samples as it always does: that can't
  be configured.
- The error rate of a function is the mean of one metric, of which each call writes a 0 or a 1. The
  alarm fires as before; it watches one metric instead of two.
- How many attempts there are and how long they take is one metric, by channel and outcome: the
  number of its values is the number of attempts.
- API Gateway's metrics are the stage's; by route the access log tells. Alarms are set on the
  stage's."""

PAGE_TEXT = """# What it costs

<!-- Generated by `make docs`; changes here are lost. -->

US dollars a month in {region}, without what platforms charge for messages, for a stage that has its
account to itself: AWS's permanent allowances are used up first, offers of a first year are not
counted. "Without allowances" is what a further stage in the same account may cost at most. Prices
were checked on {checked}. **This is a model: no account has run it.** What is deployed is counted
in the templates of the stacks; what a message costs the table and the stream is measured by playing
one; the rest is assumed below.

{services}

## Goals

{goals}

## What dominates

{dominant}

## What is saved already

{saved}

## How to cut it further

What each change takes off prod's bill, alone:

{cuts}

## What can be added

Off in every stage. What each part adds to prod's bill, alone:

{extras}

## What comes on top

{further}
- AWS Config, which Security Hub's checks need: by the configuration item, not switched on by us
- tax, support plans, a domain's name, and what people do in the consoles

## What is assumed

A message costs the table {sent.written:g} write and {sent.read:g} read units, from the request to
the last of its six receipts, and the stream {records} records. The scheduler runs {ticks:,} times;
a run ends at once unless it knows work that is due within its minute, and then sleeps until that:
{seconds:.1f} seconds on average at 10K requests a day.

{assumptions}

## Prices

{sources}
"""
