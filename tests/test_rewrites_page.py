"""The page about rewrites: what it says, that it is whole, and that hostile texts stay texts."""

import random
import re
import time
from html.parser import HTMLParser
from pathlib import Path

import grpc
import pytest
from rewrite_rows import report_of, rewrite_row

from assayoffice.rl.results import Hallmark, ItemError
from assayoffice.rl.rewrites.outcomes import RowOutcome
from assayoffice.rl.rewrites.page.formulas import mathml
from assayoffice.rl.rewrites.page.prose import prose
from assayoffice.rl.rewrites.page.report import write
from assayoffice.rl.rewrites.reports import Check, CheckState, Evidence, Report
from assayoffice.rl.stamps import Stamp

HOSTILE = (
    "</script></style></title></div>--><script>alert(1)</script><img src=x onerror=alert(1)>"
    "\"' onmouseover=alert(1) javascript:alert(1) &lt;b&gt; ${7*7} \x00\x1b[31m\u202eabc"
    r" $\text{<img src=x onerror=alert(1)>}$ $\text{&lt;script>}$ \(\href{javascript:alert(1)}{x}\)"
    r" $\color{red" + '"' + r" onload=alert(1)}{x}$ $\class{a}{b}$"
)


class Page(HTMLParser):
    """Elements, attributes and texts of a page; fails on markup that is not closed."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.texts: list[str] = []
        self.feed(markup)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in ("meta",):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


def report(*checks: Check, score: float = 0.0) -> Report:
    passed = Check("round_trip", CheckState.PASSED, "RENDERINGS_ACCEPTED", "All accepted.")
    hallmark = Hallmark("numeric", "1", "ab" * 32)
    return Report("id", (passed, *checks), score, 2, hallmark, Stamp("ab" * 32, "cd" * 32))


def outcome(number: int, *checks: Check, id: str = "", **changed: object) -> RowOutcome:
    row = rewrite_row(number, str(changed.pop("problem", "What is 6 + 7?")), **changed)
    failed = tuple(each.name for each in checks if each.state is CheckState.FAILED)
    result = report(*checks, score=0.0 if failed else 1.0)
    return RowOutcome(row, "set.jsonl", number, id or row.id, result, failed)


def error(number: int, message: str = "the service was overloaded") -> RowOutcome:
    found = ItemError(f"e{number}", grpc.StatusCode.UNAVAILABLE, "OVERLOADED", message)
    return RowOutcome(None, "set.jsonl", number, f"e{number}", found)


CONFLICT = Check(
    "premises",
    CheckState.FAILED,
    "CONTRADICTORY",
    "The premises contradict each other. Change one of them.",
    "exact",
    (
        Evidence("redundant", "x > -1", "follows from the others", True),
        Evidence("conflict", "x**2 == -1", "without it the others can hold", False),
    ),
    {"constraints": 2.0},
)
SOLUTIONS = Check(
    "solutions",
    CheckState.FAILED,
    "OTHER_CONSENSUS",
    "Of 4 solutions 1 agrees on the reference, and 3 on another answer.",
    evidence=(
        Evidence("class", "12", "3 of 4 solutions", False),
        Evidence("class", "13", "1 of 4 solutions", True),
    ),
    figures={"entropy": 0.811278},
)


@pytest.fixture
def made(tmp_path):
    def make(*outcomes: RowOutcome, **facts: str) -> Page:
        sets = report_of(each.row for each in outcomes if each.row is not None)
        output = tmp_path / "page.html"
        write(iter(outcomes), sets, output, facts=facts)
        return Page(output.read_text("utf-8"))

    return make


class TestWhatItSays:
    def test_headline_and_facts(self, made):
        page = made(outcome(1), outcome(2, CONFLICT, problem="Other."), error(3), policy="strict")
        assert "1 of 3 rewrites admitted" in page.text
        assert "33.3% of 3 rows" in page.text
        assert "policy strict" in page.text
        assert page.tags.count("h1") == 1

    def test_a_row_kept_out_is_told_with_all_that_it_rests_on(self, made):
        row = outcome(
            7,
            CONFLICT,
            problem="Find $x$ with $x^2 = -1$.",
            original_problem=r"Show that \(x^2 = -1\) has no real root.",
            original_id="no-root",
        )
        page = made(row)
        for said in (
            "row-7",
            "set.jsonl:7",
            "Original: no-root",
            "Show that",
            "CONTRADICTORY",
            "The premises contradict each other. Change one of them.",
            "x**2 == -1",
            "without it the others can hold",
            "constraints 2",
        ):
            assert said in page.text
        # What is not as it should be stands first.
        assert page.text.index("x**2 == -1 without") < page.text.index("x > -1 follows")
        assert page.tags.count("msup") == 2

    def test_classes_of_solutions_are_bars(self, made):
        page = made(outcome(1, SOLUTIONS))
        widths = [value for name, value in page.attributes if name == "style" and value]
        assert widths[-2:] == ["width:75%", "width:25%"]
        assert "1 of 4 (the reference)" in page.text

    def test_errors_say_nothing_about_rows(self, made):
        page = made(outcome(1), error(2))
        assert "OVERLOADED the service was overloaded" in page.text
        assert "the error says nothing about them" in page.text

    def test_findings_of_the_set(self, made):
        page = made(outcome(1), outcome(2))
        assert "The set as a whole fails: duplicates." in page.text
        assert "the same problem as set.jsonl row 1 (row-1)" in page.text

    def test_what_the_policy_only_reports(self, made):
        lenient = RowOutcome(
            outcome(1).row, "set.jsonl", 1, "row-1", report(SOLUTIONS, CONFLICT), ("premises",)
        )
        assert "OTHER_CONSENSUS reported only" in made(lenient).text

    def test_everything_passes(self, made):
        page = made(outcome(1))
        assert "Every row and the set as a whole pass." in page.text
        assert "Rows kept out None." in page.text

    def test_an_empty_set(self, made):
        assert "0 of 0 rewrites admitted" in made().text

    def test_charts_count_rows(self, made):
        page = made(*(outcome(number, problem="a" * number) for number in range(1, 8)), error(8))
        assert "Verifiability score" in page.text
        assert ("title", "admitted 7, kept out 0, error 0") in page.attributes
        assert ("style", "width:100.00%") in page.attributes
        assert "error: OVERLOADED" in page.text


class TestHostileTexts:
    @pytest.fixture
    def page(self, made):
        evil = Check(
            HOSTILE,
            CheckState.FAILED,
            HOSTILE,
            HOSTILE,
            HOSTILE,
            (
                Evidence(HOSTILE, HOSTILE, HOSTILE, False),
                Evidence("class", HOSTILE, "9 of 9 solutions", True),
            ),
            {HOSTILE: 1.0},
        )
        row = outcome(
            1,
            evil,
            problem=f"{HOSTILE}\n```python\n{HOSTILE}\n```",
            original_problem=HOSTILE,
            original_id=HOSTILE,
            domain=HOSTILE[:200],
            reference=HOSTILE,
        )
        named = RowOutcome(row.row, HOSTILE, 1, HOSTILE, row.result, row.failed)
        return made(named, error(2, HOSTILE), outcome(3, id=HOSTILE), **{"policy": HOSTILE})

    def test_nothing_of_them_becomes_an_element(self, page):
        assert not set(page.tags) & {"script", "img", "iframe", "link", "object", "form", "a"}

    def test_nothing_of_them_becomes_an_attribute(self, page):
        names = {name for name, _ in page.attributes}
        assert not {each for each in names if each.startswith("on")}
        assert not names & {"href", "src", "xlink:href", "action", "srcdoc", "xmlns"}
        assert not [value for _, value in page.attributes if value and "javascript:" in value]

    def test_they_are_shown(self, page):
        assert "<script>alert(1)</script>" in page.text

    def test_what_cannot_be_seen_is_named(self, page):
        assert "⟨00⟩⟨1B⟩[31m⟨202E⟩abc" in page.text
        assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e]", page.text)

    def test_its_policy_forbids_to_load_and_run(self, page):
        assert ("content", "default-src 'none'; style-src 'unsafe-inline'") in page.attributes


class TestFormulas:
    @pytest.mark.parametrize(
        ("text", "tag"),
        [
            (r"$\frac{1}{2}$", "mfrac"),
            (r"$$\sum_{k=1}^n k$$", "munderover"),
            (r"\(\sqrt{2}\)", "msqrt"),
            (r"\[\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}\]", "mtable"),
            (r"Let $a<b$ and", "mo"),
        ],
    )
    def test_become_mathml(self, text, tag):
        page = Page(prose(text))
        assert tag in page.tags
        assert "$" not in page.text
        assert "\\" not in page.text

    @pytest.mark.parametrize(
        "text",
        [
            "It costs $5 and then $10 more.",
            "a lone $ sign",
            r"an unclosed \( bracket",
            "$$",
            r"\$5\$",
            "$ spaced $",
        ],
    )
    def test_money_and_lone_signs_do_not(self, text):
        page = Page(prose(text))
        assert "math" not in page.tags
        assert page.text == text.replace(r"\$", "$")

    @pytest.mark.parametrize(
        "latex", [r"\frac", r"x^2^3", r"\left( x", r"\begin{pmatrix} 1", "{" * 40 + "}" * 40]
    )
    def test_what_cannot_be_converted_is_shown_as_it_is(self, latex):
        page = Page(prose(f"See ${latex}$ here"))
        assert "code" in page.tags
        assert f"${latex}$" in page.text

    def test_programs_stand_as_they_are(self):
        page = Page(prose("Run\n```python\nprint('$x$' < 2)\n```\nand say."))
        assert "pre" in page.tags
        assert "math" not in page.tags
        assert "print('$x$' < 2)" in page.text

    def test_hostile_formulas_take_no_time(self):
        began = time.process_time()
        for piece in (
            "{",
            "}",
            "\\frac{",
            "x^{",
            "\\sqrt ",
            "\\left(",
            "\\begin{matrix}",
            "&",
            "$",
            "\\(",
            "\\",
            "_",
            "'",
            "\\text{",
            "$x$",
            "$$x",
            "```",
        ):
            Page(prose(piece * (200_000 // len(piece))))
            mathml(piece * (1000 // len(piece)), True)
        assert time.process_time() - began < 10

    def test_made_up_latex_never_escapes_nor_raises(self):
        rng = random.Random(3)
        commands = (
            r"\frac \sqrt \text \left \right \begin{matrix} \end{matrix} \color \hspace \limits "
            r"\overline \operatorname \mathbb \binom \genfrac \substack \not \middle \big "
            r"\sum \int \prod \lim \dot \vec \hat \overset \underset \stackrel \href \style \class "
            r"\\ \xrightarrow"
        )
        pieces = [*commands.split(), *"{}[]()^_&x1<>\"' é%#"]
        for _ in range(3000):
            latex = "".join(rng.choices(pieces, k=rng.randint(1, 12)))
            markup = mathml(latex, False)
            if markup is not None:
                names = {name for name, _ in Page(markup).attributes}
                assert not names & {"href", "style", "class"}


def test_large_sets_make_a_page_of_bounded_size(tmp_path):
    long = "A long problem with $x^2$ in it. " * 100

    def outcomes():
        for number in range(1, 401):
            yield outcome(number, CONFLICT, problem=long, original_problem=long)
            yield error(1_000 + number)

    output = tmp_path / "page.html"
    write(outcomes(), report_of([]), output, facts={})
    page = Page(output.read_text("utf-8"))
    assert "The first 200 of 400 are shown" in page.text
    assert page.tags.count("article") == 200
    assert output.stat().st_size < 20_000_000


def test_the_page_is_written_whole_or_not_at_all(tmp_path):
    output = Path(tmp_path / "page.html")
    output.write_text("before")

    def broken():
        yield outcome(1)
        raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        write(broken(), report_of([]), output, facts={})
    assert output.read_text() == "before"
