"""What programs say about a rewrite: whether its tests tell them apart, and what its key prints."""

from collections.abc import Sequence
from dataclasses import dataclass

from assayoffice.server.rewrites import concluding
from assayoffice.server.rewrites.texts import quoted, said
from assayoffice.server.rewrites.tried import Concluded, Tried
from assayoffice.v1 import rewrite_pb2

#: The label of the trial that the mutants' verdicts rest on; ``program_trials.CONTROL``.
_CONTROL = "control"
#: The label of the program that only knows the first test's answer; ``program_trials.CONSTANT``.
_CONSTANT = "first answer"
_NO_PROGRAM = "COMPILE_ERROR"


@dataclass(frozen=True, slots=True)
class KeyRan:
    """What became of a key: ``status`` is the name of a ``KeyStatus``.

    ``tried`` is the verdict of the row's verifier on the ``output`` of one that is OK.
    """

    status: str
    output: str
    detail: str
    tried: Tried | None = None


def tests(
    verifier: str, tried: Sequence[Tried], has_solution: bool, mutation_score: float
) -> Concluded:
    """Whether the reference solution passes its tests, and enough of its mutants do not."""
    if verifier != "code":
        return concluding.not_applicable("tests")
    if not has_solution:
        return concluding.undecided(
            "tests",
            "NO_SOLUTION",
            "Without a program that passes nobody knows whether one can, nor what the tests let "
            "through; give one as reference_solution.",
        )
    solutions = [each for each in tried if each.part == "SOLUTION" and each.label != _CONTROL]
    failed = [each for each in solutions if not each.accepted]
    if failed or not solutions:
        why = (failed[0].explanation or failed[0].reason) if failed else "nothing could be tried"
        why = why.rstrip(".")
        return concluding.concluded(
            "tests",
            concluding.FAILED,
            "SOLUTION_FAILS",
            f"The reference solution does not pass the task's tests: {why}. Repair the one or the "
            "other.",
            value=0.0,
            evidence=[concluding.shown(each) for each in failed],
        )
    control = [each for each in tried if each.part == "SOLUTION" and each.label == _CONTROL]
    if unlike := [each for each in control if not each.accepted]:
        # What has less time than the solution needs, or none of its text, fails for that alone.
        why = (unlike[0].explanation or unlike[0].reason).rstrip(".")
        return concluding.undecided(
            "tests",
            "NO_MUTANTS",
            "The reference solution passes, but not with a fifth of the CPU time and written anew "
            f"from its syntax tree ({why}), so what its mutants do says nothing. Make it faster, "
            "or its tests smaller.",
        )
    mutants = [each for each in tried if each.part == "MUTATED_SOLUTION"]
    # What is no program tells nothing about the tests.
    return _of_mutants([each for each in mutants if each.reason != _NO_PROGRAM], mutation_score)


def key(ran: KeyRan | None) -> Concluded:
    """Whether what the key prints is the reference. None: there is no key to be run."""
    if ran is None:
        return concluding.not_applicable("key")
    if ran.tried is None:
        is_limit = ran.status == "LIMIT"
        remedy = (
            "It may take 10 s of CPU time, 512 MiB of memory and 64 KiB of output."
            if is_limit
            else "It is to print the answer and nothing else."
        )
        return concluding.concluded(
            "key",
            concluding.FAILED,
            "LIMIT" if is_limit else "PROGRAM_FAILED",
            f"The key gives no answer: {ran.detail.rstrip('.')}. {remedy}",
            value=0.0,
        )
    agrees = ran.tried.accepted
    explanation = (
        "The key prints the reference."
        if agrees
        else "What the key prints is not the reference, so one of them is wrong. The key is to "
        "print the answer and nothing else."
    )
    return concluding.concluded(
        "key",
        concluding.PASSED if agrees else concluding.FAILED,
        "AGREES" if agrees else "DISAGREES",
        explanation,
        value=1.0 if agrees else 0.0,
        evidence=[
            rewrite_pb2.Evidence(
                label="output",
                text=quoted(ran.output),
                detail=said(ran.tried.explanation or ran.tried.reason),
                expected=agrees,
            )
        ],
    )


def _of_mutants(mutants: Sequence[Tried], mutation_score: float) -> Concluded:
    # Whoever always says the same has solved nothing, however many others fail.
    constant = any(each.label == _CONSTANT and each.accepted for each in mutants)
    if not constant and all(each.label == _CONSTANT for each in mutants):
        return concluding.undecided(
            "tests",
            "NO_MUTANTS",
            "The reference solution passes. What else does is not known: nothing of it could be "
            "mutated, be it for its language, for its length or because there is nothing in it.",
        )
    killed = sum(not each.accepted for each in mutants)
    score = killed / len(mutants)
    passed = score >= mutation_score and not constant
    explanation = f"Of {len(mutants)} mutants of the reference solution {killed} fail the tests."
    if constant:
        explanation += (
            " The tests pass a program that gives the answer of the first test whatever it is "
            "asked. Add tests with other answers."
        )
    elif not passed:
        explanation += (
            f" That is less than {mutation_score:.0%}: the tests let wrong programs pass. Add some "
            "that tell the listed ones from the solution; those that do what it does may stay."
        )
    return concluding.concluded(
        "tests",
        concluding.PASSED if passed else concluding.FAILED,
        "MUTANTS_KILLED" if passed else "MUTANTS_SURVIVE",
        explanation,
        value=score,
        evidence=concluding.survivors(mutants),
        figures={"mutants": len(mutants), "killed": killed, "mutation_score": score},
    )
