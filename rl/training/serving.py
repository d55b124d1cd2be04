"""The service of a run: the one that its configuration names, or one that lives as long as the run.

What serves is part of what a run is made from: the hallmarks of its verifiers and the digest of its
recipe.
"""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import grpc

from assayoffice.rl.client import Client
from assayoffice.rl.embedded import EmbeddedServer
from assayoffice.rl.errors import InvalidRequestError
from assayoffice.rl.training.config import Config, ServiceConfig
from assayoffice.rl.training.errors import ConfigError
from assayoffice.rl.verl.settings import Settings

HALLMARK = "hallmark of "
RECIPE_DIGEST = "recipe digest"
_CALL_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Service:
    """Who judges: addresses, a client of them, and the digest of each verifier that serves.

    Calls of the client are refused once another verifier serves.
    """

    client: Client
    endpoints: Sequence[str]
    hallmarks: Mapping[str, str]
    recipe: str
    recipe_digest: str

    @property
    def facts(self) -> Mapping[str, object]:
        """What may not change between the parts of a run."""
        hallmarks = {f"{HALLMARK}{name}": digest for name, digest in self.hallmarks.items()}
        return {**hallmarks, "recipe": self.recipe, RECIPE_DIGEST: self.recipe_digest}


@contextlib.contextmanager
def answering(config: ServiceConfig) -> Iterator[Sequence[str]]:
    """Where a service answers; one that is started here is stopped afterwards.

    Raises EmbeddedServerError.
    """
    if config.endpoints:
        yield config.endpoints
        return
    flags = () if config.settings is None else ("--config", str(config.settings))
    with EmbeddedServer(start_seconds=config.start_seconds, flags=flags) as server:
        yield (server.endpoint,)


@contextlib.contextmanager
def serve(config: Config, endpoints: Sequence[str] = ()) -> Iterator[Service]:
    """The service of a run, stopped afterwards if it was started here.

    ``endpoints`` go before those of the configuration.

    Raises ConfigError for endpoints that cannot be called together, for a recipe the service does
    not have and for options it refuses, ServiceError and EmbeddedServerError.
    """
    with contextlib.ExitStack() as stack:
        endpoints = list(endpoints or stack.enter_context(answering(config.service)))
        settings = config.reward_settings(endpoints)
        # Someone is watching: say that nobody answers instead of waiting for a server.
        with _client(endpoints, settings, {}, wait_for_ready=False) as asking:
            listed = asking.list_verifiers(timeout=_CALL_SECONDS)
            try:
                recipe = asking.applied_recipe(settings.recipe, timeout=_CALL_SECONDS)
            except InvalidRequestError as error:
                raise ConfigError(f"reward.recipe, reward.options: {error}") from None
        served = {each.name: each.hallmark.digest for each in listed if each.serving}
        hallmarks = {**served, **settings.required_hallmarks}
        client = stack.enter_context(_client(endpoints, settings, hallmarks))
        yield Service(client, endpoints, hallmarks, str(settings.recipe), recipe.digest)


def _client(
    endpoints: list[str],
    settings: Settings,
    hallmarks: Mapping[str, str],
    wait_for_ready: bool = True,
) -> Client:
    """A client that connects as the reward manager does."""
    credentials = None
    if settings.ca_file:
        credentials = grpc.ssl_channel_credentials(Path(settings.ca_file).read_bytes())
    try:
        return Client(
            endpoints if len(endpoints) > 1 else endpoints[0],
            credentials=credentials,
            server_name=settings.server_name,
            token=Path(settings.token_file).read_text().strip() if settings.token_file else None,
            required_hallmarks=hallmarks,
            wait_for_ready=wait_for_ready,
        )
    except ValueError as error:
        raise ConfigError(f"service.endpoints: {error}") from None
