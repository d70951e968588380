// SPDX-License-Identifier: Apache-2.0
// What peers written for Node take for a file of documents, one JSON object a line: `node in_node.mjs FILE`.
// Prints processor seconds by name as JSON.
import { readFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { StandardMerkleTree } from '@openzeppelin/merkle-tree';

// Its build for ECMAScript modules names files without their endings, which Node does not find.
const { wrapDocuments } = createRequire(import.meta.url)('@govtechsg/open-attestation');

const lines = readFileSync(process.argv[2], 'utf8').trim().split('\n');
const ISSUER = {
  name: 'Sample Bank',
  documentStore: '0x0000000000000000000000000000000000000001',
  identityProof: { type: 'DNS-TXT', location: 'bank.example' },
};

const seconds = async (work) => {
  const began = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1e6;
};

const openAttestation = () => {
  const wrapped = wrapDocuments(lines.map((line) => ({ issuers: [ISSUER], ...JSON.parse(line) })));
  if (wrapped.length !== lines.length || !wrapped[0].signature.proof.length) throw new Error('no proofs');
};

const openZeppelin = () => {
  const hash = (line) => '0x' + createHash('sha256').update(line).digest('hex');
  const tree = StandardMerkleTree.of(lines.map((line) => [hash(line)]), ['bytes32']);
  const proofs = lines.map((_, index) => tree.getProof(index));
  if (!tree.verify(0, proofs[0])) throw new Error('a wrong proof');
};

console.log(JSON.stringify({
  'OpenAttestation': await seconds(openAttestation),
  '@openzeppelin/merkle-tree': await seconds(openZeppelin),
}));
