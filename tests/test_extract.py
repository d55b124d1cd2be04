r"""What a response commits to. A careful reader decides each of these rows the same way."""

import random

import pytest

from assayoffice.verifiers.extract import (
    MAX_ANSWER_CHARACTERS,
    MAX_RESPONSE_CHARACTERS,
    SEARCH_CHARACTERS,
    Extraction,
    Method,
    TooLargeError,
    extract,
)

BOXED, WHOLE = Extraction.BOXED, Extraction.WHOLE


def answer(response: str, extraction: Extraction = Extraction.BOXED_OR_FINAL) -> str | None:
    found = extract(response, extraction)
    return found.text if found else None


@pytest.mark.parametrize(
    ("response", "wanted"),
    [
        (r"So $\boxed{\frac{1}{2}}$.", r"\frac{1}{2}"),
        (r"It is \fbox{12}.", "12"),
        (r"\boxed {x^{2}}", "x^{2}"),
        (r"$\boxed 3$.", "3"),
        (r"The set is \boxed{\{1, \{2\}\}}", r"\{1, \{2\}\}"),
        (r"\boxed{15\mbox{ cm}^2}.", r"15\mbox{ cm}^2"),
        (r"\begin{align*} x &= 1 \\ &= \boxed{90^\circ}. \end{align*}", r"90^\circ"),
        (r"\boxed{1121_3}, or so I thought. In fact \boxed{1112_3}", "1112_3"),
        (r"\boxed{x = \boxed{5}}", "5"),
        (r"escaped twice: \\boxed{7}", "7"),
        (r"\boxed{7} and then the text broke off at \boxed{8", "7"),
        (r"Write it as \boxed . The sum is \boxed{7}", "7"),
        (r"\boxed{4} is what I write in a \boxed environment", "4"),
        (r"\boxed{$-1$}", "-1"),
        (r"\boxed{13 hours.}", "13 hours"),
        (r"\boxed{0.333...}", "0.333..."),
        (r"\boxed{7:00 a.m.}", "7:00 a.m."),
    ],
)
def test_the_last_closed_box_is_the_answer(response, wanted):
    assert answer(response, BOXED) == wanted
    assert answer(response) == wanted


@pytest.mark.parametrize("content", ["", " ", r"\ ", r"\text{ }", r"\quad", "?", "~", "$$", "___"])
def test_an_empty_box_is_no_answer_even_after_a_full_one(content):
    assert answer(rf"First \boxed{{7}}. Then \boxed{{{content}}}") is None


@pytest.mark.parametrize(
    ("response", "wanted"),
    [
        (r"\boxed{3} or \boxed{4}", r"3 \text{ or } 4"),
        (r"$\boxed{3}$ (or $\boxed{4}$)", r"3 \text{ or } 4"),
        (r"$\boxed{1}$, $\boxed{2}$ and $\boxed{3}$.", r"1, 2 \text{ and } 3"),
        (r"\[ \boxed{-2} \quad \text{and} \quad \boxed{1}. \]", r"-2 \text{ and } 1"),
        ("\\boxed{1},\n\\boxed{2}", "1, 2"),
        (r"\boxed{1} \boxed{1} \[ \boxed{1}", "1, 1, 1"),
        (
            r"$\boxed{(3, 3)} \text{ for part (a) and } \boxed{(1, 1)}$",
            r"(3, 3) \text{ and } (1, 1)",
        ),
        (r"$x = \boxed{3}$ and $y = \boxed{4}$", r"x = 3 \text{ and } y = 4"),
    ],
)
def test_boxes_joined_to_each_other_are_one_answer_of_several_values(response, wanted):
    found = extract(response)
    assert found is not None
    assert found.text == wanted
    assert found.flags == ("MULTIPLE_BOXES",)


