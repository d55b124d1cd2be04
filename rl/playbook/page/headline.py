"""What a person wants to know first: whether it worked, with numbers."""

from collections.abc import Iterable

from assayoffice.rl.playbook.page.files import Left, Written
from assayoffice.rl.playbook.sentences import points
from assayoffice.rl.training import page


def headline(left: Left) -> Iterable[str]:
    """A sentence, and a big figure for each domain."""
    yield f'<p class="headline">{page.text(sentence(left))}</p>'
    if left.matrix is not None:
        yield page.cards(_card(row, left.matrix["level"]) for row in left.matrix["domains"])
    elif left.decisions:
        yield page.cards(_explored(each) for each in left.decisions.values())


def sentence(left: Left) -> str:
    """The outcome in a sentence."""
    refined = [name for name, each in left.decisions.items() if each["verdict"] != "scale"]
    if left.matrix is None:
        if refined:
            return (
                f"Not scaled: the gate says to refine {_listed(refined)}. What it misses is below, "
                "with what to do about it."
            )
        return "Not finished yet: this page shows what is there so far."
    rows = left.matrix["domains"]
    grouped = {
        state: [each["domain"] for each in rows if each["against_start"] == state]
        for state in ("better", "kept", "lost", "cannot tell")
    }
    said = []
    if grouped["better"]:
        said.append(f"better than the base model at {_listed(grouped['better'])}")
    if grouped["kept"]:
        said.append(f"no worse at {_listed(grouped['kept'])}")
    if grouped["lost"]:
        said.append(f"worse at {_listed(grouped['lost'])}")
    if grouped["cannot tell"]:
        said.append(f"not known to be better or worse at {_listed(grouped['cannot tell'])}")
    text = f"The scaled model is {', '.join(said)}."
    lost = [each["domain"] for each in rows if each["against_best"] == "lost"]
    if lost:
        text += f" It is worse than when explored alone at {_listed(lost)}: gains did not add up."
    unknown = [each["domain"] for each in rows if each["against_best"] == "cannot tell"]
    if unknown:
        text += (
            f" Whether it is as good as when explored alone cannot be told at {_listed(unknown)}."
        )
    without = left.matrix["without_evidence"]
    if without:
        text += f" The gate had not said to scale {_listed(without)}; it was done all the same."
    return text


def _card(row: Written, level: float) -> tuple[str, str, str]:
    last = list(row["checkpoints"].values())[-1]
    found = last["to_start"]
    figure = "–" if found is None else points(found["value"])
    return f"{row['domain']}: points gained", figure, _interval(found, level)


def _explored(decision: Written) -> tuple[str, str, str]:
    chosen = next(each for each in decision["points"] if each["point"] == decision["point"])
    found = chosen["findings"][0]["difference"]
    figure = "–" if found is None else points(found["value"])
    below = f"{_interval(found, decision['level'])}: {decision['verdict']}"
    return f"{decision['domain']}: points gained alone", figure, below


def _interval(found: Written | None, level: float) -> str:
    if found is None:
        return "nothing to compare"
    return f"{points(found['low'])} to {points(found['high'])} ({100 * level:.4g} %)"


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
