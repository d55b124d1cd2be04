"""A check of a row as markup: what it found, what to change, and what that rests on."""

import re
from collections.abc import Sequence

from assayoffice.rl.rewrites.page.prose import plain
from assayoffice.rl.rewrites.reports import Check, CheckState, Evidence

_MOST_EVIDENCE = 12
_EVIDENCE_CHARACTERS, _EXPLANATION_CHARACTERS = 600, 1500
_SHARE = re.compile(r"(\d{1,9}) of (\d{1,9}) solutions")
_STATES = {
    CheckState.PASSED: "passed",
    CheckState.FAILED: "failed",
    CheckState.UNDECIDED: "undecided",
    CheckState.NOT_APPLICABLE: "does not apply",
}


def states(checks: Sequence[Check]) -> str:
    """All checks of a row at a glance."""
    return "".join(
        f'<span class="state {each.state.name}">{plain(each.name, 40)}: '
        f"{_STATES[each.state]}</span>"
        for each in checks
    )


def finding(title: str, reason: str, explanation: str, check: Check | None) -> str:
    """What kept a row out, with what was looked at. ``check`` is None where there was none."""
    markup = [
        f'<section class="finding"><h4>{plain(title, 80)} <code>{plain(reason, 80)}</code></h4>'
        f"<p>{plain(explanation, _EXPLANATION_CHARACTERS)}</p>"
    ]
    if check is not None:
        markup += [_evidence(check.evidence), _figures(check)]
    return "".join([*markup, "</section>"])


def _evidence(evidence: Sequence[Evidence]) -> str:
    classes = [each for each in evidence if each.label == "class" and _SHARE.match(each.detail)]
    others = [each for each in evidence if each not in classes]
    # First what is not as it should be.
    others.sort(key=lambda each: each.expected)
    shown = others[:_MOST_EVIDENCE]
    parts = [_classes(classes[:_MOST_EVIDENCE])] if classes else []
    if shown:
        rows = "".join(
            f"<tr><td>{plain(each.label, 40)}</td>"
            f"<td><code>{plain(each.text, _EVIDENCE_CHARACTERS)}</code></td>"
            f"<td>{plain(each.detail, _EVIDENCE_CHARACTERS)}</td>"
            f'<td class="{"good" if each.expected else "bad"}">'
            f"{'yes' if each.expected else 'no'}</td></tr>"
            for each in shown
        )
        parts.append(
            '<div class="scroll"><table><thead><tr><th scope="col">what</th><th scope="col">text'
            '</th><th scope="col">found</th><th scope="col">as it should be</th></tr></thead>'
            f"<tbody>{rows}</tbody></table></div>"
        )
    left = len(others) - len(shown) + max(0, len(classes) - _MOST_EVIDENCE)
    if left:
        parts.append(f'<p class="soft">And {left} more.</p>')
    return "".join(parts)


def _classes(classes: Sequence[Evidence]) -> str:
    """Answers of independent solutions, each with its share."""
    rows: list[str] = []
    for each in classes:
        found = _SHARE.match(each.detail)
        count, total = (int(found[1]), int(found[2])) if found else (0, 1)
        width = min(100.0, 100 * count / max(total, 1))
        right = " (the reference)" if each.expected else ""
        rows.append(
            f"<code>{plain(each.text, 120)}</code>"
            f'<span class="track"><i class="{"right" if each.expected else ""}" '
            f'style="width:{width:.0f}%"></i></span>'
            f"<span>{count} of {total}{right}</span>"
        )
    return f'<div class="share">{"".join(rows)}</div>'


def _figures(check: Check) -> str:
    told = [f"{name.replace('_', ' ')} {value:.4g}" for name, value in check.figures.items()]
    if check.method:
        told.insert(0, f"decided in the way “{check.method}”")
    return f'<p class="soft">{plain(" · ".join(told), 600)}</p>' if told else ""
