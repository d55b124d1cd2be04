"""The regression matrix: whether domains kept their gains, without a service or a trainer."""

from typing import Any

import pytest

from assayoffice.rl.playbook.differences import difference
from assayoffice.rl.playbook.gate import Reference
from assayoffice.rl.playbook.matrix import Matrix, Standing, matrix
from assayoffice.rl.playbook.matrix_json import matrix_as_json
from assayoffice.rl.playbook.plan import GateConfig
from assayoffice.rl.playbook.results import Measured
from assayoffice.rl.statistics.intervals import Tally

PROBLEMS = 60
SAMPLES = 10
GATE = GateConfig(tolerance=0.05)


def measured(**right: float) -> Measured:
    """So large shares of each domain's samples right, a little more or less by problem."""
    return Measured(
        {
            domain: {
                f"p{number}": Tally(round(SAMPLES * share) + (number % 3 - 1), SAMPLES)
                for number in range(PROBLEMS)
            }
            for domain, share in right.items()
        }
    )


def made(last: float, *explored: float, start: float = 0.3, gate: GateConfig = GATE) -> Matrix:
    """The matrix of domain a: where it started, how it was explored, and where it ends."""
    base = {"a": measured(a=start)}
    runs = tuple(measured(a=each).shares("a") for each in explored)
    found = difference([base["a"].shares("a")], runs, 0.95) if runs else None
    best = {"a": Reference("its runs", runs, found.runs)} if found else {}
    return matrix(["a"], {"sft": measured(a=0.3), "grpo": measured(a=last)}, base, best, gate, ())


class TestStandings:
    @pytest.mark.parametrize(
        ("last", "against_start", "against_best"),
        [
            (0.7, Standing.BETTER, Standing.BETTER),
            (0.6, Standing.BETTER, Standing.KEPT),
            (0.5, Standing.BETTER, Standing.LOST),
            (0.3, Standing.KEPT, Standing.LOST),
            (0.2, Standing.LOST, Standing.LOST),
        ],
    )
    def test_last_checkpoint_is_held_to_base_model_and_best(
        self, last, against_start, against_best
    ):
        (row,) = made(last, 0.6, 0.6, 0.6).rows
        assert (row.against_start, row.against_best) == (against_start, against_best)
        assert row.best_accuracy == pytest.approx(0.6)

    def test_gain_that_is_kept_is_no_loss_and_one_that_is_lost_is(self):
        assert made(0.6, 0.6, 0.6).lost == ()
        assert made(0.5, 0.6, 0.6).lost == ("a",)
        assert made(0.2).lost == ("a",)

    def test_loss_within_the_tolerance_is_none(self):
        gate = GateConfig(tolerance=0.15)
        assert made(0.5, 0.6, 0.6, gate=gate).rows[0].against_best is Standing.KEPT

    def test_run_that_may_have_been_unlucky_cannot_be_told(self):
        # Explored runs lay far apart, so where the one run ends says little.
        (row,) = made(0.5, 0.4, 0.6, 0.8).rows
        assert row.against_best is Standing.UNKNOWN
        assert "cannot tell" in row.sentence and made(0.5, 0.4, 0.6, 0.8).lost == ()

    def test_too_few_problems_cannot_tell(self):
        gate = GateConfig(minimum_problems=PROBLEMS + 1)
        (row,) = made(0.2, 0.6, 0.6, gate=gate).rows
        assert (row.against_start, row.against_best) == (Standing.UNKNOWN, Standing.UNKNOWN)


class TestTable:
    def test_domain_that_was_not_explored_is_watched(self):
        start = {"a": measured(a=0.3), "b": measured(b=0.5)}
        last = measured(a=0.6, b=0.3)
        found = matrix(["a", "b"], {"sft": last}, start, {}, GATE, ("b",))
        assert found.checkpoints == ("start", "sft")
        assert found.rows[1].against_best is None and found.lost == ("b",)
        assert found.without_evidence == ("b",)

    def test_domain_without_verdicts_has_no_numbers(self):
        found = matrix(["a"], {"sft": measured()}, {"a": measured(a=0.3)}, {}, GATE, ())
        cell = found.rows[0].cells["sft"]
        assert (cell.accuracy, cell.to_start) == (None, None)
        assert found.rows[0].against_start is Standing.UNKNOWN

    def test_cells_hold_accuracies_and_paired_differences(self):
        written: Any = matrix_as_json(made(0.6, 0.5, 0.7))
        (row,) = written["domains"]
        assert written["checkpoints"] == ["start", "sft", "grpo"]
        cells = row["checkpoints"]
        assert cells["start"]["accuracy"]["value"] == pytest.approx(0.3)
        assert cells["start"]["to_start"] is None
        assert cells["grpo"]["to_start"]["value"] == pytest.approx(0.3)
        # Two runs of exploration differ by 0.2, which the one run's interval borrows.
        assert cells["grpo"]["to_best"]["value"] == pytest.approx(0, abs=1e-9)
        assert cells["grpo"]["to_best"]["high"] > 0.2
