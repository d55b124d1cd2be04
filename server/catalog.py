"""Which verifiers are installed and which of them serve: what ``ListVerifiers`` shows."""

import asyncio
import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assayoffice.server import selfcheck
from assayoffice.server.engine import Engine
from assayoffice.server.errors import Reason, StatusError
from assayoffice.server.jobs import Operation
from assayoffice.server.work import WorkLimits
from assayoffice.v1 import verdict_pb2, verifier_pb2

_SHOWN_FAILURES = 3


@dataclass(frozen=True, slots=True)
class Entry:
    """A verifier, with what each of its submissions needs made ready.

    ``hallmark_digest`` is part of every content key. ``stamp`` is a serialized Verdict that holds
    the hallmark and nothing else: merged into a verdict it hallmarks it. ``cases`` are its own, as
    it judged them at the start.
    """

    name: str
    info: verifier_pb2.VerifierInfo
    limits: WorkLimits
    hallmark_digest: bytes
    stamp: bytes
    cases: tuple[selfcheck.Case, ...]

    @property
    def serving(self) -> bool:
        """Whether the verifier passed its own cases, at the start and whenever it was asked since.

        To be looked at again before a verdict is handed out: it may have changed meanwhile.
        """
        return self.info.state == verifier_pb2.VERIFIER_STATE_SERVING

    def out_of_service(self, path: str) -> StatusError:
        """The error of a submission, to which ``path`` leads, while the verifier does not serve."""
        return StatusError(
            Reason.VERIFIER_UNAVAILABLE,
            f"{path}.verifier: {self.name!r} is out of service: {self.info.state_detail}",
        )


class Catalog:
    """The verifiers by name. Which serve is found out at the start; later, they only become fewer.

    ``cases`` are those of verifiers that have them, by name.
    """

    def __init__(
        self,
        infos: Sequence[verifier_pb2.VerifierInfo],
        cases: Mapping[str, tuple[selfcheck.Case, ...]],
    ) -> None:
        self.entries: Mapping[str, Entry] = {
            info.name: _entry(info, cases.get(info.name, ()))
            for info in sorted(infos, key=lambda each: each.name)
        }

    def serving(self, name: str, path: str) -> Entry:
        """The verifier a submission asks for; ``path`` leads to the submission.

        Raises StatusError when there is none of that name or it does not serve.
        """
        entry = self.entries.get(name)
        if entry is None:
            raise _unknown(name, list(self.entries), path)
        if not entry.serving:
            raise entry.out_of_service(path)
        return entry

    def withdraw(self, entry: Entry, why: str) -> None:
        """Take a verifier out of service, until the server is started anew."""
        entry.info.state = verifier_pb2.VERIFIER_STATE_NOT_SERVING
        entry.info.state_detail = f"{why}; find out what has changed, and restart the server"

    def require(self, hallmarks: Mapping[str, str]) -> None:
        """Raise StatusError unless all demanded hallmarks are the ones in service."""
        differences = []
        for name, demanded in sorted(hallmarks.items()):
            entry = self.entries.get(name)
            if entry is None:
                differences.append(f"{name}: no such verifier")
            elif entry.info.hallmark.digest != demanded:
                in_service = entry.info.hallmark
                version = f"version {in_service.version}" if in_service.version else "no version"
                differences.append(
                    f"{name}: {demanded} is demanded, "
                    f"{in_service.digest or 'none'} ({version}) is in service"
                )
        if differences:
            raise StatusError(Reason.HALLMARK_MISMATCH, "; ".join(differences))


async def load_catalog(engine: Engine) -> Catalog:
    """Ask the workers what is installed and have every loaded verifier judge its own cases."""
    described = verifier_pb2.ListVerifiersResponse.FromString(
        await engine.ask(Operation.DESCRIBE.value)
    )
    unchecked = [info for info in described.verifiers if not info.state]
    cases = await asyncio.gather(*(_check(engine, info) for info in unchecked))
    names = [info.name for info in unchecked]
    return Catalog(described.verifiers, dict(zip(names, cases, strict=True)))


async def _check(engine: Engine, info: verifier_pb2.VerifierInfo) -> tuple[selfcheck.Case, ...]:
    """Find out whether a verifier may serve, by its cases."""
    try:
        cases = await selfcheck.cases(engine, info)
    except selfcheck.NoCasesError as error:
        info.state = verifier_pb2.VERIFIER_STATE_NOT_SERVING
        info.state_detail = str(error)
        return ()
    checked = await selfcheck.check(engine, cases)
    total = checked.passed + len(checked.failures)
    info.state_detail = f"passed {checked.passed} of {total} own cases"
    if not checked.failures:
        info.state = verifier_pb2.VERIFIER_STATE_SERVING
        return cases
    info.state = verifier_pb2.VERIFIER_STATE_NOT_SERVING
    info.state_detail += ": " + "; ".join(checked.failures[:_SHOWN_FAILURES])
    if len(checked.failures) > _SHOWN_FAILURES:
        info.state_detail += f"; and {len(checked.failures) - _SHOWN_FAILURES} more"
    return cases


def _entry(info: verifier_pb2.VerifierInfo, cases: tuple[selfcheck.Case, ...]) -> Entry:
    limits = selfcheck.limits_of(info)
    stamp = verdict_pb2.Verdict(hallmark=info.hallmark).SerializeToString()
    return Entry(info.name, info, limits, bytes.fromhex(info.hallmark.digest), stamp, cases)


def _unknown(name: str, known: Sequence[str], path: str) -> StatusError:
    close = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    return StatusError(
        Reason.UNKNOWN_VERIFIER,
        f"{path}.verifier: no verifier {name!r}; {hint}installed: {', '.join(known) or 'none'}",
    )
