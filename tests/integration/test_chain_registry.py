# SPDX-License-Identifier: Apache-2.0
"""The registry on a real anvil: deployment, each custom error as its own class, hand-over, chains not ours."""

import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from chain import errors
from chain.abi import encode_call
from chain.artifact import load_artifact
from chain.deploy import deploy
from chain.errors import ChainUnavailableError, EvidenceError, RegistryRefusedError, SizeTooLargeError, WrongChainError
from chain.registry import AnchorCall, Registry
from chain.rpc import Rpc
from chain.sender import call_registry, transact
from chain.wallet import Wallet
from chain.witness import NodeWitness
from notary.log.anchors import Anchor, AnchorState
from tests.support.log import MemoryLog
from tests.support.node import ORIGIN, Chain, new_wallet, running_chain, tampered

NOBODY = "0x" + "00" * 20


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    with running_chain(tmp_path) as chain:
        yield chain


@pytest.fixture
def stranger(chain: Chain, tmp_path: Path) -> Wallet:
    return new_wallet(chain.node, tmp_path, "stranger.key")


def log_id(chain: Chain) -> bytes:
    return bytes.fromhex(chain.registry.deployment.log_id[2:])


def call(chain: Chain, log: MemoryLog, old_size: int, size: int) -> AnchorCall:
    if old_size == 0:
        return chain.registry.anchor_call(size, log.root(size), bytes(32), ())
    proof = log.prove_consistency(old_size, size).hashes
    return chain.registry.anchor_call(size, log.root(size), log.root(old_size), proof)


def send(chain: Chain, what: AnchorCall, wallet: Wallet | None = None) -> None:
    transact(chain.rpc, wallet or chain.wallet, chain.registry.deployment.registry, what.data)


def test_a_node_that_does_not_tell_yet_of_a_transaction_is_waited_for(chain: Chain) -> None:
    # geth, for a while after its start.
    body = b'{"jsonrpc":"2.0","id":0,"error":{"code":-32000,"message":"transaction indexing is in progress"}}'
    refused: list[str] = []

    def tamper(method: str, forward: Callable[[], tuple[int, bytes]]) -> tuple[int, bytes]:
        if method == "eth_getTransactionReceipt" and len(refused) < 2:
            refused.append(method)
            return 200, body
        return forward()

    deployment = chain.registry.deployment
    with tampered(chain.node.url, tamper) as url:
        receipt = transact(Rpc(url), chain.wallet, deployment.registry, encode_call("register", "another log"))
    assert (receipt.succeeded, len(refused)) == (True, 2)


def test_anchors_and_confirms(chain: Chain) -> None:
    log = MemoryLog(40)
    assert chain.registry.head() == replace(chain.registry.head(), operator=chain.wallet.address, size=0, time=0)
    for old_size, size in ((0, 7), (7, 8), (8, 40)):
        send(chain, call(chain, log, old_size, size))
        head = chain.registry.head()
        assert head.size == size
        assert chain.registry.is_anchored(size, log.root(size), head.time)
        assert not chain.registry.is_anchored(size, log.root(size), head.time + 1)
        assert not chain.registry.is_anchored(size, log.root(size - 1), head.time)
        event = chain.registry.anchored_events(head.time)[-1]
        assert (event.size, event.root, event.time) == (size, log.root(size), head.time)
    assert chain.registry.anchored_events(head.time + 1) == []
    assert chain.registry.anchored_events(1) == []


def test_the_gas_limit_is_enough_for_a_long_proof(chain: Chain) -> None:
    log = MemoryLog(1025)
    send(chain, call(chain, log, 0, 683))
    long = call(chain, log, 683, 1024)
    used = chain.rpc.quantity(
        "eth_estimateGas",
        {"from": chain.wallet.address, "to": chain.registry.deployment.registry, "data": "0x" + long.data.hex()},
    )
    assert used * 3 // 2 < long.gas


def test_registers_a_log_once(chain: Chain, stranger: Wallet) -> None:
    first = chain.registry.deployment
    assert deploy(chain.rpc, chain.wallet, ORIGIN, first.registry.upper().replace("0X", "0x")) == first
    other = deploy(chain.rpc, stranger, ORIGIN, first.registry)
    assert other.registry == first.registry
    assert other.log_id != first.log_id
    assert Registry.connect(chain.rpc, other).head().operator == stranger.address


def second_log(chain: Chain, wallet: Wallet) -> Registry:
    """Another wallet's log in the same registry, without an anchor."""
    return Registry(chain.rpc, deploy(chain.rpc, wallet, "second", chain.registry.deployment.registry))


