"""The reward manager ``assay``: verl's samples in, rewards of the service out."""

import asyncio
import functools
import itertools
from collections.abc import Callable, Mapping, Sequence

from omegaconf import DictConfig, OmegaConf
from transformers import AutoConfig, PreTrainedTokenizerBase
from verl.experimental.reward_loop.reward_manager import register
from verl.experimental.reward_loop.reward_manager.base import RewardManagerBase
from verl.protocol import DataProto
from verl.utils.fs import copy_to_local
from verl.utils.model import get_generation_config
from verl.workers.rollout.utils import get_max_position_embeddings

from assayoffice.rl.rewards import Generation, Rollout
from assayoffice.rl.stamps import stamp_of
from assayoffice.rl.submissions import Submission
from assayoffice.rl.verl.endings import Endings, sendable
from assayoffice.rl.verl.rows import question, verifier_and_task
from assayoffice.rl.verl.scoring import Scoring
from assayoffice.rl.verl.settings import FailurePolicy, Settings, SettingsError, read_settings
from assayoffice.rl.verl.stop import stop_training

# What is read of a row; others may hold images.
_COLUMNS = ("reward_model", "extra_info", "raw_prompt", "uid", "global_steps")
# Decoded at once, because handing them to a thread would take longer.
_SHORT_TOKENS = 1000
_ID_CHARACTERS = 200  # of the 256 that an id may have


@register("assay")
class AssayRewardManager(RewardManagerBase):  # type: ignore[misc] # verl is no dependency
    """Rewards each sample by its tokens, how it ended, its text and its row's task.

    Settings are in ``settings.py``. Where a sample has no reward and training must not go on, or
    the settings cannot be used, the run is stopped with a message that names the cause.
    """

    def __init__(
        self,
        config: DictConfig,
        tokenizer: PreTrainedTokenizerBase,
        compute_score: Callable[..., object] | None = None,
        reward_router_address: str | None = None,
        reward_model_tokenizer: PreTrainedTokenizerBase | None = None,
    ) -> None:
        """Called by verl. Raises SettingsError, and what a file raises that cannot be read."""
        super().__init__(config, tokenizer, compute_score)
        try:
            settings = _settings(config)
            self._scoring = Scoring(settings)
            self._endings = _endings(config, tokenizer)
        except Exception as error:
            # Whatever it is, verl would drop the samples of this worker and go on.
            stop_training(str(error) or repr(error))
            raise
        self._verifier = settings.verifier
        self._numbers = itertools.count()
        self._stopping: asyncio.Task[None] | None = None

    async def run_single(self, data: DataProto) -> dict[str, object]:
        """The reward of one sample: ``reward_score`` and ``reward_extra_info``, see ``info.py``."""
        try:
            rollout, step = await self._rollout(data)
            info = await self._scoring.score(rollout, step)
        except Exception as error:
            # Whatever it is, verl would drop the sample and go on.
            await self._stop(str(error) or repr(error))
            raise
        return {"reward_score": info["score"], "reward_extra_info": dict(info)}

    async def _stop(self, message: str) -> None:
        # One message is enough. But nobody ends before it is there, so that the trainer does not
        # take a step from what is left.
        if self._stopping is None:
            self._stopping = asyncio.create_task(asyncio.to_thread(stop_training, message))
        await asyncio.shield(self._stopping)

    async def _rollout(self, data: DataProto) -> tuple[Rollout, int]:
        # Of a trajectory of several outputs, verl rewards the last. They are padded to one length,
        # and their attention mask is that of prompt and response in one piece: it tells neither.
        item = data[-1:][0]
        prompt_tokens = int(item.non_tensor_batch["prompt_len"])
        response_tokens = int(item.non_tensor_batch["response_len"])
        token_ids: list[int] = item.batch["responses"][:response_tokens].tolist()
        row = {name: _plain(item.non_tensor_batch.get(name)) for name in _COLUMNS}
        verifier, task = verifier_and_task(row, default=self._verifier)
        text = await self._text(self._endings.spoken(token_ids))
        rollout = Rollout(
            Submission(
                id=f"{_name(row)}/{next(self._numbers)}",
                verifier=verifier,
                response=sendable(text),
                task=task,
                prompt=sendable(question(row.get("raw_prompt"))),
            ),
            Generation(
                token_ids=token_ids,
                token_count=len(token_ids),  # 0 is said, too, where an engine gave up at once
                finish_reason=self._endings.finish_reason(token_ids, prompt_tokens),
            ),
            stamp_of(row),
        )
        step = row.get("global_steps")
        return rollout, step if isinstance(step, int) else 0

    async def _text(self, token_ids: Sequence[int]) -> str:
        decode = functools.partial(
            self.tokenizer.decode,
            token_ids,
            # "<think>" may be one.
            skip_special_tokens=False,
            clean_up_tokenization_spaces=False,
        )
        short = len(token_ids) <= _SHORT_TOKENS
        text: str = decode() if short else await asyncio.to_thread(decode)
        return text


def _settings(config: DictConfig) -> Settings:
    written = config.reward.get("reward_kwargs")
    plain = {} if written is None else OmegaConf.to_container(written, resolve=True)
    settings = read_settings(plain)
    estimator = config.algorithm.adv_estimator
    if settings.failure_policy is FailurePolicy.GROUP_NEUTRAL and estimator != "assay_grpo":
        raise SettingsError(
            "reward.reward_kwargs.failure_policy: group-neutral marks samples without a reward by "
            f"NaN, which the estimator {estimator} would train on; set "
            "algorithm.adv_estimator=assay_grpo, which is grpo but for them"
        )
    return settings


def _endings(config: DictConfig, tokenizer: PreTrainedTokenizerBase) -> Endings:
    """What the rollout engine stops at, read from where it reads it."""
    model, rollout = config.actor_rollout_ref.model, config.actor_rollout_ref.rollout
    folder = copy_to_local(model.path)
    trusted = model.trust_remote_code
    generation = get_generation_config(folder, trusted)
    written = None if generation is None else generation.eos_token_id
    end_ids = set(written if isinstance(written, list) else [written])
    end_ids.add(tokenizer.eos_token_id)
    architecture = AutoConfig.from_pretrained(folder, trust_remote_code=trusted)
    return Endings(
        end_ids=frozenset(each for each in end_ids if each is not None),
        pad_id=tokenizer.pad_token_id,
        response_length=rollout.response_length,
        context_length=rollout.max_model_len or get_max_position_embeddings(architecture),
    )


def _name(row: Mapping[str, object]) -> str:
    extra = row.get("extra_info")
    index = extra.get("index") if isinstance(extra, dict) else None
    return str(row.get("uid") if index is None else index)[:_ID_CHARACTERS]


def _plain(value: object) -> object:
    """The value without numpy, whose arrays and scalars verl's batches are made of."""
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    unwrap = getattr(value, "tolist", None)
    return value if unwrap is None else _plain(unwrap())
