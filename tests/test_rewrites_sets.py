"""What is found out about a set of rewrites as a whole."""

import json
import os
import random
import subprocess
import sys
import time
import tracemalloc

import pytest
from rewrite_rows import check_of, report_of, rewrite_row

from assayoffice.rl.rewrites.policy import SetPolicy
from assayoffice.rl.rewrites.reports import CheckState
from assayoffice.rl.rewrites.sets.answer_types import answer_type
from assayoffice.rl.rewrites.sets.checks import SetChecks
from assayoffice.rl.rewrites.sets.words import words

PROBLEM = (
    "A farmer has a rectangular field that is 40 metres long and 25 metres wide, and puts a fence "
    "around it with a gate on the shorter side. How many metres of fence does he need?"
)


def numbers(check) -> list[int]:
    return [each.number for each in check.rows]


class TestDuplicates:
    def test_the_later_row_is_named_and_the_earlier_told(self):
        rows = [rewrite_row(1, PROBLEM), rewrite_row(2, "Another."), rewrite_row(3, PROBLEM)]
        check = check_of("duplicates", rows)
        assert (check.state, check.reason) == (CheckState.FAILED, "REPEATED")
        assert [(each.file, each.number, each.id) for each in check.rows] == [
            ("set.jsonl", 3, "row-3")
        ]
        assert "set.jsonl row 1 (row-1)" in check.rows[0].detail

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("Find  $\\frac{1}{2}x$.", "find \\(\\dfrac{1}{2} x\\)"),
            ("What is 3 × 4 − 5?", "What is $3 \\times 4 - 5$?"),
            ("Solve x ≤ 3.", "Solve $x \\le 3$"),
            ("Ｆｉｎｄ \\text{the} sum", "find the sum"),
        ],
    )
    def test_what_differs_in_dress_is_the_same(self, one, other):
        assert numbers(check_of("duplicates", [rewrite_row(1, one), rewrite_row(2, other)])) == [2]

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("What is x + 1?", "What is x - 1?"),
            ("What is 2(3 + 4)?", "What is 2 3 + 4?"),
            ("What is 1.5 of it?", "What is 15 of it?"),
            ("Solve x ≤ 3.", "Solve x ≥ 3."),
        ],
    )
    def test_what_differs_in_mathematics_is_not(self, one, other):
        check = check_of("duplicates", [rewrite_row(1, one), rewrite_row(2, other)])
        assert check.state is CheckState.PASSED

    def test_references_that_differ_are_told(self):
        rows = [rewrite_row(1, PROBLEM), rewrite_row(2, PROBLEM, reference="14")]
        check = check_of("duplicates", rows)
        assert check.reason == "CONFLICTING_REFERENCES"
        assert "'14' here and '13' there" in check.rows[0].detail

    def test_huge_texts_that_differ_at_their_ends_are_told_apart(self):
        long = "word " * 60_000
        rows = [rewrite_row(1, long + "a"), rewrite_row(2, long + "b"), rewrite_row(3, long + "a")]
        assert numbers(check_of("duplicates", rows)) == [3]


