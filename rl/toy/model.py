"""The toy model: the architecture of Qwen2 with half a million random weights.

It is saved as any other model is, so transformers, verl and vLLM load it from its folder without
knowing that it is a toy. Importing this module takes the extra that trains.
"""

from pathlib import Path

import torch
from transformers import GenerationConfig, Qwen2Config, Qwen2ForCausalLM

from assayoffice.rl.toy import tokens

_HIDDEN = 96
_LAYERS = 3
_HEADS = 3  # of 32 dimensions, the fewest that vLLM's attention for CPUs takes
# Of the random weights. Qwen2's own 0.02 suits thousands of dimensions; with so few, a model begins
# to learn far later.
_SPREAD = 0.06
_LONGEST = 256  # tokens of prompt and response


def build(folder: Path, *, seed: int) -> None:
    """Save the tokenizer and a new model into one folder; a seed always gives the same weights."""
    tokenizer = tokens.tokenizer()
    end, pad = tokenizer.eos_token_id, tokenizer.pad_token_id
    config = Qwen2Config(
        vocab_size=len(tokenizer),
        hidden_size=_HIDDEN,
        intermediate_size=4 * _HIDDEN,
        num_hidden_layers=_LAYERS,
        num_attention_heads=_HEADS,
        num_key_value_heads=_HEADS,
        max_position_embeddings=_LONGEST,
        tie_word_embeddings=True,
        initializer_range=_SPREAD,
        eos_token_id=end,
        pad_token_id=pad,
        bos_token_id=None,
        dtype="float32",
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = Qwen2ForCausalLM(config)
    model.generation_config = GenerationConfig(eos_token_id=end, pad_token_id=pad)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