REFUSALS: dict[str, Callable[[Chain, Wallet], object]] = {
    "NotOperator": lambda chain, stranger: send(chain, call(chain, MemoryLog(3), 0, 3), stranger),
    "SizeNotGrowing": lambda chain, _: send(chain, call(chain, MemoryLog(5), 4, 5), None),
    "ZeroRoot": lambda chain, _: send(chain, chain.registry.anchor_call(9, bytes(32), MemoryLog(5).root(5), ())),
    "PreviousRootMismatch": lambda chain, _: send(chain, call(chain, MemoryLog(6, "forged"), 5, 6)),
    "ProofLength": lambda chain, _: send(
        chain, chain.registry.anchor_call(6, MemoryLog(6).root(6), MemoryLog(5).root(5), (b"\1" * 32,))
    ),
    "InconsistentRoots": lambda chain, _: send(
        chain,
        chain.registry.anchor_call(6, b"\7" * 32, MemoryLog(5).root(5), MemoryLog(6).prove_consistency(5, 6).hashes),
    ),
    "LogExists": lambda chain, _: transact(
        chain.rpc, chain.wallet, chain.registry.deployment.registry, encode_call("register", ORIGIN)
    ),
    "EmptyOrigin": lambda chain, _: deploy(chain.rpc, chain.wallet, "", chain.registry.deployment.registry),
    "UnknownLog": lambda chain, stranger: transact(
        chain.rpc, stranger, chain.registry.deployment.registry, encode_call("acceptOperator", b"\x55" * 32)
    ),
    "NotProposedOperator": lambda chain, stranger: chain.registry.accept_operator(stranger),
    "UnexpectedProof": lambda chain, stranger: send(
        chain, second_log(chain, stranger).anchor_call(1, b"\1" * 32, b"\2" * 32, ()), stranger
    ),
}


def expected_values(chain: Chain, stranger: Wallet) -> dict[str, dict[str, object]]:
    log, five, six = log_id(chain), MemoryLog(5), MemoryLog(6)
    return {
        "NotOperator": {"log": log, "caller": stranger.address, "operator": chain.wallet.address},
        "SizeNotGrowing": {"size": 5, "head_size": 5},
        "ZeroRoot": {},
        "PreviousRootMismatch": {"log": log, "head_size": 5, "previous_root": MemoryLog(6, "forged").root(5)},
        "ProofLength": {"given": 1, "wanted": len(six.prove_consistency(5, 6).hashes)},
        "InconsistentRoots": {"proven_previous": five.root(5), "proven_root": six.root(6)},
        "LogExists": {"log": log},
        "EmptyOrigin": {},
        "UnknownLog": {"log": b"\x55" * 32},
        "NotProposedOperator": {"log": log, "caller": stranger.address, "proposed": NOBODY},
        "UnexpectedProof": {},
    }


@pytest.mark.parametrize("name", sorted(REFUSALS))
def test_a_refusal_has_its_class_its_values_and_costs_nothing(chain: Chain, stranger: Wallet, name: str) -> None:
    send(chain, call(chain, MemoryLog(5), 0, 5))
    second_log(chain, stranger)
    before = [chain.rpc.transaction_count(wallet.address) for wallet in (chain.wallet, stranger)]
    with pytest.raises(RegistryRefusedError) as raised:
        REFUSALS[name](chain, stranger)
    assert type(raised.value) is getattr(errors, f"{name}Error")
    expected = expected_values(chain, stranger)[name]
    assert vars(raised.value) == {**expected, "values": tuple(expected.values())}
    assert [chain.rpc.transaction_count(wallet.address) for wallet in (chain.wallet, stranger)] == before


def test_every_custom_error_of_the_contract_is_tried() -> None:
    names = {entry["name"] for entry in load_artifact().abi if entry["type"] == "error"}
    assert names == set(REFUSALS)


def test_hands_the_log_over_in_two_steps(chain: Chain, stranger: Wallet) -> None:
    chain.registry.propose_operator(chain.wallet, stranger.address)
    assert chain.registry.head().operator == chain.wallet.address
    chain.registry.accept_operator(stranger)
    assert chain.registry.head().operator == stranger.address
    with pytest.raises(errors.NotOperatorError):
        chain.registry.propose_operator(chain.wallet, chain.wallet.address)


@pytest.mark.parametrize(
    ("what", "change"),
    [
        ("chain id", {"chain_id": 1}),
        ("genesis hash", {"genesis_hash": "0x" + "11" * 32}),
        ("registry code", {"registry": "0x" + "22" * 20}),
        ("registry code", {"code_hash": "0x" + "33" * 32}),
        ("log", {"log_id": "0x" + "44" * 32}),
    ],
)
def test_another_chain_is_an_error(chain: Chain, what: str, change: dict[str, object]) -> None:
    deployment = replace(chain.registry.deployment, **change)  # type: ignore[arg-type]
    with pytest.raises(WrongChainError) as raised:
        Registry.connect(chain.rpc, deployment)
    assert raised.value.what == what


def test_takes_no_other_code_for_a_registry(chain: Chain) -> None:
    with pytest.raises(WrongChainError, match="registry code"):
        deploy(chain.rpc, chain.wallet, ORIGIN, "0x" + "66" * 20)


