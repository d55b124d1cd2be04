"""What gets into a mix: what the service confirms, and of the rest it is said why not."""

import dataclasses
import hashlib
import json

import pytest
from mix_rows import described, files, ours

from assayoffice.rl.client import Client
from assayoffice.rl.errors import HallmarkMismatchError
from assayoffice.rl.mixes.errors import FrozenMixError, MixError
from assayoffice.rl.mixes.ledger import Ledger
from assayoffice.rl.mixes.rows import AdmittedBy
from assayoffice.rl.problems.problem import Origin
from assayoffice.rl.sources import UnreadableFileError

PROGRAM = "```python\nprint(int(input()) * 2)\n```"


@pytest.fixture
def client(endpoint):
    with Client(endpoint) as client:
        yield client


@pytest.fixture
def ledger(tmp_path) -> Ledger:
    return Ledger(tmp_path / "mixes")


@pytest.fixture
def write(tmp_path):
    def write(*rows: object, name: str = "rows.jsonl") -> str:
        file = tmp_path / name
        lines = (each if isinstance(each, str) else json.dumps(each) for each in rows)
        file.write_text("".join(f"{each}\n" for each in lines))
        return str(file)

    return write


@pytest.fixture
def stamped(client, ledger, write):
    """A row with the stamp that the service strikes for it."""

    def stamped(row: dict[str, object]) -> dict[str, object]:
        name = f"stamping-{row['id']}"
        ledger.add(name, [write(row, name=name)], client, strike=True)
        (of_mix,) = ledger.mix(name).rows()
        return {**row, "stamp": dataclasses.asdict(of_mix.stamp)}

    return stamped


def reasons(report) -> list[tuple[str, str]]:
    return [(each.id, each.reason) for each in report.refused]


def test_row_without_stamp_gets_in_only_where_one_is_to_be_struck(client, ledger, write):
    file = write(ours("a", demonstration=r"So it is \boxed{4}."))
    report = ledger.add("m", [file], client)
    assert reasons(report) == [("a", "NO_STAMP")] and not report.written
    assert "--strike" in report.refused[0].message
    assert ledger.names() == []
    report = ledger.add("m", [file], client, strike=True)
    assert (report.added, report.refused, report.domain) == (1, (), "sums")
    (row,) = ledger.mix("m").rows()
    assert row.lineage.admitted_by is AdmittedBy.MIX_ADD
    assert (row.lineage.file, row.lineage.row) == ("rows.jsonl", 1)
    with open(file, "rb") as opened:
        assert row.lineage.sha256 == hashlib.file_digest(opened, "sha256").hexdigest()
    numeric = next(each for each in client.list_verifiers(timeout=30) if each.name == "numeric")
    assert row.stamp.hallmark == numeric.hallmark.digest


def test_stamp_is_believed_when_the_service_strikes_the_same(client, ledger, write, stamped):
    row = stamped(ours("a"))
    changed = {**row, "id": "changed", "reference": "5"}
    stale = {**row, "id": "stale", "stamp": {**row["stamp"], "hallmark": "0" * 64}}
    # Another way to write the same task, and a question the stamp does not cover.
    same = {**row, "id": "same", "prompt": "5-1?", "task": {"reference": "4", "match": None}}
    del same["reference"]
    report = ledger.add("m", [write(row, changed, stale, same)], client)
    assert reasons(report) == [("changed", "CHANGED_TASK"), ("stale", "OTHER_HALLMARK")]
    assert [each.id for each in ledger.mix("m").rows()] == ["a", "same"]
    assert {each.lineage.admitted_by for each in ledger.mix("m").rows()} == {AdmittedBy.STAMP}
    # A stamp that is wrong is not put right: that would admit what was changed.
    again = ledger.add("m", [write(changed, stale)], client, strike=True)
    assert [each.reason for each in again.refused] == ["CHANGED_TASK", "OTHER_HALLMARK"]


def test_demonstration_must_be_right(client, ledger, write):
    file = write(
        ours("right", "a?", demonstration=r"2+2 is \boxed{4}."),
        ours("wrong", "b?", demonstration=r"\boxed{5}"),
        ours("none", "c?", demonstration="I do not know."),
        ours("without", "d?"),
    )
    report = ledger.add("m", [file], client, strike=True)
    assert reasons(report) == [("wrong", "WRONG_DEMONSTRATION"), ("none", "WRONG_DEMONSTRATION")]
    assert "is INCORRECT" in report.refused[0].message
    assert "is NO_ANSWER" in report.refused[1].message
    assert not any(each.unknown for each in report.refused)
    assert [each.id for each in ledger.mix("m").rows()] == ["right", "without"]
    assert described(ledger, "m")["history"][0]["refused"] == {"WRONG_DEMONSTRATION": 2}


def test_demonstration_of_a_program_is_run(client, ledger, write):
    task = {"stdio": [{"input": "2\n", "output": "4\n"}, {"input": "5\n", "output": "10\n"}]}
    row = ours("right", "double?", verifier="code", task=task, demonstration=PROGRAM)
    del row["reference"]
    wrong = {**row, "id": "wrong", "demonstration": PROGRAM.replace("2", "3")}
    report = ledger.add("m", [write(row, wrong)], client, strike=True)
    assert reasons(report) == [("wrong", "WRONG_DEMONSTRATION")]
    assert [each.id for each in ledger.mix("m").rows()] == ["right"]


