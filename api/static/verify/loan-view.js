// SPDX-License-Identifier: Apache-2.0
/**
 * Where a loan stands by its records alone: its stage, its holders, what was paid out and what became of it.
 *
 * A part of what notary/history says, with the same members; plans of payment, interest and findings are not computed.
 * @module
 */
import { BrokenError } from './errors.js';
import { DRAFT, advance, cleared } from './lifecycle.js';
import { minorUnits, money } from './money.js';

const PARTS = ['principal', 'interest', 'penalty', 'fee'];

/**
 * Live through a loan.
 * @param {object[]} records members of valid records of one loan, in the order in which they were recorded
 * @param {string} asOf when the newest was received
 * @throws {BrokenError} for a history that is not legal
 */
export function loanView(records, asOf) {
  let state = DRAFT;
  const account = new Account();
  records.forEach((record, number) => {
    account.add(record, state.balance);
    state = step(state, record, number);
  });
  const sum = (minor) => (state.currency === null ? null : money(minor, state.currency));
  return {
    as_of: asOf,
    records: records.length,
    state: state.stage,
    disputed: state.disputes.length > 0,
    frozen: state.isFrozen,
    holders: state.holdings.map(({ holder, share, participated }) => ({
      name: holder.name ?? holder.subject_ref,
      lei: holder.lei ?? null,
      uscc: holder.uscc ?? null,
      share: String(share),
      participated: String(participated),
    })),
    open_disputes: state.disputes,
    principal: mapped({ ...account.principal, outstanding: state.balance }, sum),
    paid: mapped(account.paid, sum),
  };
}

function step(state, record, number) {
  try {
    return advance(state, record);
  } catch (error) {
    if (error instanceof BrokenError) error.message = `/records/${number}${error.message.startsWith('/') ? '' : ': '}${error.message}`;
    throw error;
  }
}

function mapped(members, change) {
  return Object.fromEntries(Object.entries(members).map(([name, value]) => [name, change(value)]));
}

/** Adds up the sums of a loan; disbursed + capitalised = repaid + waived + written off + outstanding, always. */
class Account {
  principal = { disbursed: 0n, capitalised: 0n, repaid: 0n, waived: 0n, written_off: 0n };
  paid = { total: 0n, principal: 0n, interest: 0n, penalty: 0n, fee: 0n, recovered: 0n };

  add(record, balance) {
    const amount = record.amount && minorUnits(record.amount.amount);
    const { principal, paid } = this;
    const kinds = {
      disbursement: () => (principal.disbursed += amount),
      restructuring: () => {
        principal.capitalised += minorUnits(record.capitalised.amount);
        principal.waived += minorUnits(record.waived.amount);
      },
      repayment: () => this.move(record.split, amount, 1n),
      reversal: () => this.move(record.split, amount, -1n),
      settlement: () => this.settle(record, amount, balance),
      write_off: () => (principal.written_off += amount),
      recovery: () => (paid.recovered += amount),
    };
    kinds[record.type]?.();
    paid.principal = principal.repaid;
  }

  move(split, amount, sign) {
    this.paid.total += sign * amount;
    for (const name of PARTS) this.part(name, sign * (split[name] ? minorUnits(split[name].amount) : 0n));
  }

  part(name, minor) {
    if (name === 'principal') this.principal.repaid += minor;
    else this.paid[name] += minor;
  }

  settle(record, amount, balance) {
    const [paid, waived] = cleared(record);
    const owed = balance > 0n ? balance : 0n;
    const repaid = paid < owed ? paid : owed;
    const left = owed - repaid;
    this.paid.total += amount;
    this.principal.repaid += repaid;
    this.principal.waived += waived < left ? waived : left;
    if (!record.split) this.paid.interest += amount - repaid;
    for (const name of PARTS.slice(1)) this.part(name, record.split?.[name] ? minorUnits(record.split[name].amount) : 0n);
  }
}
