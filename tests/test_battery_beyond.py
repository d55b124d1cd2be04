"""Programs that go further than the usual attacks."""

import pytest
from battery import beyond
from battery.box import Box
from battery.case import Case


@pytest.fixture(scope="module")
def box():
    with Box() as made:
        yield made


@pytest.mark.parametrize("case", beyond.CASES, ids=str)
def test_program_gains_nothing_and_leaves_nothing(box: Box, case: Case) -> None:
    box.run(case)
