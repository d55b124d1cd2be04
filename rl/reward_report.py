"""How rewards and recipes are shown: one JSON object per row for machines, tables for people."""

import dataclasses
import json
from collections import Counter
from dataclasses import dataclass, field

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from assayoffice.rl.recipe_options import options_of
from assayoffice.rl.report import badge, error_as_json, verdict_fields
from assayoffice.rl.results import ItemError
from assayoffice.rl.rewards import AppliedRecipe, Component, RecipeInfo, Reward, RewardResult
from assayoffice.rl.terminal import counted, one_line, plain


def as_json(result: RewardResult) -> str:
    """One line of JSON, pure ASCII. An error has no key ``total``."""
    if isinstance(result, ItemError):
        return error_as_json(result)
    return json.dumps(
        {
            "id": result.id,
            "total": result.total,
            "components": [dataclasses.asdict(each) for each in result.components],
            "token_count": result.token_count,
            "verdict": verdict_fields(result.verdict),
        }
    )


@dataclass
class _Sums:
    """Of one component, over the rewards so far."""

    value: float = 0.0
    weighted: float = 0.0
    rules: Counter[str] = field(default_factory=Counter[str])


@dataclass
class RewardTally:
    """Rewards by one recipe, as they come."""

    recipe: AppliedRecipe
    rewards: int = 0
    total_sum: float = 0.0
    components: dict[str, _Sums] = field(default_factory=dict[str, _Sums])
    errors: Counter[str] = field(default_factory=Counter[str])

    def add(self, result: RewardResult) -> None:
        """Count a result."""
        if isinstance(result, ItemError):
            self.errors[result.reason] += 1
            return
        self.rewards += 1
        self.total_sum += result.total
        for each in result.components:
            sums = self.components.setdefault(each.name, _Sums())
            sums.value += each.value
            sums.weighted += each.value * each.weight
            sums.rules[each.rule] += 1

    def as_json(self, result: RewardResult) -> str:
        """As the function."""
        return as_json(result)

    def table(self, results: list[RewardResult], title: str) -> Table:
        """As rewards_table."""
        return rewards_table(results, title)

    def summary(self, seconds: float) -> RenderableType:
        """What each component gave on average and by which rules, with a closing line."""
        parts: list[RenderableType] = []
        if self.components:
            parts.append(self._means())
        for reason, count in self.errors.most_common():
            parts.append(Text(f"{count:,}  ERROR {reason}  no reward", "bold red"))
        errors = self.errors.total()
        mean = f"mean reward {self.total_sum / self.rewards:.4f} over " if self.rewards else ""
        rate = (self.rewards + errors) / seconds if seconds > 0 else 0.0
        closing = (
            f"{mean}{counted(self.rewards, 'reward')}; {counted(errors, 'error')}; "
            f"{rate:,.0f} rows/s\n"
        )
        recipe = plain(f"recipe {self.recipe.name}@{self.recipe.version}:{self.recipe.digest}")
        return Group(*parts, Text.assemble(closing, recipe, style="dim"))

    def _means(self) -> Table:
        table = Table(box=box.SIMPLE_HEAD, padding=(0, 2, 0, 0))
        table.add_column("component", style="cyan")
        table.add_column("mean", justify="right")
        table.add_column("weighted", justify="right")
        table.add_column("rules")
        for name, sums in self.components.items():
            rules = ", ".join(
                f"{rule} {count:,}" for rule, count in sums.rules.most_common() if rule
            )
            table.add_row(
                one_line(name),
                f"{sums.value / self.rewards:.4f}",
                f"{sums.weighted / self.rewards:.4f}",
                one_line(rules),
            )
        return table


def rewards_table(results: list[RewardResult], title: str) -> Table:
    """A row per result, ids cut short and components folded on a narrow terminal."""
    table = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    table.add_column("id", style="cyan", max_width=24)
    table.add_column("reward", justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    table.add_column("components")
    table.add_column("tokens", justify="right", style="dim", no_wrap=True)
    for result in results:
        match result:
            case Reward():
                components = ", ".join(map(_component, result.components))
                table.add_row(
                    one_line(result.id),
                    f"{result.total:.4f}",
                    badge(result.verdict),
                    plain(components),
                    f"{result.token_count:,}" if result.token_count else "-",
                )
            case ItemError():
                table.add_row(one_line(result.id), "", badge(result), one_line(result.reason), "")
    return table


def recipes_table(recipes: list[RecipeInfo]) -> RenderableType:
    """Each recipe with its options, what they mean and what they are where they are left out."""
    return Group(*(part for recipe in recipes for part in _recipe(recipe)))


def recipe_as_json(recipe: RecipeInfo) -> str:
    """One line of JSON."""
    return json.dumps(dataclasses.asdict(recipe))


def _recipe(recipe: RecipeInfo) -> list[RenderableType]:
    heading = plain(f"{recipe.name}@{recipe.version}")
    heading.stylize("bold cyan")
    title = Text.assemble(heading, "  ", plain(recipe.summary))
    options = options_of(recipe.options_schema)
    if not options:
        return [title, Text("no options\n", "dim")]
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 2, 0, 0))
    table.add_column("option", style="bold", no_wrap=True)
    table.add_column("default", no_wrap=True)
    table.add_column("meaning", overflow="fold")
    for option in options:
        required = Text(f"required {option.kind}".rstrip(), "yellow")
        default = plain(option.default) if option.default else required
        choices = f"One of {', '.join(option.choices)}." if option.choices else ""
        table.add_row(plain(option.name), default, plain(f"{option.meaning} {choices}".strip()))
    return [title, table]


def _component(component: Component) -> str:
    rule = f" {component.rule}" if component.rule else ""
    return f"{component.name} {component.value:.4g}{rule}"
