"""Runs inside sandboxes: standard library only, and no import of anything of ours."""
