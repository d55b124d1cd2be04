"""What replayers must refuse: modules that Lean compiles although they are no proofs."""

from assayoffice.sandbox.programs import Sandbox
from assayoffice.verifiers.lean.backends import toolchain
from assayoffice.verifiers.lean.backends.checkers import Comparator, LeanChecker
from assayoffice.verifiers.lean.backends.cli import LeanCli
from assayoffice.verifiers.lean.backends.kernel import KernelReplayer
from assayoffice.verifiers.lean.backends.protocols import TRUSTED_LIMITS, Proof, Replayer
from assayoffice.verifiers.lean.backends.toolchain import Toolchain
from assayoffice.verifiers.lean.compiled.olean import Olean
from assayoffice.verifiers.lean.compiled.terms import Terms
from assayoffice.verifiers.lean.settings import Header, Replay
from assayoffice.verifiers.lean.text.assemble import imports_of

# To a kernel it mentions what is not there.
_UNCHECKED = """unsafe def assayofficeLoop (p q : Prop) (h : p) : q := assayofficeLoop p q h
set_option debug.skipKernelTC true in
theorem assayoffice (p q : Prop) (h : p) : q := assayofficeLoop p q h
"""
# A kernel has nothing against it. Whoever looks at axioms has.
_LEFT_OUT = "theorem assayoffice (p q : Prop) (_ : p) : q := sorryAx _ .false\n"
_SHOWN_CHARACTERS = 300


class NotCompiled(Exception):
    """Lean does not compile what is to be refused; says what Lean says."""


def refusal(header: Header, lean: Toolchain, sandbox: Sandbox, replay: Replay) -> str:
    """What a replayer objects to in a module that is no proof; empty where it accepts it.

    Raises NotCompiled, ReplayLimit, OleanError, LeanUnavailable and SandboxFailure.
    """
    path = toolchain.places(header)
    replayer: Replayer
    match replay:
        case Replay.COMPARATOR:
            text, replayer = _LEFT_OUT, Comparator(sandbox, header.toolchain, path, header.axioms)
        case Replay.LEANCHECKER:
            text, replayer = _UNCHECKED, LeanChecker(sandbox, header.toolchain, path)
        case _:
            kernel = KernelReplayer(sandbox, path, lean.githash, header.axioms)
            text, replayer = _UNCHECKED, kernel
    return replayer.objection(_compiled(header, lean, sandbox, text), TRUSTED_LIMITS)


def _compiled(header: Header, lean: Toolchain, sandbox: Sandbox, text: str) -> Proof:
    """A module as if it had passed the audit, with itself as what was asked."""
    backend = LeanCli(sandbox, toolchain.places(header))
    made = backend.elaborate(f"{header.source}\n{text}", TRUSTED_LIMITS)
    if made.olean is None:
        errors = [each.text for each in made.messages if each.severity == "error"]
        why = made.limit or made.crash or " ".join(errors)[:_SHOWN_CHARACTERS]
        raise NotCompiled(f"what it must refuse cannot be compiled: {why}")
    olean, terms = Olean([made.olean], releases={lean.githash}), Terms()
    return Proof(
        target=("assayoffice",),
        imports=imports_of(header.source),
        terms=terms,
        constants=tuple(olean.constant(name, terms) for name in olean.names),
        olean=made.olean,
        reference=made.olean,
    )
