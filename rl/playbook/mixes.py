"""The mixes that a domain is explored with, checked before anything is started."""

from collections.abc import Mapping
from dataclasses import dataclass

from assayoffice.rl.mixes.ledger import Ledger
from assayoffice.rl.playbook.plan import DomainConfig, PlaybookConfig
from assayoffice.rl.training.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Chosen:
    """The mix of a domain and the frozen ones beside it, each with its digest, in that order.

    ``of_domains`` has the digest of the mix of each domain that is measured: the domain itself,
    then those of the frozen mixes.
    """

    digests: Mapping[str, str]
    of_domains: Mapping[str, str]

    @property
    def domains(self) -> tuple[str, ...]:
        """What is measured."""
        return tuple(self.of_domains)

    @property
    def frozen(self) -> Mapping[str, str]:
        """The domains that may not lose, with the digests of their mixes."""
        first = self.domains[0]
        return {name: digest for name, digest in self.of_domains.items() if name != first}

    @property
    def names(self) -> tuple[str, ...]:
        """Names of mixes and combinations."""
        return tuple(self.digests)

    @property
    def facts(self) -> dict[str, object]:
        """Digests under names for people."""
        return {f"mix {name}": digest for name, digest in self.digests.items()}


def chosen(config: PlaybookConfig, ledger: Ledger, domain: DomainConfig) -> Chosen:
    """Look up the mixes of a domain.

    Raises MixError for what the ledger does not have, ConfigError for an open mix beside the
    domain's own, and for domains that do not fit.
    """
    mix = ledger.mix(domain.mix)
    place = f"{config.file}: explore.{domain.name}"
    if mix.domain != domain.name:
        raise ConfigError(
            f"{place}.mix: {domain.mix} is of the domain {mix.domain!r}; call the table "
            f"[explore.{mix.domain}], or name another mix"
        )
    digests, of_domains = {mix.name: mix.digest}, {domain.name: mix.digest}
    for name in domain.beside:
        digests[name], others = _frozen(ledger, name, place)
        of_domains |= {each: own for each, own in others.items() if each != domain.name}
    for each in of_domains:
        if each not in config.domains:
            raise ConfigError(
                f"{place}.beside: its rows are of the domain {each!r}, of which nothing is held "
                f"out; add a table [explore.{each}]"
            )
    return Chosen(digests, of_domains)


def _frozen(ledger: Ledger, name: str, place: str) -> tuple[str, dict[str, str]]:
    """The digest of a frozen mix or of a combination, and those of its mixes by domain."""
    if ledger.is_combination(name):
        combination = ledger.combination(name)
        return combination.digest, {each.domain: each.digest for each in combination.members}
    mix = ledger.mix(name)
    if not mix.is_frozen:
        raise ConfigError(
            f"{place}.beside: the mix {name} is open and may yet change; freeze it once the gate "
            f"says scale (`assay mix freeze {name} --ledger {ledger.path}`), and explore one "
            "domain after the other with --domain"
        )
    return mix.digest, {mix.domain: mix.digest}
