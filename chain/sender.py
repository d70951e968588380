# SPDX-License-Identifier: Apache-2.0
"""Sends single transactions and waits for them: deployment, registration, hand-over. Anchors have their own way."""

import time

from chain.abi import decode_revert
from chain.errors import ChainUnavailableError, NodeRefusedError, RegistryRefusedError
from chain.fees import suggest_fees
from chain.rpc import Rpc
from chain.rpc_values import BlockId, Fees, TransactionReceipt
from chain.wallet import Wallet

WAIT = 180.0
"""Seconds to wait for a block with the transaction."""

_POLL = 0.05
_POLL_MOST = 2.0


def call_registry(rpc: Rpc, transaction: dict[str, str], block: BlockId = "latest") -> bytes:
    """Return what a call returns, without sending anything.

    Raises:
        RegistryRefusedError: when the call reverts.
        ChainUnavailableError: when the node cannot tell.
    """
    try:
        return rpc.eth_call(transaction, block)
    except NodeRefusedError as error:
        if is_revert(error):
            raise decode_revert(error.data) from error
        raise


def is_revert(error: NodeRefusedError) -> bool:
    """Tell whether a node's error means that the EVM reverted: code 3, or revert data, or the word for it."""
    return error.code == 3 or bool(error.data) or "revert" in error.message.lower()


def current_fees(rpc: Rpc) -> Fees:
    """Return what a transaction should offer now."""
    try:
        tip = rpc.tip()
    except NodeRefusedError:
        tip = 0
    return suggest_fees(rpc.latest().base_fee, tip)


def transact(rpc: Rpc, wallet: Wallet, to: str | None, data: bytes) -> TransactionReceipt:
    """Send a transaction and wait until it is mined; it is tried out first, so that a refusal costs nothing.

    Raises:
        RegistryRefusedError: when it would revert, or did after all.
        ChainUnavailableError: when the node cannot be used, or mines nothing for WAIT seconds.
    """
    transaction = {"from": wallet.address, "data": "0x" + data.hex()}
    if to is not None:
        transaction["to"] = to
    call_registry(rpc, transaction)
    signed = wallet.sign(
        chain_id=rpc.chain_id(),
        nonce=rpc.transaction_count(wallet.address),
        fees=current_fees(rpc),
        gas=rpc.quantity("eth_estimateGas", transaction) * 5 // 4,
        to=to,
        data=data,
    )
    rpc.send(signed.raw)
    receipt = _wait(rpc, signed.hash)
    if not receipt.succeeded:
        raise RegistryRefusedError(f"transaction 0x{signed.hash.hex()} reverted in block {receipt.block_number}")
    return receipt


def _wait(rpc: Rpc, transaction_hash: bytes) -> TransactionReceipt:
    deadline, pause = time.monotonic() + WAIT, _POLL
    while (receipt := _receipt(rpc, transaction_hash)) is None:
        if time.monotonic() > deadline:
            raise ChainUnavailableError(rpc.url, f"0x{transaction_hash.hex()} was not mined in {WAIT:.0f} s")
        time.sleep(pause)
        pause = min(2 * pause, _POLL_MOST)
    return receipt


def _receipt(rpc: Rpc, transaction_hash: bytes) -> TransactionReceipt | None:
    try:
        return rpc.receipt(transaction_hash)
    except NodeRefusedError:
        # geth does not say, for a while after its start: "transaction indexing is in progress".
        return None
