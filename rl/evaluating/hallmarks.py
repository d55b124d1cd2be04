"""The hallmarks that an evaluation demands: those of training, so that both mean the same."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from assayoffice.rl.evaluating.errors import EvaluationError
from assayoffice.rl.evaluating.evaluation import read_evaluation


def hallmarks_from(source: Path) -> Mapping[str, str]:
    """The digest of each verifier that judged in a run of ``assay train``, or in an evaluation.

    ``source`` is the folder of either, or the file of an evaluation. Raises EvaluationError where
    it holds none.
    """
    # Here, because other commands should not wait for the import of what they do not use.
    from assayoffice.rl.training.errors import TrainingError
    from assayoffice.rl.training.folder import RunFolder
    from assayoffice.rl.training.serving import HALLMARK
    from assayoffice.rl.training.stages import Stages

    folder = RunFolder(source)
    if not folder.stages.exists():
        return read_evaluation(source).hallmarks
    try:
        stages = Stages(folder).finished.values()
    except TrainingError as error:
        raise EvaluationError(str(error)) from None
    found = {
        name.removeprefix(HALLMARK): str(digest)
        for stage in stages
        for name, digest in stage.facts.items()
        if name.startswith(HALLMARK)
    }
    if not found:
        raise EvaluationError(f"{folder.stages}: the run has not got as far as to have a service")
    return found


def demanded(
    given: Mapping[str, str], trained: Mapping[str, str], verifiers: Iterable[str]
) -> dict[str, str]:
    """What to demand of the service: what is ``given``, else as ``trained``, of what is asked.

    Raises EvaluationError for a verifier that training did not have.
    """
    wanted = sorted(set(verifiers))
    absent = [each for each in wanted if trained and each not in trained and each not in given]
    if absent:
        raise EvaluationError(
            f"{absent[0]}: judges some of the problems, and did not serve in that run; demand its "
            "hallmark with --require-hallmark"
        )
    demands = {**trained, **given}
    return {each: demands[each] for each in wanted if each in demands} | dict(given)
