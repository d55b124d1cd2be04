"""The command ``assay edge``.

Exit codes:

====  ==============================================================================
0     problems are kept
1     none is, and the summary says which way to turn
2     the command line or a file cannot be used, or the work was begun with something else
3     some rows have no verdict, the engine failed, or a file cannot be written; goes before 1
4     the service or a model's endpoint is unreachable or refuses
130   interrupted; the same command goes on
====  ==============================================================================
"""

from pathlib import Path
from typing import Annotated

import typer

from assayoffice.rl import connecting
from assayoffice.rl.edge import running
from assayoffice.rl.edge.band import Band
from assayoffice.rl.edge.filtering import edge
from assayoffice.rl.edge.references import Stronger
from assayoffice.rl.evaluating import options
from assayoffice.rl.judging.on_ray import through_ray
from assayoffice.rl.rewrites.reading import look_for
from assayoffice.rl.sampling import options as sampling
from assayoffice.rl.sampling.request import SamplingRequest
from assayoffice.rl.terminal import stderr_console

app = typer.Typer()

_DEFAULT = Band()
_BAND = "What is kept"
_STRONGER = "References from a stronger model"


@app.command(
    "edge",
    epilog="Exit codes: 0 problems are kept. 1 none is. "
    "2 the command line or a file cannot be used, or the work was begun with something else. "
    "3 some rows have no verdict, the engine failed, or a file cannot be written. "
    "4 the service or a model's endpoint is unreachable or refuses. "
    "130 interrupted; the same command goes on.",
)
def command(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE...",
            help="Problems: rows of verl, stamped rewrites or our own; JSON lines or parquet.",
        ),
    ],
    model: sampling.ModelName,
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Kept rows: parquet, or JSON lines for .jsonl."
        ),
    ],
    dropped: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Dropped rows with their reasons, as JSON lines."),
    ] = None,
    work: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Where samples and verdicts stay, so that they are not asked for again.",
            show_default="OUTPUT.work",
        ),
    ] = None,
    min_solve_rate: Annotated[
        float,
        typer.Option(min=0, max=1, help="Below it: hopeless.", rich_help_panel=_BAND),
    ] = _DEFAULT.min_solve_rate,
    max_solve_rate: Annotated[
        float, typer.Option(min=0, max=1, help="Above it: solved.", rich_help_panel=_BAND)
    ] = _DEFAULT.max_solve_rate,
    min_disagreement: Annotated[
        float,
        typer.Option(
            min=0,
            max=1,
            help="No more than it: solved, or hopeless where the plurality is wrong. "
            "0: all samples give one answer.",
            rich_help_panel=_BAND,
        ),
    ] = _DEFAULT.min_disagreement,
    max_disagreement: Annotated[
        float,
        typer.Option(
            min=0,
            max=1,
            help="No less than it: inconsistent. 1: no two samples give the same answer.",
            rich_help_panel=_BAND,
        ),
    ] = _DEFAULT.max_disagreement,
    samples: Annotated[int, typer.Option(min=2, max=1024, help="Answers to each problem.")] = 8,
    temperature: sampling.Temperature = 1.0,
    top_p: sampling.TopP = 1.0,
    max_tokens: sampling.MaxTokens = 4096,
    seed: sampling.Seed = 1,
    endpoint_url: sampling.EndpointUrl = None,
    api_key_env: sampling.ApiKeyEnv = None,
    requests: sampling.Requests = 16,
    engine: sampling.Engine = None,
    ray: sampling.Ray = None,
    stronger_model: Annotated[
        str | None,
        typer.Option(
            metavar="PATH|NAME",
            help="Model whose plurality is the reference of problems without one.",
            rich_help_panel=_STRONGER,
        ),
    ] = None,
    stronger_url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Its endpoint.", rich_help_panel=_STRONGER),
    ] = None,
    stronger_api_key_env: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Environment variable with its endpoint's API key.",
            rich_help_panel=_STRONGER,
        ),
    ] = None,
    stronger_engine: Annotated[
        str | None,
        typer.Option(
            metavar="JSON|FILE",
            help="As --engine, for a stronger model on this machine.",
            rich_help_panel=_STRONGER,
        ),
    ] = None,
    stronger_samples: Annotated[
        int, typer.Option(min=1, max=1024, help="Its answers.", rich_help_panel=_STRONGER)
    ] = 8,
    min_plurality: Annotated[
        float,
        typer.Option(
            min=0.01,
            max=1,
            help="Share of them that has to agree; else the row is inconsistent.",
            rich_help_panel=_STRONGER,
        ),
    ] = 0.5,
    name: options.Name = None,
    verifier: options.Verifier = None,
    endpoint: connecting.Endpoint = None,
    config_file: connecting.ConfigFile = None,
    ca_file: connecting.CaFile = None,
    token_file: connecting.TokenFile = None,
    timeout: connecting.Timeout = 600.0,
    concurrency: connecting.Concurrency = 4,
    require_hallmark: connecting.RequireHallmark = None,
    as_json: connecting.AsJson = False,
) -> None:
    """Keep the problems at the edge of what a model can do.

    The model answers each problem several times; the verifier judges the answers and groups equal
    ones. Kept is what is solved now and then. Every dropped row has a reason: solved, hopeless,
    inconsistent or unscorable. Run the same command again to go on where it stopped; another band
    samples nothing again.
    """
    running.refuse_files(files, output, dropped)
    band = running.band_of(min_solve_rate, max_solve_rate, min_disagreement, max_disagreement)
    tried = sampling.model_of(model, endpoint_url, api_key_env, engine, requests)
    better = running.stronger_of(
        stronger_model, stronger_url, stronger_api_key_env, stronger_engine, requests
    )
    request = SamplingRequest(samples, temperature, top_p, max_tokens, seed)
    asked = SamplingRequest(stronger_samples, temperature, top_p, max_tokens, seed)
    demands = connecting.hallmarks_of(require_hallmark or [])
    console = stderr_console()
    with running.outcome_of(console):
        look_for(files)
        with (
            connecting.connect(endpoint, config_file, ca_file, token_file, demands) as client,
            running.progress(console) as progress,
        ):
            through = None
            if ray is not None:
                through = through_ray(client, ray, timeout, token_file, ca_file, demands)
            result = edge(
                files,
                tried,
                request,
                band,
                client,
                work=work or output.with_name(output.name + ".work"),
                output=output,
                dropped=dropped,
                stronger=None if better is None else Stronger(better, asked, min_plurality),
                verifier=verifier,
                name=name,
                timeout=timeout,
                concurrency=concurrency,
                ray=ray,
                through=through,
                progress=progress,
            )
        running.show(result, band, console, as_json=as_json)
    if result.total.errors:
        raise typer.Exit(3)
    raise typer.Exit(0 if result.kept else 1)
