"""What can be left out or made smaller, and the goals that are measured."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from infrastructure.cost.bill import Bill
from infrastructure.cost.deployed import Deployed
from infrastructure.cost.prices import Prices

Change = Callable[[Deployed], Deployed]


def _added(change: Change, deployed: Deployed, requests_a_day: int, prices: Prices) -> float:
    before = Bill.of(deployed, requests_a_day, prices)
    return Bill.of(change(deployed), requests_a_day, prices).total.billed - before.total.billed


@dataclass(frozen=True, slots=True)
class Cut:
    """One change of a stage, and what it takes away."""

    does: str
    loses: str
    change: Change

    def saves(self, deployed: Deployed, requests_a_day: int, prices: Prices) -> float:
        """Return how many dollars a month this alone takes off the bill."""
        return -_added(self.change, deployed, requests_a_day, prices)


def _promised_alone(deployed: Deployed) -> Deployed:
    left = deployed.alarm_metrics - deployed.alarm_metrics_of_functions
    return replace(deployed, alarm_metrics=left, alarm_metrics_of_functions=0)


def _smaller_worker(deployed: Deployed) -> Deployed:
    smaller = min(deployed.memory_mb["deliver"], 512)
    return replace(deployed, memory_mb={**deployed.memory_mb, "deliver": smaller})


FIREWALL = Cut(
    "no firewall (web_application_firewall = false)",
    "the gateway's throttling and the code's own checks remain",
    lambda deployed: replace(deployed, firewalls=0, firewall_rules=0),
)
CUTS: Sequence[Cut] = (
    Cut(
        "API Gateway's metrics for the stage instead of each method",
        "which route was slow or failed stands in the access log only",
        lambda deployed: replace(deployed, metered_methods=False),
    ),
    Cut(
        "trace no request (traced_share = 0)",
        "what a request did is found by its correlation id in the log alone",
        lambda deployed: replace(deployed, sampled_share=0),
    ),
    Cut(
        "512 MB for the worker (.chalice/config.json)",
        "half the processor while drawing cards; posting waits for platforms anyway",
        _smaller_worker,
    ),
    Cut(
        "no alarms on single functions (function_alarms = false)",
        "a function that fails is noticed by what it then does not do",
        _promised_alone,
    ),
    Cut(
        "no dashboard",
        "graphs are made when they are looked for",
        lambda deployed: replace(deployed, dashboards=0),
    ),
    Cut(
        "no Security Hub (security_hub = false)",
        "nobody checks the account's settings each day",
        lambda deployed: replace(deployed, hubs=0),
    ),
    FIREWALL,
)


@dataclass(frozen=True, slots=True)
class Extra:
    """One part that no stage has by default, and what it adds."""

    does: str
    gives: str
    change: Change

    def costs(self, deployed: Deployed, requests_a_day: int, prices: Prices) -> float:
        """Return how many dollars a month this alone adds to the bill."""
        return _added(self.change, deployed, requests_a_day, prices)


def _web_firewall(deployed: Deployed) -> Deployed:
    rules = deployed.firewall_rules // max(deployed.firewalls - deployed.web_firewalls, 1)
    return replace(
        deployed,
        firewalls=deployed.firewalls + 1,
        firewall_rules=deployed.firewall_rules + rules,
        web_firewalls=1,
        hosting_firewalls=0 if deployed.distributions else 1,
    )


def _cloudfront(deployed: Deployed) -> Deployed:
    return replace(deployed, distributions=1, hosting_firewalls=0)


def _domain(deployed: Deployed) -> Deployed:
    return replace(_cloudfront(deployed), zones=1)


EXTRAS: Sequence[Extra] = (
    Extra(
        "CloudFront (cloudfront)",
        "one name for web app and API, near to people; hashed files cached",
        _cloudfront,
    ),
    Extra(
        "CloudFront under a domain of ours (domain, hosted_zone)",
        "our name, its certificate, nothing older than TLS 1.3",
        _domain,
    ),
    Extra(
        "firewall before Amplify (web_firewall without cloudfront)",
        "the API's rules before the web app too; Amplify takes a fee for that",
        _web_firewall,
    ),
    Extra(
        "firewall before CloudFront (web_firewall with cloudfront)",
        "the same without Amplify's fee; the API's requests pass it as well",
        lambda deployed: _web_firewall(_cloudfront(deployed)),
    ),
    Extra(
        "all of it (cloudfront, web_firewall, domain)",
        "the whole edge",
        lambda deployed: _web_firewall(_domain(deployed)),
    ),
    Extra(
        "sign-in with GitHub (github_secret)",
        "people come in by an account they have; pays for a signing key and a secret",
        lambda deployed: replace(deployed, keys=deployed.keys + 1, secrets=deployed.secrets + 1),
    ),
    Extra(
        "a model's words (USE_AI_AGENT)",
        "each feed's post opens in its own tone; every message is asked about once",
        lambda deployed: replace(deployed, adapts=True),
    ),
)


@dataclass(frozen=True, slots=True)
class Goal:
    """What a stage should cost at most, in dollars a month."""

    says: str
    stage: str
    requests_a_day: int
    at_most: float

    def bill(self, stages: dict[str, Deployed], prices: Prices) -> Bill:
        """Return the bill that it is about."""
        return Bill.of(stages[self.stage], self.requests_a_day, prices)

    def reached_by(self, stages: dict[str, Deployed], prices: Prices) -> tuple[Sequence[Cut], Bill]:
        """Return the fewest cuts that it takes, the one that saves most first, and the bill then.

        The firewall is not one of them: with it is how the goals are meant.
        """
        deployed, made = stages[self.stage], list[Cut]()
        left = [cut for cut in CUTS if cut is not FIREWALL]
        while (bill := Bill.of(deployed, self.requests_a_day, prices)).total.billed > self.at_most:
            saved = {cut.does: cut.saves(deployed, self.requests_a_day, prices) for cut in left}
            best = max(left, key=lambda cut: saved[cut.does], default=None)
            if best is None or saved[best.does] <= 0:
                break
            left.remove(best)
            made.append(best)
            deployed = best.change(deployed)
        return made, bill


GOALS: Sequence[Goal] = (
    Goal("dev, idle, with Kinesis", "dev", 0, 15),
    Goal("prod, 10,000 requests a day, with the firewall", "prod", 10_000, 35),
    Goal("prod, 100,000 requests a day, with the firewall", "prod", 100_000, 80),
)
