"""What a finished run says on the terminal."""

from rich.console import Console

from assayoffice.rl.statistics.intervals import Tally
from assayoffice.rl.training import evaluation
from assayoffice.rl.training.evaluation import Evaluation, ProblemResult
from assayoffice.rl.training.folder import RunFolder
from assayoffice.rl.training.summary import accuracy_table

MARKUP = "a[/b]"


def shown(tmp_path, **domains: list[str]) -> str:
    folder = RunFolder(tmp_path)
    for name, those in domains.items():
        results = (
            ProblemResult(str(number), domain, Tally(1, 2), None, 1.0)
            for number, domain in enumerate(those)
        )
        evaluation.save(Evaluation(tuple(results), {}, ()), folder.evaluation(name))
    console = Console(width=100)
    with console.capture() as printed:
        console.print(accuracy_table(folder))
    return printed.get()


def test_accuracies_stand_by_domain_and_evaluation(tmp_path):
    text = shown(tmp_path, sft=["a", "b"], grpo=["a", "b"])
    assert "after SFT" in text and "after GRPO" in text and "GRPO gained" in text
    assert "0.0 (0.0 to 0.0)" in text


def test_domains_names_are_no_markup(tmp_path):
    assert MARKUP in shown(tmp_path, start=[MARKUP])


def test_domain_without_a_verdict_in_one_evaluation_has_a_dash_there(tmp_path):
    text = shown(tmp_path, sft=["a", "b"], grpo=["a"])
    (line,) = (each for each in text.splitlines() if each.strip().startswith("b"))
    assert line.split() == ["b", "50.0", "(5.5", "to", "94.5)", "–", "–"]
