# SPDX-License-Identifier: Apache-2.0
"""Commands on a log as files: `publish`, and `prove`, which needs nothing but them."""

from pathlib import Path
from typing import Any

import click
import orjson

from api.cli.named_log import NamedLog, log_options
from api.cli.output import REFUSED, console, json_option, show
from api.cli.paths import FILE, NEW_FILE, PUBLICATION
from api.publishing import open_publication
from notary.audit.proving import prove_anew
from notary.encoding import b64
from notary.log.checkpoint import open_checkpoint
from notary.publishing import Publisher
from notary.receipts.receipt import parse_receipt


@click.command()
@click.option(
    "--to", "written", type=PUBLICATION, required=True, help="A folder, or s3://BUCKET/PREFIX (see docs/publishing.md)."
)
@click.option("--check", is_flag=True, help="Compare what is there with the log, and change nothing.")
@click.option("--everything", is_flag=True, help="Compare what is there already too, and add what is missing.")
@log_options
@json_option
@click.pass_context
def publish(
    context: click.Context,
    written: str,
    check: bool,
    everything: bool,
    log: NamedLog,
    as_json: bool,
) -> None:
    """Publish a log as files for a web server or a CDN, once; `run` does it all the time (setting publish_to).

    Nothing that is there is ever overwritten, but an older checkpoint. Exit code of --check 0: all is there, 1: not.
    """
    if check and everything:
        raise click.UsageError("--check changes nothing, and --everything does")
    source, _ = log.target.open()
    publisher = Publisher(source, lambda: (log.log_key, *log.related()), open_publication(written, Path()), log.history)
    members: dict[str, Any] = {"place": publisher.place}
    if not check:
        published = publisher.publish(everything)
        show({**members, "entries": published.size, "files": published.files}, as_json, "Published")
        return
    faults = publisher.check()
    members["faults"] = faults
    if as_json:
        click.echo(orjson.dumps(members))
    else:
        console.print("[red]DIFFERS[/]" if faults else "[green]WHOLE[/]", "", publisher.place)
        for text in faults:
            console.print(f"  {text}", markup=False)
    context.exit(REFUSED if faults else 0)


@click.command()
@click.argument("file", type=FILE)
@click.option("-o", "--output", type=NEW_FILE, help="File for the entry's proof; FILE.tlog-proof if not given.")
@click.option("--consistency", type=NEW_FILE, help="File for the proof that the log only grew since: a hash a line.")
@log_options
@json_option
def prove(
    file: Path,
    output: Path | None,
    consistency: Path | None,
    log: NamedLog,
    as_json: bool,
) -> None:
    """Prove anew, from a log's files alone, that the record of a receipt FILE is in the log as it is now.

    And that the log has only grown since the receipt. Exit code 0: so it is, 1: it is not, 2: cannot tell.
    """
    receipt = parse_receipt(file.read_bytes())
    source, _ = log.target.open()
    older = open_checkpoint(receipt.checkpoint, log.signer_of(receipt.checkpoint))
    proof = prove_anew(source, log.newest_signer(), receipt.index, receipt.entry(), older)
    path = output or file.with_name(file.name + ".tlog-proof")
    path.write_bytes(proof.inclusion.encode())
    if consistency:
        consistency.write_text("".join(f"{b64(value)}\n" for value in proof.consistency.hashes))
    members = {"proof": str(path), "index": receipt.index, "older": older.size, "size": proof.size}
    show(members, as_json, "In the log, which has only grown")


COMMANDS = (publish, prove)
