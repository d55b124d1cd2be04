"""The page around a report: its style, and the pieces of markup that repeat.

Whatever comes from outside, and models wrote some of it, goes through ``html.escape``. The page
loads nothing and runs nothing; its policy says so to the browser.
"""

from collections.abc import Callable, Iterable, Sequence
from html import escape

_STYLE = """
:root { color-scheme: light dark; --page: #fcfcfb; --ink: #1c1c1a; --soft: #66645e;
  --line: #dcdad4; --card: #f3f2ee; --good: #1d7a46; --bad: #b3372c;
  --c1: #2f6db3; --c2: #d1782a; --c3: #2f8f63; --c4: #8d5bb0; --c5: #b8504d; --c6: #8a867c; }
@media (prefers-color-scheme: dark) { :root { --page: #171716; --ink: #eceae4; --soft: #a3a097;
  --line: #3a3935; --card: #22211f; --good: #63c48d; --bad: #ec8177;
  --c1: #74aae6; --c2: #eda25f; --c3: #69c497; --c4: #c39be0; --c5: #e38985; --c6: #a8a499; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1120px; padding: 32px 24px 64px; background: var(--page);
  color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 28px; line-height: 1.2; margin: 0 0 4px; }
h2 { font-size: 20px; margin: 44px 0 10px; }
p { max-width: 76ch; margin: 8px 0; } .soft, figcaption + .legend, footer { color: var(--soft); }
.cards { display: flex; flex-wrap: wrap; gap: 14px; margin: 22px 0; }
.card { background: var(--card); border-radius: 10px; padding: 14px 20px; min-width: 190px;
  flex: 1; }
.card b { display: block; font-size: 34px; line-height: 1.15; }
.card span { color: var(--soft); font-size: 14px; display: block; }
.good { color: var(--good); } .bad { color: var(--bad); }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: 14px; }
th, td { text-align: left; padding: 6px 14px 6px 0; border-bottom: 1px solid var(--line);
  vertical-align: top; font-variant-numeric: tabular-nums; }
th { font-weight: 600; color: var(--soft); white-space: nowrap; }
td.number, th.number { text-align: right; padding: 6px 0 6px 14px; }
td.number { white-space: nowrap; } .strong td { font-weight: 600; }
.alone { max-width: 780px; margin: 26px 0; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(420px, 1fr)); gap: 26px; }
@media (max-width: 520px) { .charts { grid-template-columns: 1fr; } }
figure { margin: 0; } figcaption { font-weight: 600; } svg { width: 100%; height: auto;
  overflow: visible; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 16px; font-size: 13px; min-height: 20px; }
.key { display: inline-block; width: 10px; height: 10px; border-radius: 3px; margin-right: 6px; }
.line { fill: none; stroke-width: 2; } .band { opacity: .16; }
.faint { opacity: .3; stroke-width: 1.5; }
.grid { stroke: var(--line); } .tick { font-size: 12px; fill: var(--soft); }
.label { font-size: 14px; fill: var(--ink); }
@media (max-width: 520px) { .tick { font-size: 17px; } .label { font-size: 16px; } }
pre { background: var(--card); border-radius: 8px; padding: 10px 14px; margin: 4px 0;
  white-space: pre-wrap; overflow-wrap: anywhere; font: 13px/1.45 ui-monospace, monospace; }
details { margin: 10px 0; } summary { cursor: pointer; color: var(--soft); }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 14px; }
@media (max-width: 720px) { .pair { grid-template-columns: 1fr; } }
.example { border-top: 1px solid var(--line); padding: 12px 0; }
code { font: 13px ui-monospace, monospace; overflow-wrap: anywhere; }
footer { margin-top: 48px; font-size: 14px; }
"""
#: Colors that charts have; a seventh series takes the first again.
COLORS = 6
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def page(title: str, body: Iterable[str], style: str = "") -> str:
    """A whole document. ``body`` is markup, and ``style`` what it adds to the style of pages."""
    colors = "".join(
        f".line.c{number}{{stroke:var(--c{number})}}"
        f".fill.c{number},.mark.c{number}{{fill:var(--c{number})}}"
        f".key.c{number}{{background:var(--c{number})}}"
        for number in range(1, COLORS + 1)
    )
    document = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}{colors}{style}</style></head>\n<body>\n"
        + "\n".join(body)
        + "\n</body></html>\n"
    )
    # Models write halves of surrogate pairs, which no file can hold.
    return document.encode(errors="replace").decode()


def text(plain: str) -> str:
    """Plain text as markup."""
    return escape(plain)


def heading(text: str) -> str:
    """The title of a section."""
    return f"<h2>{escape(text)}</h2>"


def paragraph(text: str, kind: str = "") -> str:
    """A paragraph; ``kind`` is a class of the style."""
    return f'<p class="{kind}">{escape(text)}</p>' if kind else f"<p>{escape(text)}</p>"


def cards(each: Iterable[tuple[str, str, str]]) -> str:
    """Big figures: for each a title, the figure and what is said below it."""
    made = "".join(
        f'<div class="card"><span>{escape(title)}</span><b>{escape(figure)}</b>'
        f"<span>{escape(below)}</span></div>"
        for title, figure, below in each
    )
    return f'<div class="cards">{made}</div>'


def table(
    head: Sequence[str],
    rows: Iterable[Sequence[str]],
    numbers_from: int,
    strong: Callable[[Sequence[str]], bool] = lambda row: False,
) -> str:
    """A table; columns from ``numbers_from`` on, counted from 0, are set to the right.

    Rows that are ``strong`` stand out.
    """

    def cells(tag: str, row: Sequence[str]) -> str:
        return "".join(
            f'<{tag} class="{"" if index < numbers_from else "number"}">{escape(cell)}</{tag}>'
            for index, cell in enumerate(row)
        )

    body = "".join(
        f'<tr class="{"strong" if strong(row) else ""}">{cells("td", row)}</tr>' for row in rows
    )
    return (
        f'<div class="scroll"><table><thead><tr>{cells("th", head)}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def preformatted(text: str) -> str:
    """Text as it is, line for line."""
    return f"<pre>{escape(text)}</pre>"


def folded(title: str, markup: str) -> str:
    """Markup that is shown on demand."""
    return f"<details><summary>{escape(title)}</summary>{markup}</details>"


def alone(chart: str) -> str:
    """A chart by itself, no wider than is easy to read."""
    return f'<div class="alone">{chart}</div>'


def charts(each: Iterable[str]) -> str:
    """Charts side by side, where there is room; those that are empty are left out."""
    return f'<div class="charts">{"".join(each)}</div>'
