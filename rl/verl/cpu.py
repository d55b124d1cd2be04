"""Everything that verl and vLLM need to be told on a machine without an accelerator."""


def adapt_verl() -> None:
    """Make verl run on this machine's CPUs."""


def keep_weights_updatable() -> None:
    """Keep vLLM's weights where new ones can be written over them."""
