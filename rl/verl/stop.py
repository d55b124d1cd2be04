"""Stopping a training run from one of its reward workers."""

import logging

_LOG = logging.getLogger(__name__)


def stop_training(message: str) -> None:
    """Have the trainer raise ``message`` where it next looks at its samples. Blocks for a moment.

    An exception alone does not: verl's agent loops log it, and the trainer goes on without the
    sample (verl/trainer/ppo/v1/agent_loop_tq.py, ``_run_prompt``). What the trainer does not
    get past is a prompt in a state that it does not know, which it reports with the state
    (replay_buffer.py, ``_sync_metadata_from_transfer_queue``): so the message is put there.

    The older trainer has no such queue, and an exception of its reward workers ends it.
    """
    import ray
    import transfer_queue

    if not ray.is_initialized():
        return

    try:
        ray.get_actor("TransferQueueController", namespace="transfer_queue")
    except ValueError:
        return
    _LOG.error("stopping the training run: %s", message)
    transfer_queue.init()
    transfer_queue.kv_put(
        key="assayoffice",
        partition_id="train",
        tag={"is_prompt": True, "global_steps": 0, "status": f"stopped by assayoffice: {message}"},
    )
