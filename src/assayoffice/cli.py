"""The ``assay`` command: joins the commands that live with what they command."""

from typing import Annotated

import typer

from assayoffice import __version__
from assayoffice.rl.cli import app as client_commands
from assayoffice.rl.demo import app as demo_commands
from assayoffice.rl.edge.cli import app as edge_commands
from assayoffice.rl.evaluating.cli import app as evaluation_commands
from assayoffice.rl.mixes.cli import app as mix_commands
from assayoffice.rl.playbook.cli import app as playbook_commands
from assayoffice.rl.playbook.whole_cli import app as whole_commands
from assayoffice.rl.reward_cli import app as reward_commands
from assayoffice.rl.rewrites.cli import app as rewrite_commands
from assayoffice.rl.training.cli import app as training_commands
from assayoffice.server.cli import app as server_commands
from assayoffice.server.lean_cli import app as lean_commands

app = typer.Typer(
    help="Verdicts that can be trusted: serve verifiers, and have responses judged.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)
app.add_typer(client_commands)
app.add_typer(reward_commands)
app.add_typer(rewrite_commands, name="rewrites", help="Check rewritten problems, and make some.")
app.add_typer(edge_commands)
app.add_typer(mix_commands, name="mix", help="Keep mixes of problems: add, tune, freeze, combine.")
app.add_typer(
    evaluation_commands, name="eval", help="Evaluate models, and say whether one is better."
)
app.add_typer(server_commands)
app.add_typer(lean_commands)
app.add_typer(demo_commands)
app.add_typer(training_commands)
app.add_typer(playbook_commands)
app.add_typer(whole_commands)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"assay {__version__}")
        raise typer.Exit()


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    pass


def main() -> None:
    """Entry point of the ``assay`` script."""
    app()
