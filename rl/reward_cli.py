"""The commands ``assay reward`` and ``assay recipes``.

Exit codes of ``reward``, also for CI:

====  ==============================================================================
0     every row has a reward
2     the command line, the recipe or the file cannot be used
3     some rows have an error instead of a reward
4     the service is unreachable or refuses the call (hallmark, token)
====  ==============================================================================
"""

import contextlib
from typing import Annotated

import typer
from rich.console import Console

from assayoffice.rl import connecting, reward_report
from assayoffice.rl.client import Client
from assayoffice.rl.errors import InvalidRequestError, SubmissionError
from assayoffice.rl.file_runs import refuse_overwriting, show, with_progress
from assayoffice.rl.rewards import AppliedRecipe, Recipe
from assayoffice.rl.rollout_rows import rollout_rows
from assayoffice.rl.rows import RowForm
from assayoffice.rl.scoring import reward as rewarded
from assayoffice.rl.sources import open_source
from assayoffice.rl.terminal import stderr_console

app = typer.Typer()


@app.command(
    epilog="Exit codes: 0 every row has a reward. "
    "2 the command line, the recipe or the file cannot be used. "
    "3 some rows have errors instead of rewards. "
    "4 the service is unreachable or refuses the call."
)
def reward(
    file: Annotated[
        str,
        typer.Argument(
            help="Rollouts to reward: JSON lines or parquet; - reads JSON lines from stdin."
        ),
    ],
    recipe: Annotated[
        str, typer.Option(metavar="NAME@VERSION", help="How; `assay recipes` lists what there is.")
    ],
    options: Annotated[
        str | None,
        typer.Option(metavar="JSON", help="Options of the recipe that differ from its defaults."),
    ] = None,
    verifier: Annotated[
        str | None, typer.Option(help="Verifier; overrides the rows. Where nobody says: numeric.")
    ] = None,
    task: Annotated[
        str | None, typer.Option(metavar="JSON", help="Fields to lay over the rows' tasks.")
    ] = None,
    response_column: connecting.ResponseColumn = "response",
    endpoint: connecting.Endpoint = None,
    config_file: connecting.ConfigFile = None,
    ca_file: connecting.CaFile = None,
    token_file: connecting.TokenFile = None,
    timeout: connecting.Timeout = 120.0,
    concurrency: connecting.Concurrency = 4,
    require_hallmark: connecting.RequireHallmark = None,
    require_stamps: connecting.RequireStamps = False,
    as_json: connecting.AsJson = False,
    output: connecting.Output = None,
) -> None:
    """Reward the rollouts of a file by a recipe.

    Rows are those of `assay verify`, with optional columns that a recipe may need: token_ids (or
    token_count) and finish_reason: "stop", "length" or "aborted".
    """
    fields = connecting.json_object(task, "--task")
    try:
        asked = Recipe.parse(recipe, connecting.json_object(options, "--options"))
    except SubmissionError as error:
        raise typer.BadParameter(str(error), param_hint="--recipe") from None
    refuse_overwriting(output, file)
    hallmarks = connecting.hallmarks_of(require_hallmark or [])

    console = stderr_console()
    with connecting.outcome_of(console), contextlib.ExitStack() as stack:
        # The file first: a typing error in its name should not cost the start of a server.
        source = stack.enter_context(open_source(file))
        sink = stack.enter_context(output.open("w")) if output is not None else None
        connection = connecting.connect(
            endpoint, config_file, ca_file, token_file, hallmarks, require_stamps=require_stamps
        )
        client = stack.enter_context(connection)
        applied = _tried(client, asked, timeout)
        form = RowForm(source.name, verifier, fields or None, response_column)
        answered = rewarded(
            client,
            rollout_rows(source.records, form),
            asked,
            timeout=timeout,
            concurrency=concurrency,
        )
        tally = reward_report.RewardTally(applied)
        results = with_progress(answered, source, console, "rewarded")
        show(results, tally, sink, as_json, f"{source.name}: {asked}")
    raise typer.Exit(3 if tally.errors else 0)


@app.command()
def recipes(
    endpoint: connecting.Endpoint = None,
    config_file: connecting.ConfigFile = None,
    ca_file: connecting.CaFile = None,
    token_file: connecting.TokenFile = None,
    timeout: connecting.Timeout = 30.0,
    as_json: connecting.AsJson = False,
) -> None:
    """List the recipes of a service, with the options that each takes."""
    with connecting.outcome_of(stderr_console()):
        with connecting.connect(endpoint, config_file, ca_file, token_file, {}) as client:
            listed = client.list_recipes(timeout=timeout)
    if as_json:
        for each in listed:
            typer.echo(reward_report.recipe_as_json(each))
    else:
        Console(highlight=False).print(reward_report.recipes_table(listed))


def _tried(client: Client, recipe: Recipe, timeout: float) -> AppliedRecipe:
    """The recipe as it will be applied: who cannot, or nobody, is told before a row is read."""
    try:
        return client.applied_recipe(recipe, timeout=timeout)
    except (SubmissionError, InvalidRequestError) as error:
        if isinstance(error, InvalidRequestError) and error.reason != "INVALID_RECIPE":
            raise
        raise typer.BadParameter(str(error), param_hint="--recipe, --options") from None
