// SPDX-License-Identifier: Apache-2.0
/**
 * Which record a loan takes in which state, and the state that it leaves behind; the rules of notary/lifecycle.
 * @module
 */
import { refuse } from './errors.js';
import { Fraction } from './fraction.js';
import { minorUnits } from './money.js';
import { isSame } from './record-rules.js';
import { TRANSITIONS } from './record-types.js';

// What a court's freeze forbids: to give the loan or its security away, or to let the borrower off.
const FROZEN = ['assignment', 'participation', 'release', 'restructuring'];
const NONE = new Fraction(0);

/** The state of a loan without a record; sums are in smallest units, `holdings` are `{holder, share, participated}`. */
export const DRAFT = {
  stage: 'draft',
  currency: null,
  balance: 0n,
  arrears: 0n,
  outcome: null,
  hasFacility: false,
  isFrozen: false,
  disputes: [],
  holdings: [],
};

/** Where the sums of a type stand that must be in the loan's currency. */
const CURRENCIES = {
  agreement: (record) => record.principal.currency,
  disbursement: inAmount,
  facility: (record) => record.limit.currency,
  limit_change: (record) => record.new_limit.currency,
  overdue_notice: inAmount,
  recovery: inAmount,
  repayment: inAmount,
  restructuring: (record) => record.capitalised.currency,
  reversal: inAmount,
  schedule: (record) => record.currency,
  settlement: inAmount,
  write_off: inAmount,
};

/** What a record does beyond the table of stages, where it does anything: the members that change. */
const EFFECTS = {
  application: () => ({ outcome: null }),
  credit_decision: (state, { outcome }) => ({ outcome }),
  facility: (state) => drawnOrNot({ ...state, hasFacility: true }),
  limit_change(state) {
    if (!state.hasFacility) refuse('/type: a loan without a facility takes no limit_change');
  },
  agreement(state, { parties }) {
    if (['denied', 'referred'].includes(state.outcome)) refuse(`/type: a loan that is ${state.outcome} takes no agreement`);
    return { stage: state.hasFacility ? 'active' : state.stage, holdings: firstHoldings(parties) };
  },
  disbursement: (state, { amount }) => drawnOrNot({ ...state, balance: state.balance + minorUnits(amount.amount) }),
  repayment: payBack,
  reversal: (state, { split }) => drawnOrNot({ ...state, balance: state.balance + minorUnits(split.principal.amount) }),
  dispute: (state, { id }) => ({ disputes: [...state.disputes, id] }),
  dispute_resolution(state, { about }) {
    if (!state.disputes.includes(about)) refuse(`/type: a loan without an open dispute ${about} takes no resolution of it`);
    return { disputes: state.disputes.filter((item) => item !== about) };
  },
  overdue_notice: (state, { amount }) => ({ arrears: minorUnits(amount.amount) }),
  restructuring: (state, { capitalised, waived }) => ({
    balance: state.balance + minorUnits(capitalised.amount) - minorUnits(waived.amount),
    arrears: 0n,
  }),
  assignment: (state, { assignor, assignee, share }) => ({
    holdings: assign(state.holdings, assignor, assignee, fraction(share)),
  }),
  participation: (state, { grantor, share }) => ({ holdings: grant(state.holdings, grantor, fraction(share)) }),
  settlement: settle,
  write_off: (state, { amount }) => ({ balance: state.balance - minorUnits(amount.amount), arrears: 0n }),
  court_order: (state, { order }) => ({ isFrozen: order === 'freeze' }),
};

/**
 * Return the state of a loan after a record.
 * @param {object} state `DRAFT`, or what this returned
 * @param {object} record the members of a valid record
 * @throws {BrokenError} for a record that is not legal in this state
 */
export function advance(state, record) {
  const stage = TRANSITIONS[record.type][state.stage];
  if (stage === undefined) refuse(`/type: a loan that is ${state.stage} takes no ${record.type}`);
  const currency = CURRENCIES[record.type]?.(record) ?? state.currency;
  if (state.currency !== null && currency !== state.currency)
    refuse(`the ${record.type} is in ${currency}, but the loan is in ${state.currency}`);
  if (state.isFrozen && FROZEN.includes(record.type)) refuse(`/type: a loan that is frozen takes no ${record.type}`);
  const next = { ...state, stage, currency };
  return { ...next, ...EFFECTS[record.type]?.(next, record) };
}

/** Return how much principal, at most, is paid and waived with a settlement. @returns {bigint[]} */
export function cleared({ amount, split, waived }) {
  return [minorUnits((split?.principal ?? amount).amount), waived ? minorUnits(waived.amount) : 0n];
}

function inAmount({ amount }) {
  return amount.currency;
}

function payBack(state, { amount, split }) {
  const paid = { ...state, balance: state.balance - minorUnits(split.principal.amount) };
  if (state.stage !== 'overdue') return state.hasFacility ? drawnOrNot(paid) : paid;
  const arrears = state.arrears - minorUnits(amount.amount);
  return arrears > 0n ? { ...paid, arrears } : drawnOrNot({ ...paid, stage: 'active', arrears: 0n });
}

function settle(state, record) {
  const [paid, waived] = cleared(record);
  const left = state.balance - paid - waived;
  // What was paid back too much before stays so.
  return { balance: state.balance > 0n && left < 0n ? 0n : state.balance > 0n ? left : state.balance, arrears: 0n };
}

// A facility loops: drawn while something is outstanding, else active.
function drawnOrNot(state) {
  if (!state.hasFacility || !['active', 'drawn'].includes(state.stage)) return state;
  return { ...state, stage: state.balance > 0n ? 'drawn' : 'active' };
}

function firstHoldings(parties) {
  const lenders = parties.filter(({ role }) => role === 'lender');
  const equal = new Fraction(1, lenders.length);
  return lenders.map((holder) => ({
    holder,
    share: holder.share ? fraction(holder.share) : equal,
    participated: NONE,
  }));
}

function assign(holdings, giver, taker, share) {
  const from = holdingOf(holdings, giver);
  const left = from.share.minus(share);
  if (left.isBelow(from.participated)) refuse('/share: more is passed on than there is');
  const changed = holdings
    .map((item) => (item === from ? { ...item, share: left } : item))
    .filter((item) => !item.share.isZero);
  const to = changed.find(({ holder }) => isSame(holder, taker));
  if (!to) return [...changed, { holder: taker, share, participated: NONE }];
  return changed.map((item) => (item === to ? { ...item, share: item.share.plus(share) } : item));
}

function grant(holdings, giver, share) {
  const from = holdingOf(holdings, giver);
  const participated = from.participated.plus(share);
  if (from.share.isBelow(participated)) refuse('/share: more is passed on than there is');
  return holdings.map((item) => (item === from ? { ...item, participated } : item));
}

function holdingOf(holdings, giver) {
  const found = holdings.find(({ holder }) => isSame(holder, giver));
  return found ?? refuse(`${giver.name ?? giver.subject_ref} does not hold the loan`);
}

function fraction({ numerator, denominator }) {
  return new Fraction(numerator, denominator);
}
