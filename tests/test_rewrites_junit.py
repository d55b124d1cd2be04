"""JUnit XML and GitHub annotations of outcomes, whatever the rows say."""

import io
import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path

import grpc
import pytest

from assayoffice.rl.results import Hallmark, ItemError
from assayoffice.rl.rewrites import github, junit
from assayoffice.rl.rewrites.outcomes import RowOutcome
from assayoffice.rl.rewrites.reports import Check, CheckState, Evidence, Report
from assayoffice.rl.rewrites.rows import row_of
from assayoffice.rl.rewrites.sets.set_report import SetCheck, SetFinding, SetReport
from assayoffice.rl.rewrites.tally import Tally
from assayoffice.rl.stamps import Stamp

DIGEST = "ab" * 32
HOSTILE = "]]></failure>&<x a='\"'>\x00\x1b[31m\ud800\uffff\r\n::error::forged\n::stop-commands::x"
NO_SETS = SetReport((), {})
# Attributes that CI servers know, by element, and what may stand in it.
SCHEMA = {
    "testsuites": ({"name", "tests", "failures", "errors"}, ["testsuite"]),
    "testsuite": ({"name", "tests", "failures", "errors"}, ["properties", "testcase"]),
    "properties": (set(), ["property"]),
    "property": ({"name", "value"}, []),
    "testcase": ({"name", "classname", "file", "line"}, ["skipped", "error", "failure"]),
    "failure": ({"type", "message"}, []),
    "error": ({"type", "message"}, []),
    "skipped": ({"message"}, []),
}


def outcome(id: str, file: str = "rows.jsonl", number: int = 1, says: str = "") -> RowOutcome:
    """A row's outcome; kept out because of its leak where there is something to say."""
    content = {
        "id": "a",
        "kind": "paraphrase",
        "problem": "?",
        "verifier": "numeric",
        "reference": "13",
        "original": {"id": "o"},
        "provenance": {"source": "real"},
    }
    state = CheckState.FAILED if says else CheckState.PASSED
    evidence = (Evidence("place", says, says, False), Evidence("other", "fine", "", True))
    checks = (Check("leak", state, "REFERENCE_IN_PROBLEM", says, "", evidence),)
    report = Report(id, checks, 1.0, 1, Hallmark("numeric", "1", DIGEST), Stamp(DIGEST, DIGEST))
    row = row_of(content, file, number)
    return RowOutcome(row, file, number, id, report, ("leak",) if says else ())


