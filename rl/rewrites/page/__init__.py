"""The page about a set of rewrites, for people; ``report.write`` is where it starts."""
