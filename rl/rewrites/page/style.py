"""What the page about rewrites adds to the style of all pages."""

STYLE = """
.state { display: inline-block; border-radius: 20px; padding: 1px 10px; font-size: 13px;
  border: 1px solid var(--line); margin: 2px 4px 2px 0; white-space: nowrap; }
.state.PASSED { color: var(--good); } .state.FAILED { color: var(--bad); font-weight: 600;
  border-color: var(--bad); }
.state.UNDECIDED { color: var(--c2); } .state.NOT_APPLICABLE { color: var(--soft); }
article { border-top: 1px solid var(--line); padding: 18px 0 10px; margin-top: 18px; }
article h3 { font-size: 17px; margin: 0; overflow-wrap: anywhere; }
.pair > div, .finding { background: var(--card); border-radius: 10px; padding: 10px 16px; }
.pair { margin: 12px 0; } .pair h4 { margin: 0 0 4px; font-size: 13px; color: var(--soft);
  font-weight: 600; }
.pair > div, .finding { min-width: 0; overflow-wrap: anywhere; }
.scroll td, .scroll th { overflow-wrap: break-word; min-width: 5.5em; max-width: 34em; }
.scroll td:first-child { white-space: nowrap; } .scroll td:nth-child(2) { min-width: 12em; }
.finding .scroll td:first-child, .long td:first-child { white-space: normal; }
.prose { white-space: pre-line; } .prose pre { background: var(--page); }
.prose math { white-space: nowrap; } .prose math[display=block] { margin: 6px 0; overflow-x: auto;
  overflow-y: hidden; }
.finding { margin: 10px 0; border-left: 4px solid var(--bad); border-radius: 0 10px 10px 0; }
.finding.other { border-left-color: var(--line); }
.finding h3, .finding h4 { margin: 0 0 2px; font-size: 15px; } .finding code { font-size: 12px; }
.finding p { margin: 4px 0 8px; } .finding table { margin: 2px 0 6px; }
.answer { margin: 6px 0; }
.share { display: grid; grid-template-columns: minmax(90px, 30%) 1fr auto; gap: 4px 12px;
  align-items: center; font-size: 14px; margin: 6px 0; }
.share > * { min-width: 0; overflow-wrap: anywhere; }
.track { background: var(--line); border-radius: 4px; height: 10px; overflow: hidden; }
.track i { display: block; height: 100%; background: var(--c6); } .track i.right {
  background: var(--good); }
.bars { display: grid; grid-template-columns: fit-content(46%) 1fr auto; gap: 5px 10px;
  font-size: 13px; align-items: center; margin-top: 6px; font-variant-numeric: tabular-nums; }
.bars > * { min-width: 0; overflow-wrap: anywhere; line-height: 1.25; }
.bars > :nth-child(3n) { color: var(--soft); text-align: right; }
.bar { display: flex; height: 14px; } .bar .key { height: 100%; margin: 0; border-radius: 2px; }
article > .soft { font-size: 14px; max-width: none; }
@media (max-width: 520px) { body { padding: 20px 14px 48px; } .card b { font-size: 26px; }
  .card { min-width: 130px; padding: 10px 14px; } h1 { font-size: 24px; }
  .checks :is(td, th):is(:nth-child(2), :nth-child(6)) { display: none; }
  .checks :is(td, th) { min-width: 0; padding-right: 8px; font-size: 12px; } }
"""
