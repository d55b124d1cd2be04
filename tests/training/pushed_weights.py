"""A vLLM engine before and after weights are sent to it as verl sends them after each step.

`python pushed_weights.py FIRST SECOND` loads the model in folder FIRST, sends it the weights of
folder SECOND, and prints what the engine made of the same prompt: before, after, and with an
engine that loaded SECOND. A process of its own, because an engine stays in the one it is made in.
"""

import asyncio
import json
import sys
import threading
from pathlib import Path

from safetensors.torch import load_file
from verl.workers.rollout.vllm_rollout.bucketed_weight_transfer import BucketedWeightSender
from vllm import LLM, SamplingParams

PROMPT = {"prompt_token_ids": [5, 6, 7, 8]}
# The same seed for each engine, so that only the weights can make a difference.
SAMPLED = SamplingParams(temperature=1.0, seed=7, max_tokens=16, logprobs=0, ignore_eos=True)
BUCKET_MEGABYTES = 64


def engine(folder: Path) -> LLM:
    return LLM(
        str(folder),
        dtype="float32",
        max_model_len=64,
        enforce_eager=True,
        # As with verl's servers, so that kept keys and values are not what a test sees.
        enable_prefix_caching=False,
        worker_extension_cls="verl.workers.rollout.vllm_rollout.utils.vLLMColocateWorkerExtension",
    )


def said(llm: LLM) -> dict[str, list]:
    """Token ids that were sampled and the log-probability of each."""
    [request] = llm.generate([PROMPT], SAMPLED, use_tqdm=False)
    [answer] = request.outputs
    ids = list(answer.token_ids)
    return {
        "ids": ids,
        "logprobs": [at[id].logprob for at, id in zip(answer.logprobs, ids, strict=True)],
    }


def push(llm: LLM, folder: Path) -> None:
    [handle] = llm.collective_rpc("_get_zmq_handle")
    sender = BucketedWeightSender(handle, bucket_size_mb=BUCKET_MEGABYTES, use_shm=True)
    weights = load_file(folder / "model.safetensors")
    sending = threading.Thread(
        target=lambda: asyncio.run(sender.async_send_weights(iter(weights.items()))), daemon=True
    )
    sending.start()
    llm.collective_rpc("update_weights_from_ipc", kwargs={"use_shm": True})
    sending.join()


def main() -> None:
    first, second = map(Path, sys.argv[1:])
    llm = engine(first)
    before = said(llm)
    push(llm, second)
    after = said(llm)
    answers = {"before": before, "after": after, "loaded": said(engine(second))}
    sys.stdout.write(json.dumps(answers) + "\n")


if __name__ == "__main__":
    main()
