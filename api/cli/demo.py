# SPDX-License-Identifier: Apache-2.0
"""The command `demo`."""

import click

from api.cli.options import data_option
from api.cli.output import REFUSED, console, show_report
from api.cli.submit import Progressing
from api.cli.words import terminal_language
from api.demo import RECORDS, Demo
from api.folders.setup import set_up
from api.logs import configure_logs
from api.service import Service
from api.settings import DEFAULT_PORT, DataFolder, Settings

_ORIGIN = "localhost/loan-notary"


@click.command()
@data_option
@click.option("--port", type=int, default=DEFAULT_PORT, show_default=True, help="Port to serve at; 0 takes a free one.")
@click.option("--stay", is_flag=True, help="Stay up afterwards, until told to stop.")
@click.pass_context
def demo(context: click.Context, folder: DataFolder, port: int, stay: bool) -> None:
    """Do the main job on a sample portfolio: submit, anchor, prove offline, refuse a tampered copy.

    Exit code 0 if all of it went as it should.
    """
    configure_logs("service")
    folder.begin(Settings.checked(origin=_ORIGIN, port=port))
    set_up(folder)
    work = Demo(folder)
    with console.status(f"making a portfolio of {RECORDS:,} signed records"):
        work.prepare()
    with Service.start(folder) as service:
        console.print(f"[green]✓[/] service at {service.url}, Ethereum node at {service.node_url}")
        client = work.client(service.url)
        with console.status("depositing the agreements"):
            deposited = work.upload(client)
        console.print(f"[green]✓[/] {deposited:,} agreements deposited as PDF, checked")
        with Progressing(RECORDS) as progress:
            outcome = work.submit(client, progress.update)
        if outcome.refused:
            console.print(f"[red]✗[/] {len(outcome.refused):,} records refused, the first: {outcome.refused[0]}")
            context.exit(REFUSED)
        console.print(f"[green]✓[/] {outcome.placed:,} records in the log, {outcome.known:,} were there before")
        number, found = work.finding(client)
        console.print(f"[green]✓[/] noticed in loan {number}: {found['code']} {found[terminal_language()]}")
        with console.status("waiting for the anchor"):
            work.fetch_receipt(client)
        console.print("[green]✓[/] anchored in the registry contract, final")
        if stay:
            _show_proof(context, work)
            console.print(f"\n[green]up[/] at {service.url}: try /readyz and /log/checkpoint. Ctrl-C stops it.")
            service.wait()
            return
    console.print("[green]✓[/] service and node stopped")
    _show_proof(context, work)


def _show_proof(context: click.Context, work: Demo) -> None:
    proof = work.prove()
    show_report(proof.report, as_json=False)
    failed = [check.link for check in proof.tampered.checks if check.status == "failed"]
    console.print(f"the same receipt with one byte changed: {proof.tampered.verdict.value} ({', '.join(failed)})")
    console.print(f"\nreceipt: {proof.receipt}\ncheck it: loan-notary verify {proof.receipt}", soft_wrap=True)
    if not proof.holds:
        context.exit(REFUSED)


COMMANDS = (demo,)
