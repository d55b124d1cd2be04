"""The toy model's tokenizer: bytes, and whole phrases and small numbers as one token.

Every byte is a token, so any text can be encoded and every digit and operator stands alone. The
phrases that each response repeats and the numbers from 10 to 39 are one token each, so that a
response is almost only what has to be worked out: short responses are what makes training on a
CPU possible.

Nothing is trained, so two builds are the same to the byte. Importing this module takes the
extra that trains.
"""

from pathlib import Path

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

PAD, START, END = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
_PHRASES = (
    # Not special: what is decoded without special tokens must still show where thinking ended.
    "<think>",
    "</think>",
    "system\n",
    "user\n",
    "assistant\n",
    "Compute ",
    "\\boxed{",
    "```python\ndef f(x):\n    return ",
    "\n```",
    "f(",
    ")=",
    " + ",
    " - ",
    " * ",
    *map(str, range(10, 40)),
)
# ChatML. Each message stands by itself, as verl's SFT trainer wants it.
_TEMPLATE = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


def build(folder: Path) -> None:
    """Save the tokenizer where ``AutoTokenizer.from_pretrained`` finds it."""
    tokenizer().save_pretrained(folder)


def tokenizer() -> PreTrainedTokenizerFast:
    """The tokenizer: ChatML, ``<|im_end|>`` as its end token, and a pad token of its own."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {letter: number for number, letter in enumerate(alphabet)}
    core = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    core.decoder = decoders.ByteLevel()
    core.add_special_tokens([AddedToken(each, special=True) for each in (PAD, START, END)])
    core.add_tokens([AddedToken(each, normalized=False) for each in _PHRASES])
    return PreTrainedTokenizerFast(
        tokenizer_object=core,
        pad_token=PAD,
        eos_token=END,
        chat_template=_TEMPLATE,
        clean_up_tokenization_spaces=False,
    )
