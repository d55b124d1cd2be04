"""Problems whose samples are scripted so that each reason occurs, and a fake that says them."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from fake_completions import Asked, Raw, completion

from assayoffice.rl.sampling.request import SamplingRequest

SAMPLES = 4
REQUEST = SamplingRequest(SAMPLES, 1.0, 1.0, 64, seed=1)

#: What four samples say, by the id of the problem. The reference is 1/2 but where it says other.
ANSWERS: Mapping[str, Sequence[str]] = {
    # One class in three notations, and one other answer.
    "kept": ["\\boxed{1/2}", "\\boxed{7}", "\\boxed{0.5}", "\\boxed{\\frac{2}{4}}"],
    "solved": ["\\boxed{1/2}", "\\boxed{0.5}", "\\boxed{\\frac{1}{2}}", "\\boxed{2/4}"],
    "hopeless": ["\\boxed{7}", "\\boxed{7.0}", "\\boxed{8}", "\\boxed{7}"],
    "silent": ["I do not know.", "Who knows?", "", "No idea."],
    "inconsistent": ["\\boxed{1/2}", "\\boxed{7}", "\\boxed{8}", "\\boxed{9}"],
    "bare": ["\\boxed{3}", "\\boxed{3.0}", "\\boxed{4}", "\\boxed{5}"],
    "disputed": ["\\boxed{3}", "\\boxed{3}", "\\boxed{4}", "\\boxed{5}"],
}
STRONGER: Mapping[str, Sequence[str]] = {
    "bare": ["\\boxed{6/2}", "\\boxed{3}", "\\boxed{4}", "\\boxed{3}"],
    "disputed": ["\\boxed{3}", "\\boxed{3}", "\\boxed{4}", "\\boxed{4}"],
}


def row(id: str, domain: str = "sums", **more: object) -> dict[str, object]:
    """A problem; without a reference where a stronger model is to give one."""
    reference = {} if id in STRONGER else {"reference": "1/2"}
    asked = f"The question is {id}."
    return {"id": id, "domain": domain, "prompt": asked, "origin": "real", **reference, **more}


def rows_file(folder: Path, *rows: Mapping[str, object] | str, name: str = "rows.jsonl") -> Path:
    file = folder / name
    written = (each if isinstance(each, str) else json.dumps(each) for each in rows)
    file.write_text("".join(f"{each}\n" for each in written))
    return file


def scripted(
    answers: Mapping[str, Sequence[str]] = ANSWERS, stronger: Mapping[str, Sequence[str]] = STRONGER
):
    """A model that says what is scripted; asked as "strong" it is the stronger one.

    Which sample is asked for it knows by the seed.
    """
    said = {
        (model, f"The question is {id}.", REQUEST.seed_of(id, sample)): text
        for model, of_model in (("tiny", answers), ("strong", stronger))
        for id, texts in of_model.items()
        for sample, text in enumerate(texts)
    }

    def respond(asked: Asked) -> Raw:
        text = said[asked["model"], asked["messages"][-1]["content"], asked["seed"]]
        finish = "stop" if text else "length"
        return Raw(body=completion(text, asked, finish, tokens=10 + len(text)))

    return respond
