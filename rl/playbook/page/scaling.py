"""Phase 2 on the page: accuracies before and after, majority votes, and the regression matrix."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate

from assayoffice.rl.evaluating.evaluation import Figures, Measure
from assayoffice.rl.playbook.page.figures import estimate, gain, share
from assayoffice.rl.playbook.page.files import Left, Written
from assayoffice.rl.training import page, svg
from assayoffice.rl.training.summary import TITLES

_BASE = "base model"
_STANDINGS = {
    "better": ("good", "better"),
    "kept": ("good", "kept"),
    "lost": ("bad", "lost"),
    "cannot tell": ("soft", "cannot tell"),
}


def scaling(left: Left) -> Iterable[str]:
    """Charts and tables; nothing where nothing was scaled."""
    if left.matrix is None:
        return
    yield page.heading("Before and after")
    yield page.alone(_chart(left.matrix))
    yield page.alone(_path(left.matrix, left.scaled.pins.steps if left.scaled else {}))
    yield from _votes(left)
    yield page.heading("Regression matrix")
    yield _matrix(left.matrix)
    yield "".join(page.paragraph(row["sentence"]) for row in left.matrix["domains"])
    yield page.paragraph(
        f"Sampled accuracy in percent with 95 % intervals over problems; below it the difference "
        f"to the base model in points with its {100 * left.matrix['level']:.4g} % interval, paired "
        "over problems. Alone is how the domain was explored by itself. Better means that the "
        "interval lies above 0, kept that it excludes a loss of "
        f"{100 * left.matrix['tolerance']:g} points or more, lost that it lies below 0 and does "
        "not.",
        "soft",
    )


def _title(checkpoint: str) -> str:
    return _BASE if checkpoint == "start" else TITLES[checkpoint]


def _chart(matrix: Written) -> str:
    rows = []
    for row in matrix["domains"]:
        dots = [
            svg.Dot(_title(name), estimate(cell["accuracy"]), color)
            for color, (name, cell) in enumerate(row["checkpoints"].items(), start=1)
            if cell["accuracy"] is not None
        ]
        rows.append((row["domain"], dots))
    return svg.dots("Sampled accuracy on held-out problems", rows)


def _path(matrix: Written, steps: Mapping[str, int]) -> str:
    """Accuracies by how many steps were trained until then; empty where that is not known."""
    trained = [each for each in matrix["checkpoints"] if each != "start"]
    if not all(each in steps for each in trained):
        return ""
    places = [0, *accumulate(steps[each] for each in trained)]
    # Side by side, so that intervals do not cover each other.
    apart = 0.01 * places[-1]
    series = []
    for index, row in enumerate(matrix["domains"]):
        found = [
            (place + apart * index, estimate(row["checkpoints"][name]["accuracy"]))
            for place, name in zip(places, matrix["checkpoints"], strict=True)
            if row["checkpoints"][name]["accuracy"] is not None
        ]
        values = [(at, 100 * each.value) for at, each in found]
        ends = [(at, 100 * each.low, 100 * each.high) for at, each in found]
        color = 1 + index % page.COLORS
        series.append(svg.Line(row["domain"], values, color, intervals=ends, bars=True))
    said = ", ".join(
        f"{each.upper()} until {at}" for at, each in zip(places[1:], trained, strict=True)
    )
    title = f"Sampled accuracy over training, 95 % intervals ({said})"
    return svg.lines(title, series, x="step", y="%")


def _votes(left: Left) -> Iterable[str]:
    found = _by_domain(left)
    if not found:
        yield page.paragraph("Majority votes were not counted yet.", "soft")
        return
    k = max((at.k for _, _, figures in found for at in figures.at_k), default=1)
    head = ["domain", "checkpoint", "pass@1", "sd over runs", f"pass@{k}", f"maj@{k}", "tokens"]
    rows = [[domain, title, *_figures(figures, k)] for domain, title, figures in found]
    yield page.table(head, rows, 2)
    yield page.paragraph(
        "Percent, with 95 % intervals over problems. A run is one sample of every problem. pass@k: "
        "one of k samples is right; maj@k: their most frequent answer is, by the equivalence of "
        "the verifier. It is not given where a verifier judges what a response does, as programs "
        "have no answer that could be counted.",
        "soft",
    )


def _by_domain(left: Left) -> list[tuple[str, str, Figures]]:
    return [
        (domain, _title(name.partition(" ")[0]), evaluation.domains[domain])
        for domain in left.domains
        for name, evaluation in left.votes.items()
        if domain in evaluation.domains
    ]


def _figures(figures: Figures, k: int) -> Sequence[str]:
    at = next((each for each in figures.at_k if each.k == k), None)
    spread = figures.runs.sd if figures.runs is not None else None
    return [
        _measure(figures.pass_at_1),
        "–" if spread is None else f"{100 * spread:.1f}",
        _measure(at.passed if at else None),
        _measure(at.majority if at else None),
        "–" if figures.tokens is None else f"{figures.tokens:.1f}",
    ]


def _measure(found: Measure | None) -> str:
    return "–" if found is None else share(found.over_problems)


def _matrix(matrix: Written) -> str:
    names = matrix["checkpoints"]
    head = "".join(f"<th>{page.text(_title(each))}</th>" for each in names)
    body = "".join(_matrix_row(row, names) for row in matrix["domains"])
    return (
        '<div class="scroll"><table class="matrix"><thead><tr><th>domain</th>'
        f"{head}<th>alone</th><th>to the base model</th><th>to alone</th></tr></thead>"
        f"<tbody>{body}</tbody></table></div>"
    )


def _matrix_row(row: Written, names: Sequence[str]) -> str:
    cells = "".join(f"<td>{_cell(row['checkpoints'][each])}</td>" for each in names)
    alone = "–" if row["best_accuracy"] is None else f"{100 * row['best_accuracy']:.1f}"
    return (
        f"<tr><td>{page.text(row['domain'])}</td>{cells}<td>{alone}</td>"
        f"<td>{_standing(row['against_start'])}</td><td>{_standing(row['against_best'])}</td></tr>"
    )


def _cell(cell: Mapping[str, Written | None]) -> str:
    below = gain(cell["to_start"]) if cell["to_start"] is not None else ""
    return f'{page.text(share(cell["accuracy"]))}<br><span class="soft">{page.text(below)}</span>'


def _standing(state: str | None) -> str:
    if state is None:
        return "–"
    kind, said = _STANDINGS[state]
    return f'<b class="{kind}">{said}</b>'