class TestWitness:
    @pytest.fixture
    def anchor(self, chain: Chain) -> Anchor:
        log = MemoryLog(5)
        send(chain, call(chain, log, 0, 5))
        block, deployment = chain.rpc.latest(), chain.registry.deployment
        return Anchor(
            chain_id=deployment.chain_id,
            registry=deployment.registry,
            log_id=deployment.log_id,
            size=5,
            root=log.root(5),
            checkpoint="",
            state=AnchorState.MINED,
            block_number=block.number,
            block_hash="0x" + block.hash.hex(),
            block_time=block.time,
        )

    def test_confirms_and_tells_how_deep(self, chain: Chain, anchor: Anchor) -> None:
        witness = NodeWitness(chain.node.url)
        assert witness.confirm(anchor) == 0
        chain.mine(3)
        assert witness.confirm(anchor) == 3

    @pytest.mark.parametrize(
        ("method", "body"),
        [
            ("eth_chainId", b'{"result":"0x1"}'),
            ("eth_chainId", b"<html>"),
            ("eth_getBlockByNumber", b'{"result":null}'),
            ("eth_getBlockByNumber", b'{"result":{"hash":"0x11"}}'),
            ("eth_call", b'{"result":"0x"}'),
            ("eth_call", b'{"result":"0x02"}'),
            ("eth_call", b'{"error":{"code":-32000,"message":"busy"}}'),
            ("eth_call", b""),
        ],
    )
    def test_a_node_that_talks_nonsense_is_no_witness_against_an_anchor(
        self, chain: Chain, anchor: Anchor, method: str, body: bytes
    ) -> None:
        def tamper(asked: str, forward: Callable[[], tuple[int, bytes]]) -> tuple[int, bytes]:
            return (200, body) if asked == method else forward()

        with tampered(chain.node.url, tamper) as url, pytest.raises(ChainUnavailableError):
            NodeWitness(url).confirm(anchor)

    def test_a_node_that_lies_about_the_block_contradicts(self, chain: Chain, anchor: Anchor) -> None:
        def tamper(_: str, forward: Callable[[], tuple[int, bytes]]) -> tuple[int, bytes]:
            status, body = forward()
            return status, body.replace((anchor.block_hash or "").encode(), b"0x" + b"77" * 32)

        with tampered(chain.node.url, tamper) as url, pytest.raises(EvidenceError, match="is 0x7777"):
            NodeWitness(url).confirm(anchor)

    def test_a_node_that_vanishes_between_two_questions_cannot_tell(self, chain: Chain, anchor: Anchor) -> None:
        asked: list[str] = []

        def tamper(method: str, forward: Callable[[], tuple[int, bytes]]) -> tuple[int, bytes]:
            asked.append(method)
            return forward() if len(asked) < 3 else (503, b"")

        with tampered(chain.node.url, tamper) as url, pytest.raises(ChainUnavailableError):
            NodeWitness(url).confirm(anchor)
        assert len(asked) >= 3

    def test_a_node_that_hangs_or_is_gone_cannot_tell(self, anchor: Anchor) -> None:
        with socket.socket() as mute:
            mute.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{mute.getsockname()[1]}"
            with pytest.raises(ChainUnavailableError):
                NodeWitness(url).confirm(anchor)
            mute.listen()
            with pytest.raises(ChainUnavailableError, match="Timeout"):
                NodeWitness(url, timeout=0.2).confirm(anchor)

    @pytest.mark.parametrize(
        ("change", "error"),
        [
            ({"root": b"\1" * 32}, EvidenceError),
            ({"size": 4}, EvidenceError),
            ({"block_hash": "0x" + "11" * 32}, EvidenceError),
            ({"block_number": None}, EvidenceError),
            ({"block_number": 99}, ChainUnavailableError),
            ({"chain_id": 5}, ChainUnavailableError),
            ({"registry": NOBODY}, ChainUnavailableError),
        ],
    )
    def test_does_not_confirm(
        self, chain: Chain, anchor: Anchor, change: dict[str, object], error: type[Exception]
    ) -> None:
        with pytest.raises(error):
            NodeWitness(chain.node.url).confirm(replace(anchor, **change))  # type: ignore[arg-type]


def test_a_size_over_48_bits_is_refused_by_the_client_and_by_the_contract(chain: Chain) -> None:
    size = 2**48
    with pytest.raises(SizeTooLargeError, match=f"size {size} does not fit"):
        chain.registry.anchor_call(size, b"\1" * 32, bytes(32), ())
    data = bytearray(chain.registry.anchor_call(size - 1, b"\1" * 32, bytes(32), ()).data)
    data[4 + 32 : 4 + 64] = size.to_bytes(32)
    call = {"from": chain.wallet.address, "to": chain.registry.deployment.registry, "data": "0x" + data.hex()}
    # The ABI decoder of the contract refuses it, which leaves no error to decode.
    with pytest.raises(RegistryRefusedError):
        call_registry(chain.rpc, call)
