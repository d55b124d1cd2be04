"""What is around the work of ``assay edge``: what it refuses, shows, and how it fails."""

import contextlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import typer
from rich.console import Console

from assayoffice.rl.edge.advice import advice
from assayoffice.rl.edge.band import Band
from assayoffice.rl.edge.errors import EdgeError, UnservedVerifierError
from assayoffice.rl.edge.filtering import Progress
from assayoffice.rl.edge.outputs import JSON_LINES, PARQUET
from assayoffice.rl.edge.result import EdgeResult
from assayoffice.rl.edge.showing import result_as_json, summary
from assayoffice.rl.evaluating import options
from assayoffice.rl.file_runs import refuse_overwriting
from assayoffice.rl.sampling.models import Model
from assayoffice.rl.sampling.options import model_of
from assayoffice.rl.terminal import plain


def refuse_files(files: list[str], output: Path, dropped: Path | None) -> None:
    """Raise BadParameter for results that would overwrite rows or each other, or have no form."""
    if output.suffix not in (PARQUET, JSON_LINES):
        said = f"{output}: must end in {PARQUET} or {JSON_LINES}"
        raise typer.BadParameter(said, param_hint="--output")
    for file in files:
        refuse_overwriting(output, file)
    if dropped is not None:
        if dropped.suffix != JSON_LINES:
            said = f"{dropped}: must end in {JSON_LINES}; rows that cannot be read have no columns"
            raise typer.BadParameter(said, param_hint="--dropped")
        if dropped.absolute() == output.absolute():
            raise typer.BadParameter("is the --output, too", param_hint="--dropped")
        if any(
            dropped.exists() and Path(each).exists() and dropped.samefile(each) for each in files
        ):
            raise typer.BadParameter("would overwrite the rows", param_hint="--dropped")


def band_of(
    min_solve_rate: float, max_solve_rate: float, min_disagreement: float, max_disagreement: float
) -> Band:
    """The band that options give. Raises BadParameter."""
    try:
        return Band(min_solve_rate, max_solve_rate, min_disagreement, max_disagreement)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="the band") from None


def stronger_of(
    name: str | None, url: str | None, api_key_env: str | None, engine: str | None, requests: int
) -> Model | None:
    """The stronger model that options give. Raises BadParameter."""
    if name is not None:
        try:
            return model_of(name, url, api_key_env, engine, requests)
        except typer.BadParameter as error:
            error.param_hint = "--stronger-model and its options"
            raise
    if url or api_key_env or engine:
        raise typer.BadParameter("is missing", param_hint="--stronger-model")
    return None


@contextlib.contextmanager
def progress(console: Console) -> Iterator[Progress]:
    """A bar for each stage that has begun."""
    with options.bars(console) as bar:
        shown: dict[str, Callable[[int, int], None]] = {}

        def tell(stage: str, done: int, total: int) -> None:
            if stage not in shown:
                shown[stage] = bar(stage)
            shown[stage](done, total)

        yield tell


def show(result: EdgeResult, band: Band, console: Console, *, as_json: bool) -> None:
    """Print what came of it."""
    said = advice(result, band)
    if as_json:
        sys.stdout.write(json.dumps({**result_as_json(result), "advice": said}) + "\n")
        sys.stdout.flush()
        return
    options.tell(summary(result, said))
    if result.output is not None:
        console.print(f"Kept: {result.output}", markup=False, soft_wrap=True)


@contextlib.contextmanager
def outcome_of(console: Console) -> Iterator[None]:
    """Turn what keeps the command from its work into a message and an exit code."""
    with options.outcome_of(console):
        try:
            yield
        except EdgeError as error:
            console.print(plain(f"error: {error}"), style="bold red", soft_wrap=True)
            refused = isinstance(error, UnservedVerifierError)
            raise typer.Exit(4 if refused else 2) from None
