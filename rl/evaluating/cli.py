"""The commands ``assay eval``: ``run`` and ``score``; ``compare`` joins them.

Exit codes:

====  ==============================================================================
0     every problem is judged
2     the command line or a file cannot be used
3     some problems have no verdict, the engine failed, or a file cannot be written
4     the service or the model's endpoint is unreachable or refuses
130   interrupted; the same command goes on
====  ==============================================================================
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from assayoffice.rl import connecting
from assayoffice.rl.client import Client
from assayoffice.rl.errors import DeadlineError, ErrorDetails, service_error
from assayoffice.rl.evaluating import options
from assayoffice.rl.evaluating.cli_compare import app as compare_command
from assayoffice.rl.evaluating.evaluation import Evaluation
from assayoffice.rl.evaluating.hallmarks import demanded, hallmarks_from
from assayoffice.rl.evaluating.options import bars, ks_of, outcome_of
from assayoffice.rl.evaluating.running import ANSWERS, Scoring, problems_of
from assayoffice.rl.groups import ResponseSet
from assayoffice.rl.judging.on_ray import through_ray
from assayoffice.rl.problems.problem import Problem
from assayoffice.rl.results import ItemError
from assayoffice.rl.sampling import options as sampling
from assayoffice.rl.sampling.request import SamplingRequest
from assayoffice.rl.sampling.sampling import sample
from assayoffice.rl.terminal import stderr_console

app = typer.Typer(no_args_is_help=True)
app.add_typer(compare_command)

_NOT_SERVED = ("UNKNOWN_VERIFIER", "VERIFIER_UNAVAILABLE")

_EPILOG = (
    "Exit codes: 0 every problem is judged. 2 the command line or a file cannot be used. "
    "3 some problems have no verdict, the engine failed, or a file cannot be written. "
    "4 the service or the model's endpoint is unreachable or refuses. 130 interrupted."
)


@app.command(epilog=_EPILOG)
def run(
    problems_file: Annotated[
        str,
        typer.Argument(
            metavar="PROBLEMS",
            help="Held-out problems: rows of verl, stamped rewrites or our own; JSON lines or "
            "parquet.",
        ),
    ],
    model: sampling.ModelName,
    output: options.Folder,
    runs: Annotated[
        int, typer.Option(min=1, max=1023, help="Samples of each problem; run r is the r-th.")
    ] = 5,
    ks: options.Ks = None,
    greedy: Annotated[
        bool, typer.Option("--greedy", help="One more answer to each, at temperature 0.")
    ] = False,
    temperature: sampling.Temperature = 0.8,
    top_p: sampling.TopP = 1.0,
    max_tokens: sampling.MaxTokens = 4096,
    seed: sampling.Seed = 1,
    endpoint_url: sampling.EndpointUrl = None,
    api_key_env: sampling.ApiKeyEnv = None,
    requests: sampling.Requests = 16,
    engine: sampling.Engine = None,
    ray: sampling.Ray = None,
    name: options.Name = None,
    verifier: options.Verifier = None,
    endpoint: connecting.Endpoint = None,
    config_file: connecting.ConfigFile = None,
    ca_file: connecting.CaFile = None,
    token_file: connecting.TokenFile = None,
    timeout: connecting.Timeout = 600.0,
    concurrency: connecting.Concurrency = 4,
    require_hallmark: connecting.RequireHallmark = None,
    hallmarks_of: options.HallmarksOf = None,
    as_json: connecting.AsJson = False,
) -> None:
    """Evaluate a model: sample answers to held-out problems, have them judged, and count.

    pass@1 is the mean over runs, with their standard deviation and intervals over problems and over
    runs; pass@k and majority@k with intervals over problems; by domain.
    """
    console = stderr_console()
    request = SamplingRequest(runs, temperature, top_p, max_tokens, seed, greedy)
    answering = sampling.model_of(model, endpoint_url, api_key_env, engine, requests)
    scoring = Scoring(output, ks_of(ks), name, timeout, concurrency, as_json)
    given = connecting.hallmarks_of(require_hallmark or [])
    with outcome_of(console):
        problems = problems_of(problems_file, verifier)
        trained = hallmarks_from(hallmarks_of) if hallmarks_of is not None else {}
        demands = demanded(given, trained, (each.verifier for each in problems))
        with (
            connecting.connect(endpoint, config_file, ca_file, token_file, demands) as client,
            bars(console) as bar,
        ):
            _try(client, problems, timeout)
            answers = output / ANSWERS
            output.mkdir(parents=True, exist_ok=True)
            sample(problems, answering, request, answers, progress=bar("answered"), ray=ray)
            through = None
            if ray is not None:
                through = through_ray(client, ray, timeout, token_file, ca_file, demands)
            evaluation = scoring.score(client, answers, problems, bar, through)
        scoring.show(evaluation, console)
    raise typer.Exit(_code(evaluation))


@app.command(epilog=_EPILOG)
def score(
    answers: Annotated[
        Path,
        typer.Argument(
            help="Answers as `assay eval run`, `assay edge` and `assay train` write them.",
            exists=True,
            dir_okay=False,
        ),
    ],
    problems_file: Annotated[
        str, typer.Option("--problems", metavar="FILE", help="The problems they answer.")
    ],
    output: options.Folder,
    ks: options.Ks = None,
    name: options.Name = None,
    verifier: options.Verifier = None,
    endpoint: connecting.Endpoint = None,
    config_file: connecting.ConfigFile = None,
    ca_file: connecting.CaFile = None,
    token_file: connecting.TokenFile = None,
    timeout: connecting.Timeout = 600.0,
    concurrency: connecting.Concurrency = 4,
    require_hallmark: connecting.RequireHallmark = None,
    hallmarks_of: options.HallmarksOf = None,
    as_json: connecting.AsJson = False,
) -> None:
    """Evaluate answers that were sampled before."""
    console = stderr_console()
    scoring = Scoring(output, ks_of(ks), name, timeout, concurrency, as_json)
    given = connecting.hallmarks_of(require_hallmark or [])
    with outcome_of(console):
        problems = problems_of(problems_file, verifier)
        trained = hallmarks_from(hallmarks_of) if hallmarks_of is not None else {}
        demands = demanded(given, trained, (each.verifier for each in problems))
        with (
            connecting.connect(endpoint, config_file, ca_file, token_file, demands) as client,
            bars(console) as bar,
        ):
            _try(client, problems, timeout)
            evaluation = scoring.score(client, answers, problems, bar)
        scoring.show(evaluation, console)
    raise typer.Exit(_code(evaluation))


def _try(client: Client, problems: Sequence[Problem], timeout: float) -> None:
    """Nobody there, or not the verifiers that are wanted? Say so before anything is sampled."""
    first = {each.verifier: each for each in reversed(problems)}
    sets = [ResponseSet(each.id, each.verifier, each.task) for each in first.values()]
    try:
        looks = client.group_responses(sets, timeout=timeout)
    except DeadlineError as error:
        said = (
            f"{', '.join(client.endpoints)} did not answer within {timeout:g} s; see whether it "
            "works, or give it a longer --timeout"
        )
        raise DeadlineError(replace(error.details, message=said)) from None
    for each in looks:
        if isinstance(each, ItemError) and each.reason in _NOT_SERVED:
            raise service_error(ErrorDetails(each.code, each.reason, each.message))


def _code(evaluation: Evaluation) -> int:
    return 3 if evaluation.unjudged else 0
