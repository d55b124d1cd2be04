"""What verl loads in each of its processes, because an entry point of `verl.plugins` says so."""

import functools

from assayoffice.rl.verl.cpu import adapt_verl
from assayoffice.rl.verl.imports import when_imported


@functools.cache
def register() -> None:
    """Make the reward manager known, and a machine without an accelerator usable.

    verl itself is still being imported, so what needs more of verl waits until verl wants it.
    """
    adapt_verl()
    when_imported("verl.experimental.reward_loop.reward_manager", _register_manager)
    when_imported("verl.trainer.ppo.core_algos", _register_estimator)


def _register_manager() -> None:
    # It registers itself, so that it may also be what is imported first.
    import assayoffice.rl.verl.reward_manager  # noqa: F401


def _register_estimator() -> None:
    from verl.trainer.ppo.core_algos import register_adv_est

    from assayoffice.rl.verl.estimator import assay_grpo

    register_adv_est("assay_grpo")(assay_grpo)


# verl imports what an entry point names; it does not call it.
register()
