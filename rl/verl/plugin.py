"""What verl loads, in each of its processes, because an entry point of ``verl.plugins`` names it."""


def register() -> None:
    """Make the reward manager known, and a machine without an accelerator usable."""
