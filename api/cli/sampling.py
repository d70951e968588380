# SPDX-License-Identifier: Apache-2.0
"""Commands of an auditor who looks at a sample: `sample-audit`, `evaluate-sample`."""

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import click
import orjson

from api.anchoring import use_node
from api.audits.sampling import anchor_of_population, seed_of_block
from api.cli.options import data_option, lender_option, types_option
from api.cli.output import REFUSED, console, json_option, show
from api.cli.paths import FILE, NEW_FILE
from api.databases import open_store
from api.keys.log_keys import load_signer
from api.operator import note_operator
from api.settings import DataFolder
from notary.audit.evaluation import evaluate
from notary.audit.sample import Wanted, checkpoint_seed, draw_sample
from notary.audit.sampling import SampleError
from notary.log.reader import Log


class _Decimal(click.ParamType[Decimal]):
    name = "decimal"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        try:
            number = Decimal(value)
        except InvalidOperation:
            self.fail(f"{value!r} is no decimal number", param, ctx)
        if not number.is_finite():
            self.fail(f"{value!r} is no finite number", param, ctx)
        return number


@click.command("sample-audit")
@data_option
@click.option("--mode", type=click.Choice(["attribute", "monetary"]), default="attribute", show_default=True)
@lender_option
@types_option
@click.option("--confidence", type=_Decimal(), default="0.95", show_default=True)
@click.option("--tolerable", type=_Decimal(), required=True, help="A rate like 0.05, or with monetary a sum of money.")
@click.option("--expected", type=click.IntRange(0), default=0, show_default=True, help="Deviations to allow for.")
@click.option("--currency", help="Only sums in this currency; needed with monetary.")
@click.option("--finite", is_flag=True, help="Attribute: count on the population's size (hypergeometric).")
@click.option("--at", "size", type=int, help="The anchored size that fixes the population; the newest if not given.")
@click.option("--seed-block", type=int, help="A block after the anchor's; the next one if not given.")
@click.option(
    "--seed-checkpoint",
    type=FILE,
    help="A later checkpoint of the log as the seed instead, in a file.",
)
@click.option("--rpc", help="URL of the Ethereum node to ask; without it the notary's own.")
@click.option("-o", "--output", type=NEW_FILE, help="File for the sample.")
@click.option(
    "--compare",
    type=FILE,
    help="A sample that must come out the same.",
)
@json_option
@click.pass_context
def sample_audit(
    context: click.Context,
    /,
    folder: DataFolder,
    size: int | None,
    seed_block: int | None,
    seed_checkpoint: Path | None,
    rpc: str | None,
    output: Path | None,
    compare: Path | None,
    as_json: bool,
    **asked: Any,
) -> None:
    """Draw a sample of a lender's records, seeded by a block that came after they were anchored (ISA 530)."""
    if seed_block is not None and seed_checkpoint:
        raise click.UsageError("--seed-block and --seed-checkpoint name two seeds")
    folder.settings()
    wanted, store = Wanted(**asked), open_store(folder)
    note_operator(folder, [wanted.lender], "sample-audit")
    anchor = anchor_of_population(store, size)
    if seed_checkpoint:
        note = seed_checkpoint.read_text("utf-8")
        seed = checkpoint_seed(note, load_signer(folder).verifier, anchor.size, Log(store))
    elif rpc:
        seed = seed_of_block(rpc, anchor, seed_block)
    else:
        with use_node(folder) as url:
            seed = seed_of_block(url, anchor, seed_block)
    sample = draw_sample(store, wanted, anchor, seed)
    if compare and orjson.loads(compare.read_bytes()) != sample:
        console.print(f"[red]another sample[/] than {compare}")
        context.exit(REFUSED)
    if output:
        output.write_bytes(orjson.dumps(sample, option=orjson.OPT_INDENT_2) + b"\n")
    if as_json:
        click.echo(orjson.dumps(sample))
        return
    indexes = ", ".join(str(item["index"]) for item in sample["items"])
    show({"items": len(sample["items"]), "maths": sample["maths"], "entries": indexes}, False, "Sample")


@click.command("evaluate-sample")
@click.argument("sample", type=FILE)
@click.argument("results", type=FILE)
@json_option
@click.pass_context
def evaluate_sample(context: click.Context, sample: Path, results: Path, as_json: bool) -> None:
    """Say what the RESULTS (CSV) of a SAMPLE show of the population.

    RESULTS is `index,deviation` with yes or no, or `index,audited` with sums. Exit code 0: the upper limit can be
    tolerated, 1: it cannot.
    """
    try:
        document = orjson.loads(sample.read_bytes())
    except orjson.JSONDecodeError as error:
        raise SampleError(f"{sample} is not JSON: {error}") from None
    with results.open(encoding="utf-8", newline="") as file:
        members = evaluate(document, file)
    show(members, as_json, "What the sample shows")
    context.exit(0 if members["tolerable"] else REFUSED)


COMMANDS = (sample_audit, evaluate_sample)
