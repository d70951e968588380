# SPDX-License-Identifier: Apache-2.0
"""The command `monitor`."""

import signal
import threading
from dataclasses import replace
from pathlib import Path

import click
import orjson
import structlog
import urllib3

from api.cli.options import chain_options
from api.cli.output import CANNOT_TELL, REFUSED, json_option
from api.cli.paths import NEW_FILE
from api.clock import now
from api.log_fetch import url_fetch
from api.logs import configure_logs
from chain.deployment import Deployment
from chain.history import NodeHistory
from notary.audit.monitor_state import load_memory, save_memory
from notary.audit.monitoring import Alert, Kind, Limits, Look, Memory, Monitor
from notary.audit.sources import TiledSource, served_keys
from notary.encoding import format_time
from notary.log.signed_note import parse_verifier

FORMAT = "loan-notary/alert@1"
_TIMEOUT = urllib3.Timeout(connect=5.0, read=10.0)
_RETRIES = urllib3.Retry(
    total=3, status_forcelist=(429, 500, 502, 503, 504), allowed_methods=None, backoff_factor=0.2, redirect=0,
    raise_on_status=False,
)  # fmt: skip


@click.command()
@click.argument("url")
@click.option("--log-key", required=True, help="The log's verifier key, as its operator publishes it.")
@chain_options
@click.option("--operator", help="The account that should operate the log; the first one seen if not given.")
@click.option(
    "--state",
    type=NEW_FILE,
    required=True,
    help="File to remember in what was seen: without it no fork would be noticed.",
)
@click.option("--once", is_flag=True, help="Look once and end.")
@click.option("--interval", type=click.FloatRange(0.1), default=60.0, show_default=True, help="Seconds between looks.")
@click.option("--anchor-age", type=int, default=3600, show_default=True, help="Seconds entries may wait for an anchor.")
@click.option("--silence", type=int, default=900, show_default=True, help="Seconds log or chain may be unreachable.")
@click.option("--webhook", help="URL to post each new alert to, as JSON.")
@json_option
@click.pass_context
def monitor(
    context: click.Context,
    /,
    url: str,
    log_key: str,
    rpc: str | None,
    anchored_in: Deployment | None,
    operator: str | None,
    state: Path,
    once: bool,
    interval: float,
    anchor_age: int,
    silence: int,
    webhook: str | None,
    as_json: bool,
) -> None:
    """Watch the log below URL, and its anchors: that it only grows, is anchored, and keeps its key and operator.

    Each new alert is a line of JSON on standard error, and goes to the webhook. With --once, exit code 0: all is well,
    1: an alert stands, 2: something could not be read.
    """
    if bool(rpc) != bool(anchored_in):
        raise click.UsageError("--rpc and --anchored-in belong together")
    configure_logs("monitor")
    verifier = parse_verifier(log_key)
    history = NodeHistory(rpc, anchored_in) if rpc and anchored_in else None
    fetch, limits = url_fetch(url), Limits(anchor_age, silence, operator)
    watched = Monitor(TiledSource(fetch), verifier, history, limits, lambda: served_keys(fetch, verifier))
    messenger = _Messenger(url, webhook)
    memory, stop = load_memory(state, verifier), threading.Event()
    if not once:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
    while True:
        look = watched.look(memory, now() // 1000)
        memory = replace(look.memory, told=messenger.tell(look, memory))
        save_memory(state, memory, verifier)
        if once or stop.wait(interval):
            break
    if as_json:
        click.echo(orjson.dumps(_members(look, memory)))
    context.exit(_exit_code(look))


class _Messenger:
    """Tells of alerts: each when it is new, and again only after it had gone."""

    def __init__(self, log: str, webhook: str | None) -> None:
        self._log, self._webhook = log, webhook
        self._logger = structlog.get_logger("monitor")
        self._pool = urllib3.PoolManager(timeout=_TIMEOUT, retries=_RETRIES)

    def tell(self, look: Look, before: Memory) -> tuple[Alert, ...]:
        """Pass new alerts on; return those that stand and were passed on, the others are tried again next time."""
        for reason in look.unknown:
            self._logger.warning("cannot tell", log=self._log, reason=reason)
        told = []
        for alert in look.alerts:
            if alert in before.told:
                told.append(alert)
                continue
            self._logger.error("alert", log=self._log, kind=alert.kind.value, detail=alert.detail)
            if self._post(alert):
                told.append(alert)
        return tuple(told)

    def _post(self, alert: Alert) -> bool:
        if self._webhook is None:
            return True
        members = {"format": FORMAT, "log": self._log, "at": format_time(now()), **_alert(alert)}
        headers = {"Content-Type": "application/json"}
        try:
            response = self._pool.request("POST", self._webhook, body=orjson.dumps(members), headers=headers)
        except (urllib3.exceptions.HTTPError, ValueError) as error:
            self._logger.warning("the webhook does not answer", reason=str(error))
            return False
        if response.status >= 300:
            self._logger.warning("the webhook has refused an alert", status=response.status)
        return response.status < 300


def _exit_code(look: Look) -> int:
    if any(alert.kind is not Kind.UNREACHABLE for alert in look.alerts):
        return REFUSED
    return CANNOT_TELL if look.unknown else 0


def _alert(alert: Alert) -> dict[str, str]:
    return {"kind": alert.kind.value, "detail": alert.detail}


def _members(look: Look, memory: Memory) -> dict[str, object]:
    return {
        "checkpoint": memory.checkpoint,
        "signed_by": memory.signed_by,
        "operator": memory.operator,
        "anchored": memory.anchored,
        "alerts": [_alert(alert) for alert in look.alerts],
        "unknown": list(look.unknown),
    }


COMMANDS = (monitor,)