class TestNearDuplicates:
    def test_of_different_originals(self):
        rows = [rewrite_row(1, PROBLEM), rewrite_row(2, PROBLEM.replace("farmer", "gardener"))]
        check = check_of("near_duplicates", rows)
        assert (check.state, check.reason) == (CheckState.FAILED, "NEARLY_REPEATED")
        assert numbers(check) == [2]
        assert "similarity 0.8" in check.rows[0].detail
        assert "set.jsonl row 1" in check.rows[0].detail

    def test_rewrites_of_one_original_may_be_that_alike(self):
        rows = [
            rewrite_row(1, PROBLEM, original_id="o"),
            rewrite_row(2, PROBLEM.replace("farmer", "gardener"), original_id="o"),
        ]
        assert check_of("near_duplicates", rows).state is CheckState.PASSED

    def test_rewrites_of_one_original_that_hardly_differ(self):
        long = " ".join(
            f"word{'abcdefghij'[index // 10]}{'klmnopqrst'[index % 10]}" for index in range(99)
        )
        rows = [
            rewrite_row(1, long, original_id="o"),
            rewrite_row(2, f"{long} now", original_id="o"),
            # It asks something else.
            rewrite_row(3, f"{long} then", original_id="o", reference="14"),
        ]
        check = check_of("near_duplicates", rows)
        assert (check.reason, numbers(check)) == ("REWRITES_TOO_ALIKE", [2])

    def test_other_numbers_make_another_problem(self):
        rows = [rewrite_row(1, PROBLEM), rewrite_row(2, PROBLEM.replace("40", "70"))]
        assert check_of("near_duplicates", rows).state is CheckState.PASSED

    def test_groups(self):
        rows = [
            rewrite_row(number, PROBLEM.replace("farmer", name))
            for number, name in enumerate(["farmer", "king", "monk"], start=1)
        ]
        figures = check_of("near_duplicates", [*rows, rewrite_row(9, "Else.")]).figures
        assert (figures["rows"], figures["groups"], figures["largest_group"]) == (2, 1, 3)

    def test_a_row_is_named_with_the_most_similar(self):
        rows = [
            rewrite_row(1, PROBLEM.replace("farmer", "man").replace("fence", "wall")),
            rewrite_row(2, PROBLEM.replace("farmer", "king")),
            rewrite_row(3, PROBLEM),
        ]
        (finding,) = [each for each in check_of("near_duplicates", rows).rows if each.number == 3]
        assert "row 2" in finding.detail


class TestUnchanged:
    def test_a_rewrite_that_is_its_original(self):
        rows = [rewrite_row(1, PROBLEM, original_problem=f" {PROBLEM.upper()}")]
        check = check_of("unchanged", rows)
        assert (check.state, check.reason, numbers(check)) == (CheckState.FAILED, "UNCHANGED", [1])

    @pytest.mark.parametrize("changed", [{"source": "real"}, {"original_problem": ""}])
    def test_real_problems_and_unknown_originals_are_not(self, changed):
        rows = [rewrite_row(1, PROBLEM, **{"original_problem": PROBLEM, **changed})]
        assert check_of("unchanged", rows).state is CheckState.PASSED


class TestTemplates:
    def test_rows_beyond_the_share(self):
        rows = [
            rewrite_row(number, f"What is {number} plus {2 * number}?") for number in range(1, 31)
        ]
        rows += [rewrite_row(number, f"Say {'a' * number}.") for number in range(31, 101)]
        check = check_of("templates", rows)
        assert (check.state, check.reason) == (CheckState.FAILED, "ONE_TEMPLATE")
        assert numbers(check) == list(range(21, 31))  # 20 % of 100 may stay
        assert check.figures == {"templates": 71, "largest_template": 30, "largest_share": 0.3}
        assert check_of("templates", rows, SetPolicy(max_template_share=0.3)).rows == ()

    def test_small_sets_fail_no_share(self):
        rows = [rewrite_row(number, f"What is {number}?") for number in range(1, 50)]
        assert check_of("templates", rows).reason == "SMALL_SET"
        assert (
            check_of("templates", [*rows, rewrite_row(50, "What is 0?")]).reason == "ONE_TEMPLATE"
        )


