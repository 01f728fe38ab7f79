"""What the pages say of the stacks is what the stacks are."""

from __future__ import annotations

import pytest

from infrastructure import synthesised
from tests.infrastructure.conftest import Synthesise

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("stage", synthesised.STAGES)
def test_what_is_told_of_a_stage_is_what_its_stacks_make(
    stage: str, synthesise: Synthesise
) -> None:
    made = synthesised.of(synthesise(stage).directory)

    assert (stage, synthesised.read()[stage]) == made, (
        f"run: make synth ARGS='--stage {stage}' && make docs SYNTHESISED=cdk.out"
    )
