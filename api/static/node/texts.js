// SPDX-License-Identifier: Apache-2.0
/**
 * What the page about nodes says in answer, in Chinese and English. `{name}` stands for a value.
 * @module
 */
const ZH = {
  'kind.recorded': '节点确认：已最终写入链上',
  'kind.waiting': '节点确认：已写入链上，尚未最终确认',
  'kind.altered': '节点的说法不同',
  'kind.unknown': '无法判断',
  'recorded.final':
    '该区块在这个节点的链上，已最终确认，其上已有 {depth} 个区块；合约代码是已发布的登记合约，登记的树根与回执一致。',
  'waiting.depth':
    '该区块在这个节点的链上，其上已有 {depth} 个区块，尚未最终确认；合约代码是已发布的登记合约，登记的树根与回执一致。',
  'altered.block': '在这个节点的链上，第 {number} 号区块是另一个：{hash}。请再问另一个节点；若说法相同，则该锚定不在此链上。',
  'altered.code': '地址 {registry} 上不是任何已发布的登记合约。请再问另一个节点。',
  'altered.root': '登记合约在日志大小 {size} 处登记的不是这个树根。请再问另一个节点。',
  'unknown.chain': '这个节点属于链 {chain}，不是回执所说的链。请换一个节点。',
  'unknown.behind': '这个节点还没有第 {number} 号区块，可能尚未同步完。请稍后再试或换一个节点。',
  'unknown.node': '节点没有给出可用的回答（{error}）。它可能不在线，或不允许网页访问（CORS）。这不说明回执有问题；请换一个节点。',
  'unknown.values': '本页没有收到完整的锚定信息。请从核验页的结果中点击“询问节点”打开本页。',
  asking: '正在询问……',
  'value.chain': '链编号',
  'value.block': '区块高度',
  'value.hash': '区块哈希',
  'value.time': '区块时间（秒）',
  'value.registry': '登记合约',
  'value.log': '日志编号',
  'value.size': '日志大小',
  'value.root': '树根',
};

const EN = {
  'kind.recorded': 'The node confirms: on the chain for good',
  'kind.waiting': 'The node confirms: on the chain, not final yet',
  'kind.altered': 'The node says otherwise',
  'kind.unknown': 'Cannot tell',
  'recorded.final':
    'The block is part of this node’s chain and final, with {depth} blocks on top; the contract’s code is a released registry’s, and it holds the root that the receipt names.',
  'waiting.depth':
    'The block is part of this node’s chain, with {depth} blocks on top, and not final yet; the contract’s code is a released registry’s, and it holds the root that the receipt names.',
  'altered.block':
    'On this node’s chain block {number} is another one: {hash}. Ask another node; if it says the same, the anchor is not in this chain.',
  'altered.code': 'At {registry} there is no registry that was ever released. Ask another node.',
  'altered.root': 'The registry holds another root at size {size} of the log. Ask another node.',
  'unknown.chain': 'This node is of chain {chain}, not of the one that the receipt names. Choose another.',
  'unknown.behind': 'This node has no block {number} yet; it may still be catching up. Try again later, or another one.',
  'unknown.node':
    'The node gave no answer that can be used ({error}). It may be down, or not open to web pages (CORS). That says nothing about the receipt; choose another.',
  'unknown.values': 'This page was not given all values of an anchor. Open it from “Ask a node” in a result of the check page.',
  asking: 'Asking …',
  'value.chain': 'Chain id',
  'value.block': 'Block number',
  'value.hash': 'Block hash',
  'value.time': 'Block time (seconds)',
  'value.registry': 'Registry contract',
  'value.log': 'Log id',
  'value.size': 'Size of the log',
  'value.root': 'Root',
};

export const TEXTS = { zh: ZH, en: EN };