class TestBalance:
    def rows(self):
        for number in range(1, 61):
            yield rewrite_row(
                number,
                f"Problem {'x' * number}",
                domain="algebra" if number <= 20 else "geometry",
                kind="paraphrase" if number % 2 else "variation",
                source="real" if number <= 5 else "synthetic",
                reference="1/2" if number == 7 else "13",
            )

    def test_histograms(self):
        assert report_of(self.rows()).histograms == {
            "sources": {"synthetic": 55, "real": 5},
            "kinds": {"paraphrase": 30, "variation": 30},
            "domains": {"geometry": 40, "algebra": 20},
            "verifiers": {"numeric": 60},
            "answer_types": {"integer": 59, "fraction": 1},
        }

    @pytest.mark.parametrize(
        ("shares", "told"),
        [
            ({"real": {"algebra": (0.5, 1.0)}}, "25.0% real rows in domain 'algebra' (5 of 20)"),
            ({"real": {"*": (0.1, 1.0)}}, "0.0% real rows in domain 'geometry'"),
            ({"real": {"*": (0.0, 0.2)}}, "25.0% real rows in domain 'algebra'"),
            ({"kind": {"paraphrase": (0.0, 0.4)}}, "50.0% rows of kind 'paraphrase'"),
            ({"kind": {"code_to_puzzle": (0.1, 1.0)}}, "0.0% rows of kind 'code_to_puzzle'"),
            ({"answer_type": {"integer": (0.0, 0.9)}}, "98.3% rows of answer_type 'integer'"),
            ({"verifier": {"*": (0.0, 0.5)}}, "100.0% rows of verifier 'numeric'"),
        ],
    )
    def test_shares_out_of_bounds(self, shares, told):
        check = check_of("balance", self.rows(), SetPolicy(shares=shares))
        assert (check.state, check.reason) == (CheckState.FAILED, "OUT_OF_BOUNDS")
        assert told in check.explanation

    def test_the_first_row_with_too_many_is_named(self):
        policy = SetPolicy(shares={"real": {"*": (0.1, 1.0)}})
        assert numbers(check_of("balance", self.rows(), policy)) == [21]

    def test_within_bounds_and_without(self):
        within = SetPolicy(shares={"real": {"*": (0.0, 0.2), "algebra": (0.2, 0.3)}})
        assert check_of("balance", self.rows(), within).state is CheckState.PASSED
        assert check_of("balance", self.rows()).reason == "NO_BOUNDS"
        small = SetPolicy(shares={"kind": {"*": (0.0, 0.1)}}, min_rows_for_shares=61)
        assert check_of("balance", self.rows(), small).reason == "SMALL_SET"


@pytest.mark.parametrize(
    ("reference", "kind"),
    [
        ("13", "integer"),
        ("-1,234", "integer"),
        ("$x = 7$", "integer"),
        ("\\boxed{4}", "integer"),
        ("0.5", "decimal"),
        ("1.5e-3", "decimal"),
        ("-\\dfrac{3}{4}", "fraction"),
        ("2 1/2", "fraction"),
        ("50\\%", "percent"),
        ("5 cm", "value with unit"),
        ("3\\,\\text{m}^2", "value with unit"),
        ("90^\\circ", "value with unit"),
        ("(1, 2)", "tuple"),
        ("[0, 1)", "interval"),
        ("(-\\infty, 3]", "interval"),
        ("\\{1, 2\\}", "set"),
        ("1, 2", "list"),
        ("x \\ge 3", "inequality"),
        ("x + y = 3", "equation"),
        ("\\sqrt{2}", "expression"),
        ("f(1, 2)", "expression"),
        ("", "expression"),
        ("((((" * 500, "expression"),
    ],
)
def test_answer_types(reference, kind):
    assert answer_type("numeric", reference) == kind


def test_answer_types_of_other_verifiers():
    named = {"choice": "B", "code": "", "lean": "theorem t : True", "my_own": "7"}
    found = [answer_type(verifier, reference) for verifier, reference in named.items()]
    assert found == ["choice letter", "program", "proof", "other"]
    assert answer_type("choice", "AC") == "choice letters"


def test_gates_decide_what_fails_the_run():
    rows = [rewrite_row(1, PROBLEM), rewrite_row(2, PROBLEM)]
    assert report_of(rows).failed == ("duplicates",)
    lenient = report_of(rows, SetPolicy(gates={"duplicates": "report"}))
    assert lenient.failed == ()
    assert lenient.checks[0].state is CheckState.FAILED
    written = json.loads(json.dumps(report_of(rows).json()))
    assert written["failed"] == ["duplicates"]
    assert written["checks"][0]["rows"][0]["row"] == 2


