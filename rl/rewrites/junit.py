"""Outcomes as JUnit XML: a test suite for each file, a test case for each row and set check.

A row that is kept out is a failure, one without a report an error. Suites and cases are those that
CI servers have in common; ``file`` and ``line`` say where a row stands. No times are written, so
equal outcomes give equal files.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from io import TextIOBase
from pathlib import Path
from xml.sax.saxutils import XMLGenerator
from xml.sax.xmlreader import AttributesImpl

from assayoffice.rl.results import ItemError
from assayoffice.rl.rewrites.outcomes import RowOutcome
from assayoffice.rl.rewrites.reports import CheckState
from assayoffice.rl.rewrites.sets.set_report import SetCheck, SetReport
from assayoffice.rl.rewrites.tally import Tally

_NAME = "assay rewrites check"
_MOST_EVIDENCE = 10
_MOST_CHARACTERS = 2000
# All that XML 1.0 cannot hold, however it is escaped.
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(
    outcomes: Iterable[RowOutcome],
    sets: SetReport,
    tally: Tally,
    facts: Mapping[str, str],
    output: TextIOBase,
) -> None:
    """Write the outcomes, which come file by file; ``facts`` become properties of the run."""
    failing = [each for each in sets.checks if _is_failing(each)]
    rows = tally.files.values()
    xml = XMLGenerator(output, "utf-8", short_empty_elements=True)
    xml.startDocument()
    _start(
        xml,
        "testsuites",
        name=_NAME,
        tests=tally.rows + len(sets.checks),
        failures=tally.failed + len(failing),
        errors=sum(each.errors for each in rows),
    )
    suite: str | None = None
    for outcome in outcomes:
        if outcome.file != suite:
            if suite is not None:
                _end(xml, "testsuite")
            suite = outcome.file
            counts = tally.files[suite]
            _start(
                xml,
                "testsuite",
                name=suite,
                tests=counts.rows,
                failures=counts.failed,
                errors=counts.errors,
            )
            _properties(xml, facts)
        _row(xml, outcome)
    if suite is not None:
        _end(xml, "testsuite")
    _start(
        xml,
        "testsuite",
        name="the set as a whole",
        tests=len(sets.checks),
        failures=len(failing),
        errors=0,
    )
    for check in sets.checks:
        _set_check(xml, check)
    _end(xml, "testsuite")
    _end(xml, "testsuites")
    xml.endDocument()


def write_file(
    outcomes: Iterable[RowOutcome],
    sets: SetReport,
    tally: Tally,
    facts: Mapping[str, str],
    file: Path,
) -> None:
    """As ``write``, into a file. Raises OSError."""
    with file.open("w", encoding="utf-8", errors="strict", newline="\n") as output:
        write(outcomes, sets, tally, facts, output)


def _row(xml: XMLGenerator, outcome: RowOutcome) -> None:
    kind = outcome.row.kind.value if outcome.row is not None else "row"
    _start(
        xml,
        "testcase",
        name=outcome.id,
        classname=kind,
        file=outcome.file,
        line=outcome.number,
    )
    if isinstance(error := outcome.result, ItemError):
        _message(xml, "error", error.reason, error.message, [error.message])
    elif outcome.failed:
        findings = outcome.findings()
        first = findings[0]
        _message(
            xml,
            "failure",
            first.reason,
            f"{first.check}: {first.explanation}",
            _details(outcome),
        )
    _end(xml, "testcase")


def _details(outcome: RowOutcome) -> Iterator[str]:
    yield f"{outcome.place} is kept out:"
    for finding in outcome.findings():
        yield f"{finding.check} {finding.reason}: {finding.explanation}"
        if isinstance(outcome.result, ItemError):
            continue
        check = outcome.result.check(finding.check)
        unexpected = [each for each in check.evidence if not each.expected] if check else []
        for each in unexpected[:_MOST_EVIDENCE]:
            yield f"  {each.label}: {each.text} {each.detail}".rstrip()
        if (more := len(unexpected) - _MOST_EVIDENCE) > 0:
            yield f"  and {more} more"


def _set_check(xml: XMLGenerator, check: SetCheck) -> None:
    _start(xml, "testcase", name=check.name, classname="set")
    if _is_failing(check):
        rows = [f"{each.file}:{each.number} {each.id}: {each.detail}" for each in check.rows]
        _message(xml, "failure", check.reason, check.explanation, [check.explanation, *rows])
    elif check.state is CheckState.NOT_APPLICABLE:
        _start(xml, "skipped", message=check.explanation or "not applicable")
        _end(xml, "skipped")
    _end(xml, "testcase")


def _is_failing(check: SetCheck) -> bool:
    return check.gating and check.state is CheckState.FAILED


def _properties(xml: XMLGenerator, facts: Mapping[str, str]) -> None:
    _start(xml, "properties")
    for name, value in facts.items():
        _start(xml, "property", name=name, value=value)
        _end(xml, "property")
    _end(xml, "properties")


def _message(
    xml: XMLGenerator, element: str, type: str, message: str, lines: Iterable[str]
) -> None:
    _start(xml, element, type=type, message=message)
    xml.characters("\n".join(_text(line) for line in lines))
    _end(xml, element)


def _start(xml: XMLGenerator, element: str, **attributes: str | int) -> None:
    written = {name: _text(str(each)) for name, each in attributes.items()}
    xml.startElement(element, AttributesImpl(written))


def _end(xml: XMLGenerator, element: str) -> None:
    xml.endElement(element)


def _text(text: str) -> str:
    """Foreign text as XML can hold it, and not without end."""
    return _ILLEGAL.sub("\ufffd", text[:_MOST_CHARACTERS])
