"""Programs that use up what they can, or end in odd ways."""

import pytest
from battery import resources
from battery.box import Box
from battery.case import Case


@pytest.fixture(scope="module")
def box():
    with Box() as made:
        yield made


@pytest.mark.parametrize("case", resources.CASES, ids=str)
def test_program_is_ended_as_documented_and_leaves_nothing(box: Box, case: Case) -> None:
    box.run(case)