def test_an_empty_set():
    report = report_of([])
    assert report.failed == ()
    assert report.histograms["kinds"] == {}


def test_hostile_texts():
    hostile = ["…", "\x00", "“", "\\" * 5000, "{" * 5000, "\u202e" * 500, "1" * 10_000, "$" * 9]
    rows = [rewrite_row(index, each) for index, each in enumerate(hostile, start=1)]
    report = report_of(rows)
    assert report.failed == ()
    assert sum(report.histograms["kinds"].values()) == len(hostile)


_TWICE = """
import json, sys
sys.path.insert(0, {tests!r})
from rewrite_rows import report_of, rewrite_row
import random
rng = random.Random(5)
def text(): return " ".join(rng.choice("abcdefgh") * rng.randint(1, 3) for _ in range(25))
kept = [text() for _ in range(40)]
rows = [rewrite_row(n, kept[n % 40].replace("aa", "zz", n // 40)) for n in range(200)]
print(json.dumps(report_of(rows).json()))
"""


def test_equal_in_every_process():
    def run(seed: str) -> str:
        script = _TWICE.format(tests=os.path.dirname(__file__))
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        return subprocess.run(
            [sys.executable, "-c", script],
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    first = run("1")
    assert first == run("2")
    assert json.loads(first)["checks"][1]["rows"]


def _many(count: int, rng: random.Random):
    syllables = [a + b for a in "bcdfgklmnprst" for b in "aeiou"]
    vocabulary = ["".join(rng.choices(syllables, k=2)) for _ in range(2000)]
    for number in range(1, count + 1):
        problem = " ".join(rng.choices(vocabulary, k=60))
        if number % 3 == 0:
            problem = f"A train of {number} cars goes {number % 97} km. How far in {number % 89} h?"
        yield rewrite_row(number, problem)


def test_a_thousand_rows_take_seconds_and_little_memory():
    rows = list(_many(1000, random.Random(1)))
    began = time.process_time()
    report_of(rows)
    assert time.process_time() - began < 5
    checks = SetChecks(SetPolicy())
    tracemalloc.start()
    try:
        for row in rows:
            checks.add(row)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 1000 * 16_384


def test_a_crowd_of_like_texts_does_not_take_quadratic_time():
    words_of = "abcdefghij"
    rows = [
        rewrite_row(
            number,
            PROBLEM.replace("farmer", "".join(words_of[int(each)] for each in str(number))),
        )
        for number in range(1, 801)
    ]
    began = time.process_time()
    check = check_of("near_duplicates", rows)
    assert time.process_time() - began < 10
    assert check.figures["rows"] == 799


def test_small_numbers_in_words_are_numbers():
    rows = [
        rewrite_row(1, "A farmer has 12 cows and 7 sheep. How many animals is that?"),
        rewrite_row(2, "A farmer has Twelve cows and seven sheep. How many animals is that?"),
    ]
    assert check_of("duplicates", rows).reason == "REPEATED"


def test_words_of_other_scripts():
    assert words("求和 1+1，さ") == ["求", "和", "1", "+", "1", "さ"]
    assert words("… ¿ —") == ["-"]
    assert words("… ¿") == ["…", "¿"]


def test_words():
    assert words("Let $\\left(\\dfrac{1}{2}x\\right) \\le −4.5 \\cdot y$, Für?") == [
        *["let", "(", "frac", "1", "2", "x", ")", "≤", "-", "4.5", "*", "y", "fur"]
    ]
    assert words("a ≠ b, a \u0338= b, 5 μm, naïve, \u0440\u0430ир") == [
        *["a", "≠", "b", "a", "=", "b", "5", "μm", "naive", "\u0440\u0430ир"]
    ]