@pytest.mark.parametrize(
    "response",
    [
        "First try: \\boxed{3}.\n\nActually I made an error. So \\boxed{4}.",
        "\\boxed{3}\n\\boxed{4}",
        "First,\n\\boxed{3},\n\nand then\n\\boxed{4}",
        "\\boxed{3},\n\n\\boxed{4}",
        r"\boxed{3} was my first thought, but it is \boxed{4}.",
        r"\boxed{} or \boxed{4}",
    ],
)
def test_separate_boxes_are_not_joined(response):
    found = extract(response)
    assert found is not None
    assert (found.text, found.flags) == ("4", ())


@pytest.mark.parametrize(
    ("response", "wanted"),
    [
        ("The final answer is: 18", "18"),
        ("The final answer is $X$. I hope it is correct.", "X"),
        ("Final Answer: The final answer is $(0, 1)$. I hope it is correct.", "(0, 1)"),
        ("Final Answer: The largest number of points of $f(x)$ is 19.", "19"),
        ("**Answer:** 42", "42"),
        ("**Final Answer: 42**", "42"),
        ("### Final Answer\n\n$7$", "7"),
        ("**Final Answer**\n\n\\[\n\\frac{1}{2}\n\\]", r"\frac{1}{2}"),
        ("Final Answer:\n18", "18"),
        ("Answer \\[ 9 \\]", "9"),
        ("Answer $ \n 9 \n $", "9"),
        ("<answer> 7 </answer>", "7"),
        ("3 + 4 = 7\n#### 7", "7"),
        ("#### 1,234", "1,234"),
        ("The answer is 7, because 3 + 4 = 7.", "7"),
        ("the answer is 18 dollars. Good.", "18 dollars"),
        ("The answer is $18 and $20.", "$18 and $20"),
        ("The answer is $3$ or $4$.", "3 or 4"),
        ("The answer is 3.14.", "3.14"),
        ("The answer is $5$ for $x > 0$.", "5 for x > 0"),
        ("The answer in simplest form is 1/2.", "1/2"),
        ("The answer is **B**.", "B"),
        ("The correct option is (B).", "(B)"),
        ("Option B is correct.", "Option B"),
        (r"Therefore $x \geq 5$ is the solution.", r"x \geq 5"),
        ("Thus $x <= 2$ is our answer.", "x <= 2"),
        ("The answer is 3. No: the answer is 4.", "4"),
        ("The answer is 7.\n\nThis answer is correct.", "7"),
        ("The answer is 7.\n\nTo verify: $3 + 4 = 7$", "7"),
        ("The answer is not 7.", "not 7"),
        ("The answer is 7 <|im_end|>\n<|im_start|>user\nThe answer is 8", "7"),
    ],
)
def test_without_a_box_the_last_explicit_final_form_counts(response, wanted):
    found = extract(response)
    assert found is not None
    assert (found.text, found.method) == (wanted, Method.FINAL_FORM)
    assert found.flags == ("LENIENT_EXTRACTION",)
    assert answer(response, BOXED) is None


@pytest.mark.parametrize(
    ("response", "wanted"),
    [
        ("Solving gives\n\\[\nx = 5\n\\]", "x = 5"),
        ("Thus\n\\[ a = 1 \\\\[2pt] b = 2 \\]", r"a = 1 \\[2pt] b = 2"),
        (r"We find that $x \lt 3$.", r"x \lt 3"),
        (r"The roots are $3$ and $4$.", "3 and 4"),
        ("So Janet makes **18** every day.", "18"),
        ("We add. Therefore, the sum is 1,234.5.", "1,234.5"),
        (r"\frac{10}{9}", r"\frac{10}{9}"),
        ("(B)", "(B)"),
    ],
)
def test_without_an_announcement_what_the_last_line_ends_in_counts(response, wanted):
    found = extract(response)
    assert found is not None
    assert (found.text, found.method) == (wanted, Method.LAST_LINE)


