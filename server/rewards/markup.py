"""The form of a response: its block of thoughts, and the tags around its answer."""

_THINK, _THINK_END = "<think>", "</think>"
_ANSWER, _ANSWER_END = "<answer>", "</answer>"


def answer_after_thoughts(response: str, *, opened_by_prompt: bool) -> str | None:
    """What follows the block of thoughts; None where the block is not as it must be.

    ``<think>`` stands at the start, ``</think>`` after it, each exactly once, and something other
    than white space follows. White space around the tags does not count, and the block may be
    empty. Where the prompt ended with ``<think>``, the response must not have another.

    Source: the format that DeepSeek-R1 (arXiv:2501.12948), section 2.2, and Phi-4-reasoning
    (arXiv:2504.21318), section 4.1, ask for; neither defines it more closely.
    """
    if response.count(_THINK) != (0 if opened_by_prompt else 1):
        return None
    if not opened_by_prompt and not response.lstrip().startswith(_THINK):
        return None
    if response.count(_THINK_END) != 1:
        return None
    answer = response.partition(_THINK_END)[2].strip()
    return answer or None


def is_in_answer_tags(answer: str) -> bool:
    """Whether a text is one ``<answer>`` block and nothing else.

    Source: the template of DeepSeek-R1-Zero (arXiv:2501.12948), table 1.
    """
    if answer.count(_ANSWER) != 1 or answer.count(_ANSWER_END) != 1:
        return False
    inside = answer.removeprefix(_ANSWER).removesuffix(_ANSWER_END)
    return len(inside) == len(answer) - len(_ANSWER) - len(_ANSWER_END) and bool(inside.strip())
