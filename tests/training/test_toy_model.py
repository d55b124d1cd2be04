"""The toy model is loaded as any other is, and its tokenizer keeps every text."""

import json
from pathlib import Path

import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

from assayoffice.rl.toy import fractions, model, programs, tokens
from assayoffice.rl.toy.problems import demonstration

PROMPT_TOKENS = 24
RESPONSE_TOKENS = 32
WEIGHTS = range(400_000, 600_000)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    model.build(folder, seed=1)
    return folder


@pytest.fixture(scope="module")
def tokenizer(folder):
    return AutoTokenizer.from_pretrained(folder)


@pytest.fixture
def question() -> list[dict[str, str]]:
    return [{"role": "user", "content": "Compute 3/4 - 0.5"}]


def files(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


class TestTokenizer:
    @pytest.mark.parametrize(
        "text",
        [
            "Compute 1 3/4 - 0.5",
            "<think>14/8-4/8=10/8</think>\\boxed{1 1/4}",
            "<think></think>```python\ndef f(x):\n    return 3*x+2\n```",
            "f(x) = π·x²\t\r\n  naïve 漢字 🙂 \x00",
            "",
        ],
    )
    def test_every_text_comes_back(self, tokenizer, text):
        assert tokenizer.decode(tokenizer.encode(text)) == text

    def test_digits_operators_and_small_numbers_are_one_token_each(self, tokenizer):
        pieces = [*"4567890/1+2-3*=.x", "10", " ", "39", "*", "4", "0"]
        ids = tokenizer.encode("".join(pieces))
        assert [tokenizer.decode([each]) for each in ids] == pieces

    def test_phrases_are_one_token_each(self, tokenizer):
        for phrase in ("<think>", "</think>", "\\boxed{", "```python\ndef f(x):\n    return "):
            assert len(tokenizer.encode(phrase)) == 1

    def test_chat_ends_with_the_end_token_and_opens_the_turn_of_the_model(
        self, tokenizer, question
    ):
        opened = tokenizer.apply_chat_template(question, add_generation_prompt=True, tokenize=False)
        assert opened == ("<|im_start|>user\nCompute 3/4 - 0.5<|im_end|>\n<|im_start|>assistant\n")
        answered = [*question, {"role": "assistant", "content": "\\boxed{1/4}"}]
        assert tokenizer.apply_chat_template(answered, tokenize=False) == (
            opened + "\\boxed{1/4}<|im_end|>\n"
        )

    def test_messages_alone_are_the_chat_in_pieces(self, tokenizer, question):
        """The SFT trainer encodes each message by itself and joins the pieces."""
        answer = [{"role": "assistant", "content": "<think></think>\\boxed{1/4}"}]
        pieces = [
            tokenizer.apply_chat_template(each, return_dict=True)["input_ids"]
            for each in (question, answer)
        ]
        whole = tokenizer.apply_chat_template(question + answer, return_dict=True)["input_ids"]
        assert pieces[0] + pieces[1] == whole

    def test_end_and_pad_are_special_and_different_and_thinking_is_not(self, tokenizer):
        assert tokenizer.eos_token == tokens.END == "<|im_end|>"
        assert tokenizer.pad_token_id not in (None, tokenizer.eos_token_id)
        ids = tokenizer.encode("<think>1</think>2<|im_end|><|endoftext|>")
        assert tokenizer.decode(ids, skip_special_tokens=True) == "<think>1</think>2"

    def test_builds_are_the_same_to_the_byte(self, tmp_path):
        for name in ("one", "two"):
            tokens.build(tmp_path / name)
        assert files(tmp_path / "one") == files(tmp_path / "two")

    def test_questions_and_responses_are_short(self, tokenizer):
        for problem in (*fractions.problems(), *programs.problems()):
            chat = [{"role": "user", "content": problem.question}]
            prompt = tokenizer.apply_chat_template(
                chat, add_generation_prompt=True, return_dict=True
            )["input_ids"]
            assert len(prompt) <= PROMPT_TOKENS
            longest = max(problem.answers, key=len)
            response = demonstration(problem, longest, worked=True) + tokens.END
            assert len(tokenizer.encode(response)) <= RESPONSE_TOKENS


class TestModel:
    def test_it_is_a_qwen2_that_predicts_from_its_vocabulary(self, folder, tokenizer):
        loaded = AutoModelForCausalLM.from_pretrained(folder)
        assert type(loaded).__name__ == "Qwen2ForCausalLM"
        assert loaded.num_parameters() in WEIGHTS
        ids = torch.tensor([tokenizer.encode("Compute 3/4 - 0.5")])
        assert loaded(ids).logits.shape == (1, ids.shape[1], len(tokenizer))

    def test_generation_stops_at_the_end_token(self, folder, tokenizer):
        generation = json.loads((folder / "generation_config.json").read_text())
        assert generation["eos_token_id"] == tokenizer.eos_token_id
        assert generation["pad_token_id"] == tokenizer.pad_token_id

    def test_heads_are_of_a_size_that_vllm_has_attention_for(self, folder):
        config = AutoConfig.from_pretrained(folder)
        assert config.architectures == ["Qwen2ForCausalLM"]
        assert config.hidden_size // config.num_attention_heads in (32, 64, 80, 96, 112, 128, 256)

    def test_seed_decides_the_weights(self, tmp_path, folder):
        model.build(tmp_path / "same", seed=1)
        model.build(tmp_path / "other", seed=2)
        assert files(tmp_path / "same") == files(folder)
        name = "model.safetensors"
        assert files(tmp_path / "other")[name] != files(folder)[name]

    def test_building_leaves_the_callers_random_numbers_alone(self, tmp_path):
        torch.manual_seed(7)
        expected = torch.rand(1)
        torch.manual_seed(7)
        model.build(tmp_path, seed=1)
        assert torch.equal(torch.rand(1), expected)
