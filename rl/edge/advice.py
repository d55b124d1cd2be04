"""Which way to turn where nothing is kept, or where samples say less than they seem to."""

from assayoffice.rl.edge.band import Band, Reason
from assayoffice.rl.edge.result import DomainCount, EdgeResult
from assayoffice.rl.terminal import counted

# Of all samples. An answer that was cut off is silent, and says little of what the model knows.
_MANY_CUT_OFF = 0.2
_REMEDIES = {
    Reason.SOLVED: "take harder problems, or a weaker model",
    Reason.HOPELESS: "take easier problems, or a stronger model, or train this one on "
    "demonstrations first",
    Reason.INCONSISTENT: "see in --dropped whether they are well posed; then take easier problems, "
    "or a stronger model",
    Reason.UNSCORABLE: "see in --dropped what is wrong with them",
}


def advice(result: EdgeResult, band: Band) -> list[str]:
    """Sentences for people, none where all is well."""
    said = [] if result.kept else [_nothing_kept(result.total, band)]
    sampled = [each.figures for each in result.decisions if each.figures is not None]
    samples = sum(each.samples for each in sampled)
    cut_off = sum(each.cut_off for each in sampled)
    if samples and cut_off / samples > _MANY_CUT_OFF:
        said.append(
            f"{cut_off / samples:.0%} of the samples were cut off before their end, which makes "
            "problems look harder than they are; raise --max-tokens"
        )
    if errors := result.total.errors:
        them = "it" if errors == 1 else "them"
        said.append(
            f"{counted(errors, 'row')} got no verdict, which says nothing about {them}; the same "
            f"command tries {them} again"
        )
    return said


def _nothing_kept(total: DomainCount, band: Band) -> str:
    counts = {reason: count for reason, count in total.dropped.items() if count}
    known = sum(counts.values())
    if not known:
        return "nothing is kept, because nothing is known yet"
    worst = max(counts, key=lambda each: counts[each])
    if counts[worst] == known:
        what = f"all {known:,} are" if known > 1 else "the only one is"
        return f"nothing is kept: {what} {worst.value}; {_REMEDIES[worst]}"
    listed = ", ".join(f"{count:,} {reason.value}" for reason, count in counts.items())
    if Reason.SOLVED in counts and counts[Reason.SOLVED] < known - counts.get(Reason.UNSCORABLE, 0):
        remedy = (
            f"they lie on both sides of {band.min_solve_rate:g} to {band.max_solve_rate:g}: widen "
            "the band, or draw more samples"
        )
    else:
        remedy = _REMEDIES[worst]
    return f"nothing is kept of {known:,} ({listed}); {remedy}"
