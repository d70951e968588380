// SPDX-License-Identifier: Apache-2.0
/**
 * Records signed by Ethereum wallets: EIP-712 typed data that say which record it is (FORMATS.md section 3).
 * @module
 */
import { curve } from './ecdsa.js';
import { concat, parseHex, sameBytes, toBytes, toNumber, utf8 } from './encoding.js';
import { refuse } from './errors.js';
import { keccak, sha256 } from './hashing.js';

const DOMAIN = 'EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)';
const RECORD = 'Record(string type,string id,string loan,bytes32 payloadHash)';
const [NAME, VERSION] = ['Loan Notary', '1'];
const V = [27, 28];
const SECP256K1 = curve('secp256k1');

/**
 * Verify r || s || v, with v 27 or 28 and the lower s (EIP-2), over a record for the domain that the signature names.
 * @param {Uint8Array} address of the wallet, 20 bytes
 * @param {{type: string, id: string, loan: string}} record
 * @param {Uint8Array} payload the record's bytes
 * @param {{signature: Uint8Array, domain: {chain_id: number, registry: string}}} signed
 * @throws {BrokenError}
 */
export function verifyWallet(address, record, payload, { signature, domain }) {
  if (signature.length !== 65) refuse(`a wallet's signature has 65 bytes, not ${signature.length}`);
  if (!V.includes(signature[64])) refuse(`v must be 27 or 28, not ${signature[64]}`);
  const order = SECP256K1.Point.Fn.ORDER;
  if (toNumber(signature.subarray(32, 64)) > order / 2n) refuse('s is the higher of the two possible');
  if (!sameBytes(recover(typedHash(record, payload, domain), signature), address)) {
    refuse('another wallet made this signature');
  }
}

function typedHash({ type, id, loan }, payload, { chain_id: chainId, registry }) {
  const words = [toBytes(chainId, 32), concat(new Uint8Array(12), parseHex(registry))];
  const domain = keccak(concat(word(DOMAIN), word(NAME), word(VERSION), ...words));
  const message = keccak(concat(word(RECORD), word(type), word(id), word(loan), sha256(payload)));
  return keccak(concat(Uint8Array.of(0x19, 0x01), domain, message));
}

function word(text) {
  return keccak(utf8(text));
}

function recover(digest, signature) {
  const recovered = concat(Uint8Array.of(signature[64] - V[0]), signature.subarray(0, 64));
  try {
    const encoded = SECP256K1.scheme(sha256).recoverPublicKey(recovered, digest, { prehash: false });
    return keccak(SECP256K1.Point.fromBytes(encoded).toBytes(false).subarray(1)).subarray(12);
  } catch {
    return refuse('no wallet can have made this signature');
  }
}
