// SPDX-License-Identifier: Apache-2.0
/**
 * Public keys as JSON Web Keys of exactly the members that RFC 7638 hashes, and the schemes that use them.
 * @module
 */
import { ES256, ES256K } from './ecdsa.js';
import { checkKey as checkEd25519, verify as verifyEd25519 } from './ed25519.js';
import { b64url, parseB64url, parseHex } from './encoding.js';
import { refuse } from './errors.js';
import { sha256 } from './hashing.js';
import { canonicalJson } from './json.js';
import { verifyPs256 } from './rsa.js';
import { isObject } from './shape.js';

export const WALLET_ALG = 'urn:loan-notary:alg:eip712';
const ADDRESS = /^0x[0-9a-f]{40}$/;

/**
 * The kinds of key: the algorithm (RFC 7518, RFC 8037, RFC 8812), a reader for each member that holds a
 * part of the key, and what verifies a signature with these parts.
 */
const KINDS = [
  { kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', members: { x: fixed(32) }, verify: verifyParty },
  {
    kty: 'EC',
    crv: 'P-256',
    alg: 'ES256',
    members: { x: fixed(32), y: fixed(32) },
    verify: (...all) => ES256.verify(...all),
  },
  {
    kty: 'EC',
    crv: 'secp256k1',
    alg: 'ES256K',
    members: { x: fixed(32), y: fixed(32) },
    verify: (...all) => ES256K.verify(...all),
  },
  { kty: 'RSA', alg: 'PS256', members: { n: unsigned(1024), e: unsigned(8) }, verify: verifyPs256 },
  { kty: 'urn:loan-notary:kty:ethereum-address', alg: WALLET_ALG, members: { address: readAddress }, verify: null },
];

/**
 * Read a public key from a parsed JSON value whose members are strings.
 * @returns {{kid: string, alg: string, parts: Uint8Array[], verify: ?function(Uint8Array, Uint8Array): void}}
 *   `verify` takes message and signature; it is null for a wallet, which signs in its own way
 * @throws {BrokenError} private keys are refused too
 */
export function parseJwk(value) {
  if (!isObject(value) || typeof value.kty !== 'string') refuse('/kty: is required and must be a string');
  const kind = KINDS.find(({ kty, crv }) => kty === value.kty && crv === value.crv);
  if (!kind) refuse('/kty: with this crv is not a known kind of key');
  const { alg, members, verify } = kind;
  const names = ['kty', ...(kind.crv ? ['crv'] : []), ...Object.keys(members)];
  if (Object.keys(value).length !== names.length || !names.every((member) => member in value)) {
    refuse(`must have exactly the members ${names.join(', ')}`);
  }
  const parts = Object.entries(members).map(([member, read]) => read(value[member]));
  return {
    kid: b64url(sha256(canonicalJson(value))),
    alg,
    parts,
    verify: verify && ((message, signature) => verify(parts, message, signature)),
  };
}

function verifyParty([publicKey], message, signature) {
  checkEd25519(publicKey);
  verifyEd25519(publicKey, message, signature);
}

function fixed(size) {
  return (text) => {
    const data = parseB64url(text);
    if (data.length !== size) refuse(`must be ${size} bytes in base64url, not ${data.length}`);
    return data;
  };
}

// RFC 7518 section 2, Base64urlUInt: the fewest bytes possible.
function unsigned(most) {
  return (text) => {
    if (text.length > Math.floor((most * 4 + 2) / 3)) refuse(`must be at most ${most} bytes in base64url`);
    const data = parseB64url(text);
    if (!data.length || data[0] === 0) refuse('must be a number above 0 in base64url, without leading zero bytes');
    return data;
  };
}

function readAddress(text) {
  if (!ADDRESS.test(text)) refuse('must be 0x and 40 hex digits in lower case');
  return parseHex(text);
}
