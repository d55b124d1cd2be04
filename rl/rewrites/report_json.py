"""Reports as JSON objects, for output, for the cache and for what is kept on disk, and back."""

from collections.abc import Mapping, Sequence

from assayoffice.rl.results import Hallmark
from assayoffice.rl.rewrites.reports import Check, CheckState, Evidence, Report
from assayoffice.rl.stamps import Stamp


def report_as_json(report: Report) -> dict[str, object]:
    """The JSON object of a report. Equal reports give equal objects, keys in the same order."""
    return {
        "score": report.score,
        "applicable": report.applicable,
        "checks": [_check_as_json(each) for each in report.checks],
        "hallmark": str(report.hallmark),
        "stamp": {"hallmark": report.stamp.hallmark, "content": report.stamp.content},
    }


def report_from_json(id: str, written: Mapping[str, object]) -> Report:
    """The report that ``report_as_json`` wrote, for a rewrite of that id.

    Raises ValueError for anything else.
    """
    stamp = _mapping(written, "stamp")
    score, applicable = written.get("score"), written.get("applicable")
    if not isinstance(score, float) or not isinstance(applicable, int):
        raise ValueError("not a report: score, applicable")
    return Report(
        id=id,
        checks=tuple(_check(each) for each in _objects(written, "checks")),
        score=score,
        applicable=applicable,
        hallmark=_hallmark(_text(written, "hallmark")),
        stamp=Stamp(_text(stamp, "hallmark"), _text(stamp, "content")),
    )


def _check_as_json(check: Check) -> dict[str, object]:
    return {
        "name": check.name,
        "state": check.state.value,
        "reason": check.reason,
        "explanation": check.explanation,
        "method": check.method,
        "evidence": [
            {
                "label": each.label,
                "text": each.text,
                "detail": each.detail,
                "expected": each.expected,
            }
            for each in check.evidence
        ],
        "figures": dict(check.figures),
    }


def _check(written: Mapping[str, object]) -> Check:
    figures: dict[str, float] = {}
    for name, value in _mapping(written, "figures").items():
        if not isinstance(value, float):
            raise ValueError(f"not a report: figures.{name}")
        figures[name] = value
    return Check(
        name=_text(written, "name"),
        state=CheckState(_text(written, "state")),
        reason=_text(written, "reason"),
        explanation=_text(written, "explanation"),
        method=_text(written, "method"),
        evidence=tuple(
            Evidence(
                _text(each, "label"),
                _text(each, "text"),
                _text(each, "detail"),
                each.get("expected") is True,
            )
            for each in _objects(written, "evidence")
        ),
        figures=figures,
    )


def _hallmark(written: str) -> Hallmark:
    """Reads ``verifier@version:digest``."""
    verifier, _, rest = written.partition("@")
    version, _, digest = rest.rpartition(":")
    return Hallmark(verifier, version, digest)


def _text(written: Mapping[str, object], name: str) -> str:
    value = written.get(name)
    if not isinstance(value, str):
        raise ValueError(f"not a report: {name}")
    return value


def _mapping(written: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = written.get(name)
    if not isinstance(value, dict):
        raise ValueError(f"not a report: {name}")
    return value


def _objects(written: Mapping[str, object], name: str) -> Sequence[Mapping[str, object]]:
    value = written.get(name)
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise ValueError(f"not a report: {name}")
    return value