def test_each_row_that_is_refused_is_told_why(client, ledger, write):
    no_reference, no_origin = ours("unanswered"), ours("unsaid")
    del no_reference["reference"], no_origin["origin"]
    file = write(
        ours("good"),
        ours("elsewhere", domain="words"),
        no_reference,
        no_origin,
        ours("unreadable", reference="@@("),
        ours("mistyped", verifier="numbers"),
        ours("x" * 190),
        ours("odd", edge={"solve_rate": 2}),
        ours("surrogate", edge={"note": "\ud800"}),
        ours("surrogate task", reference="\ud800"),
        "{torn",
        ours("good", "again?"),
    )
    report = ledger.add("m", [file], client, domain="sums", strike=True)
    assert {each.id[:20]: each.reason for each in report.refused if each.row != 12} == {
        "elsewhere": "WRONG_DOMAIN",
        "unanswered": "NO_REFERENCE",
        "unsaid": "NO_ORIGIN",
        "unreadable": "UNSCORABLE_REFERENCE",
        "mistyped": "UNKNOWN_VERIFIER",
        "x" * 20: "LONG_ID",
        "odd": "INVALID_ROW",
        "surrogate": "INVALID_ROW",
        "10": "INVALID_ROW",
        "11": "INVALID_ROW",
    }
    assert {(each.row, each.reason) for each in report.refused if each.row == 12} == {
        (12, "INVALID_ROW")
    }
    # Nobody of that name is in service: nothing is known about the row.
    assert [each.id for each in report.refused if each.unknown] == ["mistyped"]
    assert all(each.file == file for each in report.refused)
    assert (report.added, report.rows) == (1, 1)


def test_row_takes_what_is_given_where_it_says_nothing(client, ledger, write):
    row = {"prompt": "2+2?", "reference": "4"}
    file = write(row)
    with pytest.raises(MixError, match="name no domain; give --domain"):
        ledger.add("m", [file], client, strike=True)
    ledger.add(
        "m", [file], client, strike=True, domain="sums", origin=Origin.SYNTHETIC, prefix="one/"
    )
    other = write({**row, "prompt": "1+3?"}, name="other.jsonl")
    ledger.add("m", [other], client, strike=True, origin=Origin.REAL, prefix="two/")
    assert [(each.id, each.origin, each.domain) for each in ledger.mix("m").rows()] == [
        ("one/1", Origin.SYNTHETIC, "sums"),
        ("two/1", Origin.REAL, "sums"),
    ]


def test_new_mix_of_several_domains_wants_one_named(client, ledger, write):
    file = write(ours("a"), ours("b", "words?", domain="words"))
    with pytest.raises(MixError, match=r"2 domains: sums \(1\), words \(1\); give --domain"):
        ledger.add("m", [file], client, strike=True)
    ledger.add("m", [file], client, strike=True, domain="words")
    with pytest.raises(MixError, match="'words', not 'sums'"):
        ledger.add("m", [file], client, strike=True, domain="sums")


def test_strict_adds_nothing_where_a_row_is_refused(client, ledger, write):
    file = write(ours("a"), ours("b", demonstration=r"\boxed{5}"))
    report = ledger.add("m", [file], client, strike=True, strict=True)
    assert not report.written and reasons(report) == [("b", "WRONG_DEMONSTRATION")]
    assert ledger.names() == []


def test_export_can_be_added_again_by_its_stamps(client, ledger, write, tmp_path):
    rows = [
        ours(
            "a", demonstration=r"\boxed{4}", generator="us", original="o", edge={"solve_rate": 0.5}
        ),
        ours("b", "3+1?", origin="synthetic"),
    ]
    ledger.add("m", [write(*rows)], client, strike=True)
    file = tmp_path / "rl.parquet"
    ledger.export("m", rl=file)
    report = ledger.add("again", [str(file)], client)
    assert (report.added, report.refused) == (2, ())
    (changed, also) = ledger.diff("m", "again").changed
    assert {*changed[1], *also[1]} == {"lineage"}


def test_frozen_mix_is_told_of_before_anything_is_judged(client, ledger, write):
    file = write(ours("a"))
    ledger.add("m", [file], client, strike=True)
    ledger.freeze("m")
    judged = []
    with pytest.raises(FrozenMixError):
        ledger.add("m", [file], client, progress=lambda done, total: judged.append(done))
    assert judged == []


def test_progress_is_told_of(client, ledger, write):
    told = []
    file = write(*(ours(f"{number}", f"{number}?") for number in range(300)))
    ledger.add(
        "m", [file], client, strike=True, progress=lambda done, total: told.append((done, total))
    )
    assert told[0] == (0, 300) and told[-1] == (300, 300) and len(told) > 2


def test_service_that_refuses_leaves_the_ledger_as_it_was(client, endpoint, ledger, write):
    ledger.add("m", [write(ours("a"))], client, strike=True)
    before = files(ledger.path)
    with Client(endpoint, required_hallmarks={"numeric": "0" * 64}) as other:
        for mix in ("m", "n"):
            with pytest.raises(HallmarkMismatchError):
                ledger.add(mix, [write(ours("b", "b?"))], other, strike=True)
    assert files(ledger.path) == before


def test_file_is_needed(client, ledger, tmp_path):
    with pytest.raises(UnreadableFileError, match="No such file"):
        ledger.add("m", [str(tmp_path / "none")], client)
    with pytest.raises(MixError, match="write them to one"):
        ledger.add("m", ["-"], client)
