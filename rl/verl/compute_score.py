"""The smallest hook: a reward function for verl's own reward managers.

::

    reward.custom_reward_function.path=pkg://assayoffice.rl.verl.compute_score
    +reward.custom_reward_function.reward_kwargs.endpoints=[127.0.0.1:50051]
    +reward.custom_reward_function.reward_kwargs.recipe=accuracy@1

It takes the settings of the reward manager ``assay`` (``settings.py``), but gets less from verl: no
prompt, no tokens, so no lengths and no reason why a generation ended, and a text from which special
tokens, often ``<think>`` among them, have been stripped. Recipes that need those answer with an
error, which stops training. ``failure_policy`` can only be ``abort``.
"""

import asyncio
import itertools
import json
from collections.abc import Mapping
from weakref import WeakKeyDictionary

from omegaconf import OmegaConf

from assayoffice.rl.rewards import Rollout
from assayoffice.rl.stamps import stamp_of
from assayoffice.rl.submissions import Submission
from assayoffice.rl.verl.endings import sendable
from assayoffice.rl.verl.rows import verifier_and_task
from assayoffice.rl.verl.scoring import Scoring
from assayoffice.rl.verl.settings import FailurePolicy, Settings, SettingsError, read_settings
from assayoffice.rl.verl.stop import stop_training

_PATH = "reward.custom_reward_function.reward_kwargs"
# A channel belongs to an event loop, and verl hands over nothing that would last from call to call.
_SCORING: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, Scoring]] = WeakKeyDictionary()
_NUMBERS = itertools.count()


async def compute_score(
    data_source: str,
    solution_str: str,
    ground_truth: object,
    extra_info: Mapping[str, object] | None = None,
    **reward_kwargs: object,
) -> dict[str, float]:
    """The reward as ``score``, and beside it what ``info.py`` lists.

    ``ground_truth`` and ``extra_info.verifier`` are read as in rows of a data set. Raises what says
    why there is no reward, after having stopped the run.
    """
    try:
        # Lists and mappings among them are Hydra's.
        written = OmegaConf.to_container(OmegaConf.create(reward_kwargs), resolve=True)
        settings = _settings(written)
        row = {"reward_model": {"ground_truth": ground_truth}, "extra_info": extra_info}
        verifier, task = verifier_and_task(row, default=settings.verifier)
        id = f"{data_source[:200]}/{next(_NUMBERS)}"
        submission = Submission(id, verifier, sendable(solution_str), task)
        scoring = _SCORING.setdefault(asyncio.get_running_loop(), {})
        key = json.dumps(written, sort_keys=True)
        if key not in scoring:
            scoring[key] = Scoring(settings)
        rollout = Rollout(submission, stamp=stamp_of(row))
        return dict(await scoring[key].score(rollout))
    except Exception as error:
        # Whatever it is, verl would drop the sample and go on.
        await asyncio.to_thread(stop_training, str(error) or repr(error))
        raise


def _settings(written: Mapping[str, object]) -> Settings:
    settings = read_settings(written, _PATH)
    if settings.failure_policy is not FailurePolicy.ABORT:
        raise SettingsError(
            f"{_PATH}.failure_policy: only abort; group-neutral needs the reward manager assay"
        )
    return settings
