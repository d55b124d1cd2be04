"""Student's distribution agrees with scipy's, where the interval needs it and far beyond."""

import pytest
from scipy import stats

from assayoffice.rl.statistics.student import student_outside, student_quantile

FREEDOMS = (0.5, 1, 1.7, 2, 5, 29, 199, 12345.6)


@pytest.mark.parametrize("freedom", FREEDOMS)
@pytest.mark.parametrize("level", [0.0, 0.3, 0.6, 0.95, 0.99, 0.9999])
def test_quantile(freedom, level):
    expected = stats.t.ppf((1 + level) / 2, freedom)
    assert student_quantile(freedom, level) == pytest.approx(expected, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("freedom", FREEDOMS)
@pytest.mark.parametrize("bound", [0, 1e-3, 0.5, 1, 3, 20, 1e6])
def test_probability(freedom, bound):
    expected = 2 * stats.t.sf(bound, freedom)
    assert student_outside(bound, freedom) == pytest.approx(expected, rel=1e-9, abs=1e-15)


def test_one_degree_is_cauchy():
    assert student_quantile(1) == pytest.approx(12.7062047362)
    assert student_outside(float("inf"), 3) == 0


@pytest.mark.parametrize(("freedom", "level"), [(0, 0.95), (-1, 0.5), (3, 1.0), (3, -0.1)])
def test_what_has_no_quantile_is_refused(freedom, level):
    with pytest.raises(ValueError, match="no quantile"):
        student_quantile(freedom, level)
