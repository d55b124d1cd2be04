"""Phase 1 on the page: what was tried of each domain, and what the gate made of it."""

from collections.abc import Iterable

from assayoffice.rl.playbook.folder import PlaybookFolder
from assayoffice.rl.playbook.page.figures import estimate, gain
from assayoffice.rl.playbook.page.files import Left, Written
from assayoffice.rl.playbook.sentences import points
from assayoffice.rl.training import curves, flipped, page, svg
from assayoffice.rl.training.examples import Answered, flips
from assayoffice.rl.training.folder import RunFolder
from assayoffice.rl.training.runs import Run, read_run
from assayoffice.rl.training.summary import TITLES

_STATES = {"met": "good", "not met": "bad", "undecided": "soft"}


def exploring(left: Left) -> Iterable[str]:
    """A chart of the experiments, the points of the grid and the gate's sentences, by domain."""
    for domain, found in left.experiments.items():
        yield page.heading(f"Explored: {domain}")
        yield page.alone(_chart(domain, found))
        decision = left.decisions.get(domain)
        if decision is None:
            yield page.paragraph("The gate was not asked yet.", "soft")
            continue
        yield _points(decision)
        chosen = next(each for each in decision["points"] if each["point"] == decision["point"])
        yield "".join(_finding(each) for each in chosen["findings"])
        kind = "good" if decision["verdict"] == "scale" else "bad"
        yield (
            f'<p>The gate says: <b class="{kind}">{page.text(decision["verdict"])}</b> '
            f"({page.text(decision['point'])}).</p>"
        )
        runs = _runs(left, domain, decision)
        if runs:
            drawn = page.charts(curves.curves(runs)) + "".join(curves.reading(runs))
            title = f"How {decision['point']} was trained: {len(runs)} runs"
            yield page.folded(title, drawn + "".join(curves.errors(runs)))
            if left.scaled is None:
                yield from _flipped(left, domain, runs[0], decision["moment"])


def _runs(left: Left, domain: str, decision: Written) -> list[Run]:
    """The runs of the chosen point, as far as their folders are still there."""
    place = PlaybookFolder(left.run).decision(domain).parent
    folders = (RunFolder(place / each) for each in decision["runs"])
    return [read_run(each) for each in folders if each.evaluation(decision["moment"]).exists()]


def _flipped(left: Left, domain: str, run: Run, moment: str) -> Iterable[str]:
    base = PlaybookFolder(left.run).baseline(domain)
    found = flips(Answered(base, "start"), Answered(run.folder, moment))
    yield from flipped.examples(found, "base model", f"{run.name}, {TITLES[moment]}")


def _chart(domain: str, found: Written) -> str:
    start = found["start"][domain]["accuracy"]
    rows = [] if start is None else [("base model", [svg.Dot("base model", estimate(start), 6)])]
    for each in found["experiments"]:
        last = list(each["accuracies"].values())[-1][domain]["accuracy"]
        if last is not None:
            dot = svg.Dot("experiment", estimate(last), 1)
            rows.append((f"{each['point']}, seed {each['seed']}", [dot]))
    return svg.dots("Sampled accuracy on held-out problems, 95 % intervals over problems", rows)


def _points(decision: Written) -> str:
    rows = []
    for each in decision["points"]:
        difference = each["findings"][0]["difference"]
        states = [f"{one['trigger']}: {one['state']}" for one in each["findings"]]
        runs = ", ".join(points(one) for one in difference["by_run"]) if difference else "–"
        rows.append([each["point"], ", ".join(states), gain(difference), runs])
    head = ["point", "triggers", f"uplift, points ({100 * decision['level']:.4g} %)", "by run"]
    return page.table(head, rows, 2, strong=lambda row: row[0] == decision["point"])


def _finding(found: Written) -> str:
    remedy = f" {found['remedy']}" if found["remedy"] else ""
    kind = _STATES.get(found["state"], "soft")
    return (
        f'<p><b class="{kind}">{page.text(found["state"])}</b> · '
        f"{page.text(found['sentence'] + remedy)}</p>"
    )
