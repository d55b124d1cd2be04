"""Whether a policy admits a row, from what the row's report says."""

from assayoffice.rl.results import ItemError
from assayoffice.rl.rewrites.policy import Gate, Policy, Requirement
from assayoffice.rl.rewrites.reports import CheckState, Report, ReportResult
from assayoffice.rl.rewrites.rows import RewriteRow

_FAILING = (CheckState.FAILED, CheckState.UNDECIDED)


def failed(policy: Policy, row: RewriteRow, result: ReportResult) -> tuple[str, ...]:
    """What keeps a row out: names of checks, ``"score"``, or ``"premises|key"`` for one of several.

    Empty where nothing does, and for an error, which is no finding about the row. A check that the
    policy does not know, because the service is newer, counts as ``applicable``.
    """
    if isinstance(result, ItemError):
        return ()
    names = [
        check.name
        for check in result.checks
        if _fails(policy.gates.get(check.name, Gate.APPLICABLE), check.state)
    ]
    for requirement in policy.requirements:
        if _is_for(requirement, row):
            names += [each for each in requirement.checks if not _applies(result, each)]
            if requirement.one_of and not any(
                _applies(result, each) for each in requirement.one_of
            ):
                names.append("|".join(requirement.one_of))
    # A check that a service does not have cannot be in its report, and has not passed.
    names += [
        name
        for name, gate in policy.gates.items()
        if gate is Gate.REQUIRED and result.check(name) is None
    ]
    if result.score < policy.minimum_score:
        names.append("score")
    return tuple(dict.fromkeys(names))


def _fails(gate: Gate, state: CheckState) -> bool:
    match gate:
        case Gate.REQUIRED:
            return state is not CheckState.PASSED
        case Gate.APPLICABLE:
            return state in _FAILING
        case Gate.REPORT:
            return False


def _is_for(requirement: Requirement, row: RewriteRow) -> bool:
    return requirement.kind in (None, row.kind) and requirement.verifier in (
        None,
        row.rewrite.submission.verifier,
    )


def _applies(report: Report, name: str) -> bool:
    check = report.check(name)
    return check is not None and check.state is not CheckState.NOT_APPLICABLE
