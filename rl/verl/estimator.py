"""The advantage estimator ``assay_grpo``: GRPO over the rows of a group that have a reward."""

from collections.abc import Hashable, Mapping, Sequence

import torch

from assayoffice.rl.verl.advantages import group_advantages


def assay_grpo(
    token_level_rewards: torch.Tensor,
    response_mask: torch.Tensor,
    index: Sequence[Hashable],
    config: Mapping[str, object] | None = None,
    **_: object,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Advantages and returns, both of the shape of ``response_mask`` (rows, tokens).

    A row whose rewards do not sum to a number has none: its advantages are 0, and its siblings'
    are what they would be without it. ``index`` names each row's group; verl passes what else it
    has (``config.norm_adv_by_std_in_grpo`` is read as in its own GRPO).
    """
    normalize = True if config is None else bool(config.get("norm_adv_by_std_in_grpo", True))
    scores = token_level_rewards.sum(dim=-1)
    advantages = scores.new_tensor(
        group_advantages(scores.tolist(), list(index), normalize=normalize)
    )
    advantages = advantages.unsqueeze(-1) * response_mask
    return advantages, advantages