def error(id: str, message: str, file: str = "rows.jsonl", number: int = 1) -> RowOutcome:
    wrong = ItemError(id, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_ROW", message)
    return RowOutcome(None, file, number, id, wrong)


def set_report(*rows: SetFinding, state: CheckState = CheckState.FAILED) -> SetReport:
    check = SetCheck("duplicates", state, "REPEATED", HOSTILE, True, rows, {})
    report = SetCheck("balance", CheckState.FAILED, "SHARE", "too few", False, (), {})
    nothing = SetCheck("contamination", CheckState.NOT_APPLICABLE, "", "no list", True, (), {})
    return SetReport((check, report, nothing), {})


def written(outcomes: Sequence[RowOutcome], sets: SetReport = NO_SETS) -> ET.Element:
    tally, output = Tally(), io.StringIO()
    for each in outcomes:
        tally.add(each)
    junit.write(outcomes, sets, tally, {"policy": f"strict{HOSTILE}"}, output)
    root = ET.fromstring(output.getvalue().encode())
    _validate(root)
    return root


def part(element: ET.Element, name: str) -> ET.Element:
    """The part of that name, which is there."""
    found = element.find(name)
    assert found is not None
    return found


def text(element: ET.Element) -> str:
    return element.text or ""


def _validate(element: ET.Element) -> None:
    attributes, children = SCHEMA[element.tag]
    assert set(element.keys()) <= attributes
    places = [children.index(child.tag) for child in element]
    assert places == sorted(places)
    for child in element:
        _validate(child)


class TestJunit:
    def test_rows_are_cases_of_their_file_with_their_line(self):
        root = written(
            [
                outcome("a"),
                outcome("b", number=2, says="it is there"),
                error("c", "kind: missing", number=3),
                outcome("d", file="more.jsonl"),
            ]
        )
        assert root.attrib == {
            "name": "assay rewrites check",
            "tests": "4",
            "failures": "1",
            "errors": "1",
        }
        first, second, whole = root.findall("testsuite")
        assert (first.get("name"), first.get("tests")) == ("rows.jsonl", "3")
        assert (first.get("failures"), first.get("errors")) == ("1", "1")
        assert (second.get("name"), second.get("tests")) == ("more.jsonl", "1")
        assert (whole.get("name"), whole.get("tests")) == ("the set as a whole", "0")
        passed, failed, broken = first.findall("testcase")
        assert list(passed) == []
        assert failed.attrib == {
            "name": "b",
            "classname": "paraphrase",
            "file": "rows.jsonl",
            "line": "2",
        }
        failure = part(failed, "failure")
        assert failure.attrib == {
            "type": "REFERENCE_IN_PROBLEM",
            "message": "leak: it is there",
        }
        assert "rows.jsonl:2 is kept out:\nleak REFERENCE_IN_PROBLEM" in text(failure)
        assert "place: it is there" in text(failure) and "fine" not in text(failure)
        assert part(broken, "error").attrib == {"type": "INVALID_ROW", "message": "kind: missing"}

    def test_set_checks_are_cases(self):
        root = written(
            [outcome("a")], set_report(SetFinding("rows.jsonl", 7, "b", "repeats row 1"))
        )
        assert (root.get("tests"), root.get("failures")) == ("4", "1")
        duplicates, balance, contamination = root.findall("testsuite")[1].findall("testcase")
        assert "rows.jsonl:7 b: repeats row 1" in text(part(duplicates, "failure"))
        assert list(balance) == []
        assert part(contamination, "skipped").get("message") == "no list"

    def test_hostile_text_stays_text(self):
        root = written([outcome(HOSTILE, says=HOSTILE), error("b", HOSTILE)], set_report())
        (suite,) = [each for each in root if each.get("name") == "rows.jsonl"]
        case = part(suite, "testcase")
        shown = HOSTILE.replace("\x00", "\ufffd").replace("\x1b", "\ufffd")
        shown = shown.replace("\ud800", "\ufffd").replace("\uffff", "\ufffd")
        # As everywhere in XML, lines end with a line feed.
        assert re.sub(r"\s+", " ", case.get("name", "")) == re.sub(r"\s+", " ", shown)
        assert text(part(case, "failure")).count("]]></failure>") == 3

    def test_endless_text_is_cut(self):
        root = written([outcome("a", says="x" * 10_000_000)])
        assert len(ET.tostring(root)) < 20_000

    def test_equal_outcomes_give_equal_files(self, tmp_path):
        outcomes = [outcome("a"), outcome("b", says="x")]
        tally = Tally()
        for each in outcomes:
            tally.add(each)
        for name in ("one.xml", "two.xml"):
            junit.write_file(outcomes, NO_SETS, tally, {}, tmp_path / name)
        assert (tmp_path / "one.xml").read_bytes() == (tmp_path / "two.xml").read_bytes()


class TestGithub:
    def test_failing_rows_are_annotated_at_their_line(self, tmp_path):
        file = str(tmp_path / "data" / "rows.jsonl")
        outcomes = [
            outcome("a", file),
            outcome("b", file, 2, says="it is there"),
            error("c", "kind: missing", "elsewhere.jsonl", 3),
        ]
        assert list(github.annotations(outcomes, NO_SETS, tmp_path)) == [
            "::error file=data/rows.jsonl,line=2,title=leak REFERENCE_IN_PROBLEM"
            "::b: leak: it is there",
            "::error file=elsewhere.jsonl,line=3,title=Not checked%3A INVALID_ROW::kind: missing",
        ]

    def test_set_checks_are_annotated_at_their_rows_or_for_the_run(self):
        rows = [SetFinding("rows.jsonl", 7, "b", "repeats row 1")]
        (line,) = github.annotations([], set_report(*rows), Path("/nowhere"))
        assert line.startswith("::error file=rows.jsonl,line=7,title=The set%3A duplicates REPE")
        (line,) = github.annotations([], set_report(), Path("/nowhere"))
        assert line.startswith("::error title=The set%3A duplicates REPEATED::")

    @pytest.mark.parametrize("place", ["message", "id", "file"])
    def test_no_row_forges_a_command(self, place):
        text = "x,line=9::y%0Az\r\n::error::forged"
        found = outcome(
            text if place == "id" else "a",
            text if place == "file" else "rows.jsonl",
            says=text if place == "message" else "x",
        )
        (line,) = github.annotations([found], NO_SETS, Path("/nowhere"))
        assert len(line.splitlines()) == 1
        # As the runner reads it: properties up to the next ::, separated by commas.
        properties, _, message = line.removeprefix("::error ").partition("::")
        names = [each.partition("=")[0] for each in properties.split(",")]
        assert names == ["file", "line", "title"]
        assert "%250A" in line and message

    def test_half_a_surrogate_pair_can_be_printed(self):
        (line,) = github.annotations([outcome("a", says="\ud800")], NO_SETS, Path("/nowhere"))
        assert line.encode()

    def test_many_are_counted(self):
        outcomes = [outcome(str(each), says="x") for each in range(150)]
        lines = list(github.annotations(outcomes, NO_SETS, Path("/nowhere")))
        assert len(lines) == github.MOST_ANNOTATIONS + 1
        assert "50 more rows are kept out" in lines[-1]

    def test_other_output_is_obeyed_in_nothing(self):
        output = io.StringIO()
        with github.obeying_nothing(output):
            output.write("::error::forged\n")
        first, forged, last = output.getvalue().splitlines()
        token = first.removeprefix("::stop-commands::")
        assert len(token) == 32 and forged == "::error::forged" and last == f"::{token}::"
