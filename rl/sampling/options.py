"""The options of commands that sample, and how sampling ends a command.

The service that judges has ``--endpoint``; a model's endpoint is ``--endpoint-url``.
"""

import contextlib
import json
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from assayoffice.rl.endpoints.errors import EndpointUnavailableError
from assayoffice.rl.endpoints.options import address_of, key_of
from assayoffice.rl.sampling.errors import (
    ChangedAnswersError,
    MissingEngineError,
    SamplingError,
    UnusableModelError,
)
from assayoffice.rl.sampling.models import EndpointModel, LocalModel, Model
from assayoffice.rl.terminal import plain

_LARGEST_SEED = 2**31 - 1
# What a request says, and not the engine.
_NOT_THE_ENGINES = {"model": "--model", "seed": "--seed"}

ModelName = Annotated[
    str,
    typer.Option(
        "--model",
        metavar="PATH|NAME",
        help="Model that answers: a folder or a name on the hub, for vLLM on this machine; with "
        "--endpoint-url, the name that the endpoint knows it by.",
    ),
]
EndpointUrl = Annotated[
    str | None,
    typer.Option(
        metavar="URL", help="OpenAI-compatible endpoint to ask, e.g. http://HOST:8000/v1."
    ),
]
ApiKeyEnv = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Environment variable with the endpoint's API key."),
]
Requests = Annotated[int, typer.Option(min=1, max=512, help="Requests to the endpoint at once.")]
Engine = Annotated[
    str | None,
    typer.Option(
        metavar="JSON|FILE",
        help="Arguments of vllm.LLM: a JSON object, or a TOML or JSON file of them.",
    ),
]
Ray = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        help='Sample and judge on this Ray cluster; "local" starts one on this machine.',
    ),
]
Samples = Annotated[int, typer.Option(min=1, max=1024, help="Answers to each problem.")]
Temperature = Annotated[float, typer.Option(min=0.01, max=5.0)]
TopP = Annotated[float, typer.Option(min=0.001, max=1.0)]
MaxTokens = Annotated[int, typer.Option(min=1, help="Longest answer, in tokens.")]
Seed = Annotated[
    int,
    typer.Option(min=0, max=_LARGEST_SEED, help="Of all samples; each has one of its own."),
]


def model_of(
    model: str,
    endpoint_url: str | None,
    api_key_env: str | None,
    engine: str | None,
    requests: int = 16,
) -> Model:
    """The model that options name. Raises typer.BadParameter."""
    if endpoint_url is None:
        if api_key_env is not None:
            raise typer.BadParameter("is for --endpoint-url", param_hint="--api-key-env")
        local = LocalModel(model, arguments_of(engine))
        try:
            local.check()
        except UnusableModelError as error:
            raise typer.BadParameter(str(error), param_hint="--model") from None
        return local
    if engine is not None:
        raise typer.BadParameter(
            "is for a model that is loaded here, and --endpoint-url names one elsewhere",
            param_hint="--engine",
        )
    address_of(endpoint_url, "--endpoint-url")
    return EndpointModel(endpoint_url, model, key_of(api_key_env), requests)


def arguments_of(engine: str | None) -> Mapping[str, object]:
    """The arguments of an engine that ``--engine`` gives. Raises typer.BadParameter."""
    if engine is None:
        return {}
    try:
        arguments = _read(engine)
    except OSError as error:
        said = f"{engine}: {error.strerror}; give a JSON object {{...}}, or such a file"
        raise typer.BadParameter(said, param_hint="--engine") from None
    except (ValueError, RecursionError) as error:
        raise typer.BadParameter(f"cannot be read: {error}", param_hint="--engine") from None
    if not isinstance(arguments, dict):
        raise typer.BadParameter("must be an object: {...}", param_hint="--engine")
    for name, flag in _NOT_THE_ENGINES.items():
        if name in arguments:
            raise typer.BadParameter(f"{name}: use {flag}", param_hint="--engine")
    return arguments


def _read(engine: str) -> object:
    if engine.lstrip().startswith("{"):
        return json.loads(engine)
    text = Path(engine).read_text("utf-8")
    return json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)


@contextlib.contextmanager
def outcome_of(console: Console) -> Iterator[None]:
    """Turn what keeps answers from being sampled into a message and an exit code.

    2 for what the command line or a file says wrong, 3 for an engine that fails, 4 for an endpoint
    that answers nobody.
    """
    try:
        yield
    except SamplingError as error:
        unusable = (ChangedAnswersError, MissingEngineError, UnusableModelError)
        _end(console, error, 2 if isinstance(error, unusable) else 3)
    except EndpointUnavailableError as error:
        _end(console, error, 4)


def _end(console: Console, error: Exception, code: int) -> None:
    # Servers and logs have their say in errors, and models theirs in logs.
    console.print(plain(f"error: {error}"), style="bold red", soft_wrap=True)
    raise typer.Exit(code) from None
