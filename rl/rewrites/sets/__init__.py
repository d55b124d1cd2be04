"""Checks of a set of rewrites as a whole; ``checks.SetChecks`` is where they start."""
