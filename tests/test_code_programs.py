"""Which program a response commits to."""

import time

import pytest

from assayoffice.verifiers.code.programs import extract
from assayoffice.verifiers.code.task import CodeExtraction
from assayoffice.verifiers.extract import MAX_RESPONSE_CHARACTERS, TooLargeError


def found(
    response: str,
    extraction: CodeExtraction = CodeExtraction.LAST_BLOCK,
    language: str = "python",
    reasoning_end: str = "</think>",
) -> str | None:
    return extract(response, extraction, reasoning_end, language)


def fenced(code: str, tag: str = "python", fence: str = "```") -> str:
    return f"{fence}{tag}\n{code}\n{fence}\n"


@pytest.mark.parametrize(
    "tag",
    [
        *("python", "Python", "PYTHON", " python", "py", "python3", "Py3", "python3.11"),
        *("python title=main.py", "python:main.py", "python,runnable", "python{1,3}"),
        *("{.python}", "{python}", "{.python .numberLines}", "{#id .python}", "language-python"),
        *("{ .python }", "{python, echo=FALSE}", "", "   "),
    ],
)
def test_tag_names_the_language_however_it_is_written(tag):
    assert found(f"So:\n\n{fenced('x = 1', tag)}") == "x = 1\n"


@pytest.mark.parametrize(
    "tag",
    ["text", "output", "console", "pycon", "txt", "pythonic", "cython", "c", "json", "{.text}"],
)
def test_block_in_another_language_is_not_taken(tag):
    assert found(fenced("x = 1", tag)) is None


@pytest.mark.parametrize(
    ("language", "tags"),
    [
        ("cpp", ["c++", "C++", "cpp", "cxx", "cc", "c++17", "cpp20"]),
        ("c", ["c", "C", "c99"]),
        ("javascript", ["js", "javascript", "node", "mjs"]),
        ("bash", ["sh", "shell", "bash"]),
        ("go", ["go", "golang"]),
        ("rust", ["rs", "rust", "rust,ignore"]),
        ("java", ["java", "Java", "java17"]),
    ],
)
def test_languages_have_other_names(language, tags):
    for tag in tags:
        assert found(fenced("main", tag), language=language) == "main\n"
    assert found(fenced("main", "python"), language=language) is None


def test_cpp_is_not_c():
    assert found(fenced("main", "cpp"), language="c") is None
    assert found(fenced("main", "c"), language="cpp") is None


def test_last_block_in_the_language_wins():
    response = "\n".join([fenced("first"), fenced("second"), fenced("5", "text"), fenced("5", "")])
    assert found(response) == "second\n"
    assert found(response, CodeExtraction.FIRST_BLOCK) == "first\n"


def test_block_without_a_tag_is_taken_where_none_has_the_tag():
    response = fenced("one", "") + fenced("two", "") + fenced("nothing", "text")
    assert found(response) == "two\n"
    assert found(response, CodeExtraction.FIRST_BLOCK) == "one\n"


def test_empty_blocks_are_no_programs():
    assert found(fenced("x = 1") + fenced(" \n")) == "x = 1\n"
    assert found(fenced("x = 1") + "```python") == "x = 1\n"
    assert found("```python\n```") is None


def test_response_without_fences_is_a_program_only_where_that_is_asked_for():
    assert found("x = 1") is None
    assert found("x = 1", CodeExtraction.BLOCK_OR_WHOLE) == "x = 1"
    assert found(fenced("x = 1"), CodeExtraction.BLOCK_OR_WHOLE) == "x = 1\n"
    assert found(fenced("x = 1", "text"), CodeExtraction.BLOCK_OR_WHOLE) is None
    assert found("  \n", CodeExtraction.BLOCK_OR_WHOLE) is None


def test_whole_response_keeps_its_indentation_and_its_fences():
    completion = "    return x\n\n```python\ny\n```"
    assert found(completion, CodeExtraction.WHOLE) == completion


