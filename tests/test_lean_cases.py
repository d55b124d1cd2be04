"""The verifier's own cases notice each check that is missing, whoever else is silent about it.

A server serves as long as they are judged right. So for each rule of the audit, and for the replay,
some case must go wrong without it. Three rules are not here, because no text gets as far as to
break them under every header: that the imports are the header's, that nothing imported is defined
again, and that nothing is mentioned which is defined nowhere. Lean itself sees to these, and
forged modules show in the audit's own tests what is made of them.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace

import pytest
from lean_toolchain import headers

from assayoffice.sandbox.programs import RunLimits
from assayoffice.verifiers import registry
from assayoffice.verifiers.base import Effort, VerifierError
from assayoffice.verifiers.lean import settings
from assayoffice.verifiers.lean import verifier as module
from assayoffice.verifiers.lean.backends.cli import LeanCli
from assayoffice.verifiers.lean.backends.kernel import KernelReplayer
from assayoffice.verifiers.lean.backends.protocols import Elaborated
from assayoffice.verifiers.lean.compiled import audit
from assayoffice.verifiers.lean.compiled.library import Library
from assayoffice.verifiers.lean.compiled.terms import Kind
from assayoffice.verifiers.lean.settings import LeanSettings, Replay

Missing = Callable[[pytest.MonkeyPatch], None]


@pytest.fixture(scope="module", autouse=True)
def lean_is_asked_once() -> Iterator[None]:
    """Of the same source Lean says the same, whatever is then looked at."""
    elaborate = LeanCli.elaborate
    known: dict[tuple[str, RunLimits], Elaborated] = {}

    def remembering(lean: LeanCli, source: str, limits: RunLimits) -> Elaborated:
        if (source, limits) not in known:
            known[source, limits] = elaborate(lean, source, limits)
        return known[source, limits]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LeanCli, "elaborate", remembering)
        yield


def wrong(replay: Replay) -> Iterator[str]:
    """The cases that are judged otherwise than they promise, and how."""
    before = settings.configured()
    settings.configure(LeanSettings((replace(headers()["assay"], replay=replay),)))
    try:
        verifier = module.LeanVerifier()
    finally:
        settings.configure(before)
    with closing(verifier):
        hallmark = registry.Hallmark(verifier.name, verifier.version, "", verifier.tools())
        for case in registry.Loaded(verifier.name, verifier, hallmark).cases():
            try:
                verdict = verifier.verify(case.submission, Effort.FULL)
                outcome, found, promised = verdict.outcome, verdict.reason, case.reason
            except VerifierError as error:
                outcome, found, promised = None, error.reason, case.error
            if outcome is not case.outcome or promised not in ("", found):
                yield f"{case.id}: {found}"


def says_nothing(name: str) -> Missing:
    """One of the audit's functions that raise what they find is as if it were not there."""
    return lambda patch: patch.setattr(audit, name, lambda *_: None)


def no_kind(patch: pytest.MonkeyPatch) -> None:
    theorem = audit._theorem
    patch.setattr(
        audit,
        "_theorem",
        lambda compiled, name: (
            compiled.constant(name) if name in compiled.names else theorem(compiled, name)
        ),
    )


def no_namespace(patch: pytest.MonkeyPatch) -> None:
    """A theorem will do if its name ends as it should."""
    theorem = audit._theorem

    def ending(compiled, name):
        alike = (each for each in compiled.names if each[-1:] == name[-1:])
        return theorem(compiled, next(alike, name))

    patch.setattr(audit, "_theorem", ending)


def no_bodies(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(audit, "_bodies", lambda constant: ())


def no_opaque_bodies(patch: pytest.MonkeyPatch) -> None:
    bodies = audit._bodies
    patch.setattr(
        audit,
        "_bodies",
        lambda constant: () if constant.kind is Kind.OPAQUE else bodies(constant),
    )


def no_forbidden_axioms(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Library, "forbidden", lambda library, name: frozenset())


def no_unsafe_definitions(patch: pytest.MonkeyPatch) -> None:
    foundations = audit._refuse_foundations
    patch.setattr(
        audit,
        "_refuse_foundations",
        lambda reached, library: foundations(replace(reached, own=()), library),
    )


def no_unsafe_imports(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Library, "is_safe", lambda library, name: True)


def no_warnings(patch: pytest.MonkeyPatch) -> None:
    """Lean warns of nothing, of what is left out with ``sorry`` neither."""
    elaborate = LeanCli.elaborate

    def silent(lean: LeanCli, source: str, limits: RunLimits) -> Elaborated:
        made = elaborate(lean, source, limits)
        errors = tuple(each for each in made.messages if each.severity == "error")
        return replace(made, messages=errors)

    patch.setattr(LeanCli, "elaborate", silent)


MISSING: dict[str, Missing] = {
    "kind of the target": no_kind,
    "name of the target": no_namespace,
    "statement": says_nothing("_compare_statements"),
    "context": says_nothing("_compare_context"),
    "names that kernels know": lambda patch: patch.setattr(audit, "_KERNEL_NAMES", frozenset()),
    "axioms of its own": says_nothing("_refuse_declared"),
    "what it rests on": says_nothing("_refuse_foundations"),
    "axioms of what is imported": no_forbidden_axioms,
    "unsafe constants of its own": no_unsafe_definitions,
    "unsafe constants that are imported": no_unsafe_imports,
    "bodies": no_bodies,
    "bodies of opaque constants": no_opaque_bodies,
    "warnings": no_warnings,
}


@pytest.mark.heavy
def test_all_are_judged_right_where_nothing_is_missing_but_a_replay():
    assert list(wrong(Replay.NONE)) == []


@pytest.mark.parametrize("missing", MISSING)
def test_some_case_goes_wrong_without_a_rule_of_the_audit(missing, monkeypatch):
    MISSING[missing](monkeypatch)
    assert next(wrong(Replay.NONE), None) is not None


def test_some_case_goes_wrong_when_a_replay_accepts_everything(monkeypatch):
    monkeypatch.setattr(KernelReplayer, "objection", lambda *_: "")
    # What only a kernel can see is refused by nobody, and by no other case.
    assert list(wrong(Replay.KERNEL)) == ["assay/proof-that-no-kernel-has-seen: PROVED"]
