"""Mixes, combinations and what was done to them, as people read them."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from assayoffice.rl.mixes.adding import AddReport
from assayoffice.rl.mixes.admission import Refusal
from assayoffice.rl.mixes.combination import Combination
from assayoffice.rl.mixes.description import Description
from assayoffice.rl.mixes.differing import Difference
from assayoffice.rl.mixes.tuning import TuneReport
from assayoffice.rl.terminal import counted, one_line, plain

_SHOWN_REFUSALS = 3
_SHOWN_IDS = 10
_BAR = 30


def added(report: AddReport) -> RenderableType:
    """What became of the rows of files: counts, and of each reason a few refused rows."""
    lines: list[RenderableType] = []
    by_reason: dict[str, list[Refusal]] = {}
    for refusal in report.refused:
        by_reason.setdefault(refusal.reason, []).append(refusal)
    for reason, refusals in sorted(by_reason.items()):
        style = "yellow" if refusals[0].unknown else "bold red"
        lines.append(Text(f"✗ {counted(len(refusals), 'row')} ", style).append_text(plain(reason)))
        for each in refusals[:_SHOWN_REFUSALS]:
            lines.append(one_line(f"    {each.file} row {each.row} {each.id}"))
            lines.append(Text("      ").append_text(_bounded(each.message)))
        if (more := len(refusals) - _SHOWN_REFUSALS) > 0:
            lines.append(Text(f"    and {counted(more, 'more row')}", "dim"))
    said = (
        f"{report.added:,} added, {report.known:,} there already, {len(report.refused):,} refused"
    )
    if report.written:
        said += f"; {report.mix} has {counted(report.rows, 'row')} of {report.domain} now"
    else:
        said += f"; {report.mix} is as it was"
    return Group(*lines, plain(said))


def tuned(report: TuneReport) -> RenderableType:
    """What each edit dropped."""
    lines = [
        Text(f"{each.said['edit']}: {counted(each.dropped, 'row')} dropped")
        for each in report.edits
    ]
    if report.unrated:
        lines.append(
            Text(f"{counted(report.unrated, 'row')} without a solve rate were let be", "yellow")
        )
    lines.append(plain(f"{report.mix}: {counted(report.rows, 'row')} of {report.before:,} left"))
    return Group(*lines)


def overview(
    every: Sequence[Description | Combination], broken: Mapping[str, str]
) -> RenderableType:
    """A ledger as a table; of what is broken, what is wrong with it."""
    if not every and not broken:
        return Text("no mixes yet; `assay mix add` makes one")
    table = Table(box=box.SIMPLE_HEAD)
    for name in ("mix", "state", "domain"):
        table.add_column(name)
    for name in ("rows", "real", "synthetic", "demonstrations"):
        table.add_column(name, justify="right")
    table.add_column("digest")
    for each in every:
        line = _of_combination(each) if isinstance(each, Combination) else _of_mix(each)
        table.add_row(*line)
    errors = [Text("✗ ", "bold red").append_text(plain(each)) for each in broken.values()]
    return Group(table, *errors)


def mix(description: Description) -> RenderableType:
    """All about a mix."""
    return Group(*_mix(description))


def combination(of: Combination) -> RenderableType:
    """All about a combination."""
    mixes = Table("mix", "digest", "domain", box=box.SIMPLE_HEAD)
    for name in ("weight", "rows"):
        mixes.add_column(name, justify="right")
    for each in of.members:
        mixes.add_row(
            plain(each.mix),
            each.digest[:12],
            one_line(each.domain),
            f"{each.weight:g}",
            f"{each.rows:,}",
        )
    domains = Table("domain", box=box.SIMPLE_HEAD)
    for name in ("rows", "share", "real", "synthetic", "demonstrations"):
        domains.add_column(name, justify="right")
    for share in of.shares:
        domains.add_row(
            one_line(share.domain),
            f"{share.rows:,}",
            _percent(share.rows, of.rows),
            _percent(share.real, share.rows),
            _percent(share.synthetic, share.rows),
            f"{share.demonstrations:,}",
        )
    head = plain(f"{of.name}: combined, {counted(of.rows, 'row')} an epoch, digest {of.digest}")
    warning = [Text(f"warning: {of.warning}", "yellow")] if of.warning else []
    return Group(head, mixes, domains, *warning)


def difference(found: Difference) -> RenderableType:
    """What makes one mix another; ids are cut after a few."""
    lines: list[RenderableType] = []
    for name, one, other in found.settings:
        lines.append(plain(f"{name}: {one} -> {other}"))
    lines += _some("+", found.added, "green")
    lines += _some("-", found.removed, "red")
    changed = [f"{id} ({', '.join(names)})" for id, names in found.changed]
    lines += _some("~", changed, "yellow")
    said = (
        f"{counted(len(found.added), 'row')} added, {len(found.removed):,} removed, "
        f"{len(found.changed):,} changed from {found.a} to {found.b}"
    )
    return Group(*lines, plain("the same content" if found.is_empty else said))


def _mix(description: Description) -> Iterator[RenderableType]:
    counts, lineage = description.counts, description.lineage
    state = "frozen" if description.frozen else "open"
    yield plain(f"{description.name}: {state}, {counted(description.rows, 'row')}")
    table = Table(box=None, show_header=False)
    table.add_row("domain", plain(description.domain))
    table.add_row("digest", description.digest)
    table.add_row("weight", f"{description.weight:g}")
    for name in ("origins", "verifiers", "generators"):
        if shares := _shares(_counts(counts.get(name)), description.rows):
            table.add_row(name, shares)
    table.add_row("demonstrations", f"{counts.get('demonstrations', 0):,}")
    for each in _objects(lineage.get("hallmarks")):
        said = f"{each.get('verifier')} {each.get('hallmark')}: {each.get('rows')} rows"
        table.add_row("hallmark", plain(said))
    for each in _objects(lineage.get("files")):
        sha256 = str(each.get("sha256"))[:12]
        table.add_row("file", plain(f"{each.get('name')} {sha256}: {each.get('rows')} rows"))
    if struck := lineage.get("struck_by_mix_add"):
        table.add_row("admitted by mix add", f"{struck} rows")
    yield table
    rates = counts.get("solve_rates")
    if isinstance(rates, list) and any(rates):
        yield _histogram(rates)
    for number, edit in enumerate(description.history, 1):
        told = (f"{key} {_said(each)}" for key, each in edit.items() if each not in (None, {}))
        yield one_line(f"{number}. {', '.join(told)}")


def _of_mix(mix: Description) -> Iterator[RenderableType]:
    origins = _counts(mix.counts.get("origins"))
    yield plain(mix.name)
    yield "frozen" if mix.frozen else "open"
    yield one_line(mix.domain)
    yield f"{mix.rows:,}"
    yield _percent(origins["real"], mix.rows)
    yield _percent(origins["synthetic"], mix.rows)
    yield f"{mix.counts.get('demonstrations', 0):,}"
    yield mix.digest[:12]


def _of_combination(of: Combination) -> Iterator[RenderableType]:
    yield plain(of.name)
    yield "combined"
    yield one_line(", ".join(each.domain for each in of.shares))
    yield f"{of.rows:,}"
    yield _percent(sum(each.real for each in of.shares), of.rows)
    yield _percent(sum(each.synthetic for each in of.shares), of.rows)
    yield f"{sum(each.demonstrations for each in of.shares):,}"
    yield of.digest[:12]


def _histogram(counts: Sequence[int]) -> RenderableType:
    table = Table("solve rate", "", box=None)
    table.add_column("rows", justify="right")
    for index, count in enumerate(counts):
        low, high = index / len(counts), (index + 1) / len(counts)
        bar = "█" * round(_BAR * count / max(counts))
        table.add_row(f"{low:.1f} to {high:.1f}", bar, f"{count:,}")
    return table


def _said(value: object) -> str:
    """What an edit has to say, files by their names and counts by what they count."""
    match value:
        case dict():
            return " ".join(f"{name} {each}" for name, each in value.items())
        case list():
            names = (each.get("name") if isinstance(each, dict) else each for each in value)
            return " ".join(str(each) for each in names)
    return str(value)


def _shares(counts: Mapping[str, int], rows: int) -> Text:
    return one_line(
        ", ".join(f"{name} {count:,} ({_percent(count, rows)})" for name, count in counts.items())
    )


def _some(mark: str, ids: Sequence[str], style: str) -> Iterator[RenderableType]:
    for each in ids[:_SHOWN_IDS]:
        yield Text(f"{mark} ", style).append_text(one_line(each))
    if (more := len(ids) - _SHOWN_IDS) > 0:
        yield Text(f"{mark} and {more:,} more", "dim")


def _counts(written: object) -> Counter[str]:
    if not isinstance(written, dict):
        return Counter()
    return Counter({str(name): each for name, each in written.items() if isinstance(each, int)})


def _objects(written: object) -> list[Mapping[str, object]]:
    return [each for each in written if isinstance(each, dict)] if isinstance(written, list) else []


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "-"


def _bounded(text: str) -> Text:
    return plain(" ".join(text[:600].split()))
