"""The command line: `ticketgraph`. One module per command or group.

Commands import the engine and the database when they run, so that `--help` is quick.
"""

import typer

from server.cli.approvals import approvals, decide
from server.cli.audit import audit
from server.cli.dead_letters import dead_letters, retry
from server.cli.desks import desk
from server.cli.doctor.command import doctor
from server.cli.effects import effects
from server.cli.evaluate import evaluate
from server.cli.graph import graph
from server.cli.import_tickets import import_tickets
from server.cli.process import process
from server.cli.processes import api, migrate, serve, worker
from server.cli.prompts import prompts
from server.cli.retention import erase, prune
from server.cli.runs import fork, history, show
from server.cli.terminal.usage_errors import ErrorReportingGroup
from server.cli.train import train

app = typer.Typer(
    name="ticketgraph",
    cls=ErrorReportingGroup,
    help="Support tickets through a durable graph: classified, answered, routed, and never lost.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command("process")(process)
app.command("approvals")(approvals)
app.command("decide")(decide)
app.command("dead-letters")(dead_letters)
app.command("retry")(retry)
app.command("show")(show)
app.command("history")(history)
app.command("fork")(fork)
app.command("prune")(prune)
app.command("erase")(erase)
app.command("import")(import_tickets)
app.command("eval")(evaluate)
app.command("train")(train)
app.command("graph")(graph)
app.command("serve")(serve)
app.command("api")(api)
app.command("worker")(worker)
app.command("migrate")(migrate)
app.command("doctor")(doctor)
app.add_typer(audit, name="audit")
app.add_typer(desk, name="desk")
app.add_typer(effects, name="effects")
app.add_typer(prompts, name="prompts")