@pytest.mark.parametrize(
    ("block", "program"),
    [
        ("~~~python\nx\n~~~", "x\n"),
        ("~~~~~python\nx\n~~~\n~~~~~", "x\n~~~\n"),
        ("~~~python ``` ~~~\nx\n~~~", "x\n"),
        ("````python\n```\nx\n```\n````", "```\nx\n```\n"),
        ("```python\nx\n`````", "x\n"),
        ("```python\nx\n~~~\n```", "x\n~~~\n"),
        ("```python\nx\n``` y\n```", "x\n``` y\n"),
        ("```python\nx\n```  \t\ny", "x\n"),
        ("```python\nx\n    ```\n```", "x\n    ```\n"),
        ("```python\n  x\n ```", "  x\n"),
        ("   ```python\n   if x:\n       y\n  z\n   ```", "if x:\n    y\nz\n"),
        ("```python\n\tx\n```", "\tx\n"),
        ("```python\nx", "x\n"),
        ("```python\n\nx\n\n```", "\nx\n\n"),
        ("```python\r\nx\r\ny\r\n```\r\n", "x\ny\n"),
        ("```python\rx\r```\r", "x\n"),
        ("````python\nx\n```", "x\n```\n"),
    ],
)
def test_fences_are_those_of_commonmark(block, program):
    assert found(f"Here:\n{block}") == program


@pytest.mark.parametrize(
    "text",
    [
        "``python\nx\n``",
        "    ```python\n    x\n    ```",
        "```python x``` is\nx = 1",
        "say ```python\nx\n```",
    ],
)
def test_what_only_looks_like_a_fence_is_none(text):
    assert found(text) is None


def test_only_what_follows_the_reasoning_is_searched():
    draft, final = fenced("draft"), fenced("final")
    assert found(f"<think>{draft}</think>{final}") == "final\n"
    assert found(f"<think>\n{draft}</think>\nDone.") is None
    assert found(f"<think>\n{draft}</think>\n{final}<think>\n") is None
    assert found(f"{draft}<end>{final}", reasoning_end="<end>") == "final\n"
    assert found(f"{final}</think>", reasoning_end="") == "final\n"


def test_fence_left_open_in_the_reasoning_does_not_reach_beyond_it():
    assert found(f"<think>\n```python\ndraft\n</think>\n{fenced('final')}") == "final\n"


@pytest.mark.parametrize("token", ["<|im_end|>", "<|eot_id|>", "<｜end▁of▁sentence｜>"])
def test_next_turn_is_not_searched(token):
    ours, theirs = "```python\nours\n```", fenced("theirs")
    assert found(f"{ours}{token}") == "ours\n"
    assert found(f"{ours}{token}\n<|im_start|>user\n{theirs}") == "ours\n"
    assert found(f"x = 1{token}", CodeExtraction.WHOLE) == "x = 1"


def test_program_may_speak_of_the_end_of_turns():
    program = 'text = "<|im_end|>"'
    assert found(fenced(program)) == f"{program}\n"


def test_characters_that_no_file_can_hold_become_replacements():
    assert found(fenced("'\ud800'")) == "'\ufffd'\n"
    assert found(fenced("\ufeffx = 1")) == "x = 1\n"
    assert found(fenced("x = '\x00'")) == "x = '\x00'\n"
    assert found(fenced("x = 'ж\u200b'")) == "x = 'ж\u200b'\n"


@pytest.mark.parametrize(
    "response",
    [
        fenced("x = 1\r\n\ufeff\ufeffy"),
        "~~~~py\n\ufeff\ufeff```python\n\r\r\nx\n```<|im_end|>",
        fenced("s = '</think><think>'") + "<|im_end|>",
        "\ufeff\r\r\n x",
    ],
)
def test_what_was_found_is_found_again_in_itself(response):
    for extraction in (CodeExtraction.BLOCK_OR_WHOLE, CodeExtraction.WHOLE):
        program = found(response, extraction, reasoning_end="")
        assert program is not None
        assert found(program, CodeExtraction.WHOLE, reasoning_end="") == program


def test_response_beyond_the_cap_is_refused():
    assert found(" " * MAX_RESPONSE_CHARACTERS) is None
    with pytest.raises(TooLargeError, match="RESPONSE_LENGTH"):
        found(" " * (MAX_RESPONSE_CHARACTERS + 1))


@pytest.mark.parametrize(
    "unit",
    [
        *("`", "~", "```", "```\n", "~~~\n```\n", "```{", "{ .", "a1", "1.", "\r", " ", "\n"),
        *("<|im_end|>x", "<think>", "</think>", "<｜end▁of▁sentence｜>", "\ud800", "```a1.1"),
    ],
)
def test_hostile_megabyte_takes_linear_time(unit):
    hostile = "```" + unit * (MAX_RESPONSE_CHARACTERS // len(unit) - 8)
    began = time.process_time()
    found(hostile, CodeExtraction.BLOCK_OR_WHOLE)
    found("\n" + hostile[2:], CodeExtraction.BLOCK_OR_WHOLE)
    # At most a tenth of it on an idle machine; quadratic time would be hours.
    assert time.process_time() - began < 10
