// SPDX-License-Identifier: Apache-2.0
/**
 * The few questions that a node is asked, as Ethereum JSON-RPC. Only public values go into them.
 * @module
 */
const PATIENCE = 20_000;
const HEX = /^0x[0-9a-f]*$/i;

/** Thrown where a node gives no answer that can be read. */
export class NodeError extends Error {
  name = 'NodeError';
}

/** One node. */
export class Node {
  #id = 0;

  /** @param {string} url */
  constructor(url) {
    this.url = url;
  }

  /** Return the number of the node's chain. @returns {Promise<number>} */
  async chainId() {
    return number(await this.#ask('eth_chainId'));
  }

  /**
   * Return a block's number and hash, null if the node has none such.
   * @param {number|'latest'|'finalized'} which
   */
  async block(which) {
    const name = typeof which === 'number' ? `0x${which.toString(16)}` : which;
    const found = await this.#ask('eth_getBlockByNumber', name, false);
    if (found === null) return null;
    return { number: number(found?.number), hash: bytes(found?.hash) };
  }

  /** Return the code at an address, in hex. */
  async code(address) {
    return bytes(await this.#ask('eth_getCode', address, 'latest'));
  }

  /** Return the word in a slot of an account's storage, in hex. */
  async storage(address, slot) {
    return bytes(await this.#ask('eth_getStorageAt', address, slot, 'latest'));
  }

  async #ask(method, ...params) {
    this.#id += 1;
    const answer = await this.#post({ jsonrpc: '2.0', id: this.#id, method, params });
    if (typeof answer !== 'object' || answer === null || !('result' in answer))
      throw new NodeError(`${method}: ${String(answer?.error?.message ?? 'no answer').slice(0, 200)}`);
    return answer.result;
  }

  async #post(body) {
    try {
      const response = await fetch(this.url, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
        credentials: 'omit',
        redirect: 'error',
        referrerPolicy: 'no-referrer',
        signal: AbortSignal.timeout(PATIENCE),
      });
      return await response.json();
    } catch (error) {
      throw new NodeError(error.message);
    }
  }
}

function bytes(value) {
  if (typeof value !== 'string' || !HEX.test(value)) throw new NodeError('an answer that is no hex');
  return value.toLowerCase();
}

function number(value) {
  const found = Number(bytes(value));
  return Number.isSafeInteger(found) ? found : Number.MAX_SAFE_INTEGER;
}
