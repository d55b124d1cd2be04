"""The part of a report that shows answers on which two evaluations differ."""

from collections.abc import Iterable, Sequence

from assayoffice.rl.training import page
from assayoffice.rl.training.examples import Answered, Flip, flips
from assayoffice.rl.training.runs import Run, common_evaluations
from assayoffice.rl.training.summary import TITLES

_SHOWN_FLIPS = 6
_SHOWN_CHARACTERS = 1200


def within(run: Run) -> Iterable[str]:
    """Greedy answers that became right or wrong between the last two evaluations of a run."""
    names = common_evaluations([run])
    if len(names) < 2:
        return
    before, after = names[-2], names[-1]
    found = flips(Answered(run.folder, before), Answered(run.folder, after))
    yield from examples(found, TITLES[before], TITLES[after])


def examples(found: Sequence[Flip], before: str, after: str) -> Iterable[str]:
    """A few of the answers that flipped; ``before`` and ``after`` say whose they are."""
    for right, title in ((True, "became right"), (False, "became wrong")):
        chosen = [each for each in found if each.became_right is right]
        if not chosen:
            continue
        shown = _spread(chosen)
        yield page.heading(f"Greedy answers that {title} ({len(chosen)})")
        if len(shown) < len(chosen):
            yield page.paragraph(f"{len(shown)} of them, of each domain in turn.", "soft")
        yield "".join(_example(each, before, after) for each in shown)


def _spread(found: Sequence[Flip]) -> list[Flip]:
    """A few examples, of each domain in turn."""
    by_domain: dict[str, list[Flip]] = {}
    for each in found:
        by_domain.setdefault(each.domain, []).append(each)
    shown: list[Flip] = []
    while by_domain and len(shown) < _SHOWN_FLIPS:
        for domain in list(by_domain):
            shown.append(by_domain[domain].pop(0))
            if not by_domain[domain]:
                del by_domain[domain]
    return shown[:_SHOWN_FLIPS]


def _example(flip: Flip, before: str, after: str) -> str:
    answers = "".join(
        f"<div>{page.paragraph(title, 'soft')}{page.preformatted(_cut(text))}</div>"
        for title, text in ((before, flip.before), (after, flip.after))
    )
    return (
        f'<div class="example">{page.paragraph(flip.domain, "soft")}'
        f'{page.preformatted(_cut(flip.prompt))}<div class="pair">{answers}</div></div>'
    )


def _cut(text: str) -> str:
    if len(text) <= _SHOWN_CHARACTERS:
        return text
    return f"{text[:_SHOWN_CHARACTERS]} … ({len(text)} characters in all)"