@pytest.mark.parametrize(
    "response",
    [
        "",
        "I could not solve it.",
        "We get 7 apples, and 3 more.",
        "3 + 4 = 7, so Ann has eaten 7 of them",
        "It is not **7**.",
        "Either **3** or **4**, I think",
        "The price increases by 100%.",
        "The answer is",
        "The answer is as follows",
        r"The final answer is $\boxed{7",
        "$x$ is even, I suppose",
        "...",
    ],
)
def test_a_response_that_only_mentions_numbers_has_not_answered(response):
    assert answer(response) is None


def test_only_what_follows_the_reasoning_is_searched():
    assert answer("<think>\\boxed{7}</think>\nI could not solve the problem.") is None
    assert answer("\\boxed{7}</think> no, \\boxed{8}</think>\nThe answer is \\boxed{9}") == "9"
    assert answer("<think>The answer is \\boxed{7}") is None
    assert answer("\\boxed{7}\n<think>wait") is None
    found = extract("<think>\\boxed{7}", reasoning_end="")
    assert found is not None and found.text == "7"
    found = extract("a \\boxed{1} [/THINK] \\boxed{2}", reasoning_end="[/THINK]")
    assert found is not None and found.text == "2"


def test_the_whole_response_can_be_the_answer():
    assert answer(" $x = 5$. ", WHOLE) == "x = 5"
    assert answer("<think>hm</think>\n\\boxed{5}", WHOLE) == r"\boxed{5}"
    assert answer(" \n", WHOLE) is None


def test_texts_beyond_the_caps_are_turned_away_with_the_cap_that_was_hit():
    with pytest.raises(TooLargeError) as caught:
        extract("x" * (MAX_RESPONSE_CHARACTERS + 1))
    assert caught.value.reason == "RESPONSE_LENGTH"
    with pytest.raises(TooLargeError) as caught:
        extract("x" * (MAX_ANSWER_CHARACTERS + 1), WHOLE)
    assert caught.value.reason == "ANSWER_LENGTH"
    assert answer("\\boxed{7}" + " x" * SEARCH_CHARACTERS) is None


def test_what_cannot_be_seen_cannot_change_an_answer():
    assert answer("\\boxed{1\u200b2\u2069\ufeff}") == "12"
    # A reader is shown "21" where "12" is judged, so it is not read as either.
    assert answer("\\boxed{\u202e12}") == "\ufffd12"
    assert answer("\\boxed{1\x002}") == "1\ufffd2"
    assert answer("\\boxed{\ud800}") == "\ufffd"
    assert answer("\\boxed{１２}") == "１２"


FRAGMENTS = [
    *("\\boxed{", "\\boxed 1", "{", "}", "\\{", "\\", "$", "$$", "\\(", "\\)", "\\[", "\\]", "**"),
    *("answer is ", "Answer:", "####", "So ", "is ", "or ", "and ", ". ", ".", ", ", "\n", " "),
    *("<think>", "</think>", "<answer>", "</answer>", "<|im_end|>", "\\text{", "is the answer"),
    *("7", "x", "=", "\u200b", "\u202e", "\x00", "\ud800", "１", "the answer to ", "option B "),
]


@pytest.mark.parametrize("extraction", Extraction)
def test_no_text_makes_it_fail(extraction):
    dice = random.Random(7)
    for _ in range(3000):
        text = "".join(dice.choices(FRAGMENTS, k=dice.randrange(40)))
        found = extract(text, extraction)
        assert found == extract(text, extraction)
        if found:
            assert found.text == found.text.strip() != ""
            found.text.encode()  # a verdict travels as UTF-8


@pytest.mark.parametrize("fragment", FRAGMENTS)
@pytest.mark.parametrize(("before", "after"), [("", ""), ("The answer is ", " 7"), ("So ", "}")])
def test_a_million_of_anything_is_read_in_steps_that_grow_with_the_length(fragment, before, after):
    # A quadratic pattern would need hours for these.
    count = (MAX_RESPONSE_CHARACTERS - 100) // len(fragment)
    extract(before + fragment * count + after)
    extract(before + fragment * (SEARCH_CHARACTERS // len(fragment) - 20) + after)
    extract(before + fragment * (1_900 // len(fragment)) + after)
