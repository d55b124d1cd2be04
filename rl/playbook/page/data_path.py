"""The path of the data: problems, what the edge filter made of them, and the mixes."""

from collections import Counter
from collections.abc import Iterable, Sequence

from assayoffice.rl.playbook.page.files import Left, Written
from assayoffice.rl.training import page, svg

_SHOWN_DIGITS = 12


def data_path(left: Left) -> Iterable[str]:
    """Tables and histograms."""
    yield page.heading("From problems to mixes")
    if not left.edge:
        yield page.paragraph("No problem was filtered yet.", "soft")
        return
    reasons = list(next(iter(left.edge.values()))["total"]["dropped"])
    head = ["domain", "problems", "kept", *reasons, "without a verdict"]
    rows = [_row(domain, each["total"], reasons) for domain, each in left.edge.items()]
    yield page.table(head, rows, 1)
    yield page.paragraph(
        "Kept is what lies in the band for the base model. Solved: it gets nearly all samples "
        "right. Hopeless: nearly none. Inconsistent: no two answers agree, or too few do. "
        "Unscorable: there is nothing to judge by. Below, a whole bar is how many problems had a "
        "solve rate (the share of right samples) before the filter, and its lower part how many "
        "of them are left after it.",
        "soft",
    )
    yield page.charts(_histogram(domain, each["total"]) for domain, each in left.edge.items())
    if left.mixes:
        yield page.table(
            ["mix", "domain", "rows", "state", "digest"],
            [
                (
                    name,
                    mix.domain,
                    str(mix.description.rows),
                    "frozen" if mix.is_frozen else "open",
                    mix.digest[:_SHOWN_DIGITS],
                )
                for name, mix in left.mixes.items()
            ],
            9,
        )
    if left.matrix is not None:
        combination = left.matrix["combination"]
        parts = ", ".join(
            f"{name} with weight {each['weight']:g} ({each['rows']} rows)"
            for name, each in left.matrix["mixes"].items()
        )
        yield page.paragraph(
            f"The combination {combination['name']} ({combination['digest'][:_SHOWN_DIGITS]}) adds "
            f"up {parts}."
        )


def _row(domain: str, total: Written, reasons: Sequence[str]) -> list[str]:
    dropped = [str(total["dropped"][each]) for each in reasons]
    kept = f"{total['kept']} ({100 * total['kept'] / max(1, total['problems']):.0f} %)"
    return [domain, str(total["problems"]), kept, *dropped, str(total["errors"])]


def _histogram(domain: str, total: Written) -> str:
    """How many problems have each solve rate: those kept, and above them those dropped."""
    rates = Counter(round(100 * each, 6) for each in total["solve_rates"])
    kept = Counter(round(100 * each, 6) for each in total["kept_solve_rates"])
    bars = [(rate, (kept[rate], rates[rate] - kept[rate])) for rate in sorted(rates)]
    return svg.histogram(
        f"{domain}: solve rates before and after the filter",
        (f"left after it ({total['kept']})", "dropped by it"),
        bars,
        x="% of samples right",
        y="problems",
    )
