"""All stacks of one stage as one application."""

from __future__ import annotations

from pathlib import Path

from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks

from infrastructure import emulator
from infrastructure.bundle import Bundle
from infrastructure.serving import ByChalice, ByStacks, Serving
from infrastructure.stacks.api import OmnichannelApiStack
from infrastructure.stacks.auth import OmnichannelAuthStack
from infrastructure.stacks.data import OmnichannelDataStack
from infrastructure.stacks.frontend import OmnichannelFrontendStack
from infrastructure.stacks.monitoring import OmnichannelMonitoringStack
from infrastructure.stacks.scheduler import OmnichannelSchedulerStack
from infrastructure.stacks.security import OmnichannelSecurityStack
from infrastructure.stacks.worker import OmnichannelWorkerStack
from infrastructure.stages import Stage


def synthesise(stage: Stage, bundle: Bundle, out: Path | str) -> None:
    """Write a stage's templates; those for an emulated AWS without what it can't take."""
    application(stage, bundle, out).synth()
    if stage.emulated:
        emulator.adapt(Path(out), stage.emulated)


def application(stage: Stage, bundle: Bundle, out: Path | str, *, checked: bool = True) -> App:
    """Return a stage's stacks; `synth` of it raises when a rule finds what nobody explained.

    Of a native stage, what `chalice deploy` needs and what stands around what it deploys.
    """
    app = App(outdir=str(out), analytics_reporting=False)
    data = OmnichannelDataStack(app, stage)
    auth = OmnichannelAuthStack(app, stage)
    serving: Serving
    if stage.native:
        serving = ByChalice(stage, bundle, data)
    else:
        api = OmnichannelApiStack(app, stage, bundle=bundle, data=data, auth=auth)
        serving = ByStacks(
            api,
            OmnichannelWorkerStack(app, stage, bundle=bundle, data=data, api=api),
            OmnichannelSchedulerStack(app, stage, bundle=bundle, data=data),
        )
    OmnichannelMonitoringStack(app, stage, data=data, serving=serving)
    security = OmnichannelSecurityStack(app, stage, serving=serving) if stage.has_security else None
    if stage.frontend:
        web_acl = security.web_acl if security else None
        OmnichannelFrontendStack(app, stage, data=data, auth=auth, serving=serving, web_acl=web_acl)
    if checked:
        Validations.of(app).add_plugins(AwsSolutionsChecks(app, verbose=True))
    return app
