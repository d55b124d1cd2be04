"""Held-out problems that are trained on measure what was learnt by heart: they are refused."""

from collections.abc import Iterator, Sequence

from assayoffice.rl.mixes.ledger import Ledger, Mix
from assayoffice.rl.playbook.plan import PlaybookConfig
from assayoffice.rl.problems.problem import Message, Problem
from assayoffice.rl.training.errors import ConfigError

_SHOWN = 3


def refuse_trained_on(
    config: PlaybookConfig, held_out: Sequence[Problem], ledger: Ledger, mixes: Sequence[str]
) -> None:
    """Refuse held-out problems that ask what a row of mixes or combinations asks, word for word.

    Neither blanks nor system messages tell questions apart. Raises ConfigError, which names the
    rows, and MixError.
    """
    trained = {
        _question(row.messages): f"{mix.name} row {row.id[:60]!r}"
        for mix in _each(ledger, mixes)
        for row in mix.rows()
    }
    found = [
        f"{each.file} row {each.number} asks what {there} asks"
        for each in held_out
        if (there := trained.get(_question(each.messages))) is not None
    ]
    if found:
        more = len(found) - _SHOWN
        shown = "\n".join(found[:_SHOWN]) + (f"\nand {more} more" if more > 0 else "")
        raise ConfigError(
            f"{config.file}: held-out problems are trained on, so what is measured would be what "
            "was learnt by heart; leave them out, or drop the rows from an open mix with `assay "
            f"mix tune --drop`:\n{shown}"
        )


def _each(ledger: Ledger, names: Sequence[str]) -> Iterator[Mix]:
    for name in names:
        if ledger.is_combination(name):
            yield from (ledger.mix(each.mix) for each in ledger.combination(name).members)
        else:
            yield ledger.mix(name)


def _question(messages: Sequence[Message]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (each.role, " ".join(each.content.split())) for each in messages if each.role != "system"
    )
