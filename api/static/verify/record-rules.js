// SPDX-License-Identifier: Apache-2.0
/**
 * What holds between the members of a record, type by type, and no schema can say; and whose keys a record names.
 * @module
 */
import { refuse } from './errors.js';
import { EXPONENTS, minorUnits } from './money.js';

const USCC_ALPHABET = '0123456789ABCDEFGHJKLMNPQRTUWXY';
// The loan number under which an organisation's administration stands.
const ADMINISTRATION = 'urn:loan-notary:administration';
const TERMS = [
  'principal',
  'rate',
  'day_count',
  'compounding',
  'repayment_method',
  'first_due',
  'maturity',
  'fees',
  'apr',
  'frequency',
  'instalment_count',
  'penalty_rate',
  'rounding',
  'clauses',
];

/** Rules by record type; each takes the record's members and throws a `BrokenError`. */
export const RULES = {
  administration({ loan }) {
    if (loan !== ADMINISTRATION) refuse(`/loan: must be ${ADMINISTRATION}`);
  },
  agreement(record) {
    for (const role of ['lender', 'borrower']) {
      if (!record.parties.some((party) => party.role === role)) refuse(`/parties: names no ${role}`);
    }
    record.parties.forEach(checkSomebody);
    record.fees.forEach(checkFee);
    checkShares(record.parties);
  },
  amendment(record) {
    if (!TERMS.some((name) => name in record)) refuse('/: changes nothing: it names no term and no clauses');
    record.fees?.forEach(checkFee);
  },
  assignment({ assignor, assignee, share }) {
    checkTransfer(assignor, assignee, share);
  },
  collateral(record) {
    if ('registry' in record !== 'registry_no' in record) refuse('/registry_no: and /registry come together');
  },
  credit_decision(record) {
    if (record.outcome === 'approved') {
      if ('amount' in record === 'limit' in record) refuse('/: an approval needs exactly one of amount and limit');
      if (!('valid_until' in record)) refuse('/valid_until: is required for an approval');
    }
    if (record.outcome === 'denied' && !record.reasons.length) refuse('/reasons: must give at least one for a denial');
  },
  facility(record) {
    if (record.available_to < record.available_from) refuse('/available_to: is before /available_from');
  },
  guarantee({ guarantor }) {
    checkSomebody(guarantor);
  },
  limit_change(record) {
    checkCurrency(record.new_limit, record.old_limit);
  },
  participation({ grantor, participant, share }) {
    checkTransfer(grantor, participant, share);
  },
  rate_set(record) {
    if (record.period_end <= record.period_start) refuse('/period_end: is not after /period_start');
    for (const { unit } of [record.fixing, record.spread]) {
      if (unit !== record.all_in.unit) refuse('/all_in: all rates are for one unit of time');
    }
  },
  repayment: ({ split, amount }) => checkSplit(split, amount),
  restructuring: ({ capitalised, waived }) => checkCurrency(capitalised, waived),
  reversal: ({ split, amount }) => checkSplit(split, amount),
  schedule(record) {
    if (!Object.hasOwn(EXPONENTS, record.currency))
      refuse('/currency: is not the code of an active currency (ISO 4217)');
    record.rows.forEach((row) => checkRow(row, EXPONENTS[record.currency]));
  },
  settlement({ amount, outstanding, split, waived }) {
    if (split) checkSplit(split, amount);
    checkCurrency(amount, outstanding, waived);
  },
  write_off: ({ amount, interest }) => checkCurrency(amount, interest),
};

/** The keys (thumbprints) that a record itself names for a role's signatures, by type; none if any key will do. */
export const KEYS_OF = {
  agreement({ parties }, role) {
    const keys = parties.filter((party) => party.role === role).map((party) => party.key);
    return keys.every(Boolean) ? keys : [];
  },
  assignment: ({ assignor, assignee }, role) => keyOf({ lender: assignor, assignee }[role]),
  guarantee: ({ guarantor }, role) => keyOf({ guarantor }[role]),
  participation: ({ grantor, participant }, role) => keyOf({ lender: grantor, participant }[role]),
};

/** Refuse a place in the loan that no record can have. */
export function checkSequence({ sequence, previous }) {
  if (sequence > 0 && previous === undefined) refuse('/previous: is required where sequence is above 0');
  if (sequence === 0 && previous !== undefined) refuse('/previous: no record comes before the first');
}

function keyOf(party) {
  return party?.key ? [party.key] : [];
}

function checkSomebody(party) {
  if ('name' in party === 'subject_ref' in party)
    refuse('needs exactly one of name (a firm) and subject_ref (a person)');
  if ('lei' in party && !isLei(party.lei)) refuse('/lei: has wrong check digits (ISO 17442)');
  if ('uscc' in party && !isUscc(party.uscc)) refuse('/uscc: has a wrong check character (GB 32100)');
}

function checkFee(fee) {
  if ('amount' in fee === 'rate' in fee) refuse('/fees: each needs exactly one of amount and rate');
}

function checkShares(parties) {
  for (const { role, share } of parties) {
    if (share) checkShare(share);
    if (share && role !== 'lender') refuse('/share: is for lenders only');
  }
  const lenders = parties.filter((party) => party.role === 'lender');
  const shares = lenders.filter((party) => party.share).map((party) => party.share);
  if (shares.length && (shares.length !== lenders.length || !isWhole(shares)))
    refuse('/parties: the shares must sum to 1');
}

function checkShare({ numerator, denominator }) {
  if (numerator > denominator) refuse('/share: is more than the whole loan');
  if (gcd(numerator, denominator) !== 1) refuse('/share: must be in lowest terms');
}

function isWhole(shares) {
  const product = shares.reduce((value, share) => value * BigInt(share.denominator), 1n);
  const sum = shares.reduce(
    (value, share) => value + (product / BigInt(share.denominator)) * BigInt(share.numerator),
    0n,
  );
  return sum === product;
}

function checkTransfer(giver, taker, share) {
  checkSomebody(giver);
  checkSomebody(taker);
  if (isSame(giver, taker)) refuse('the taker is the party that gives');
  checkShare(share);
}

/** Tell whether two parties are the same: by a register number that both have, else by name. */
export function isSame(one, other) {
  if (one.lei && other.lei) return one.lei === other.lei;
  if (one.uscc && other.uscc) return one.uscc === other.uscc;
  return (one.name ?? one.subject_ref) === (other.name ?? other.subject_ref);
}

function checkSplit(split, amount) {
  const parts = Object.values(split);
  checkCurrency(amount, ...parts);
  const total = parts.reduce((sum, part) => sum + minorUnits(part.amount), 0n);
  if (total !== minorUnits(amount.amount)) refuse('/split: does not sum to /amount');
}

function checkCurrency(first, ...others) {
  if (others.some((money) => money && money.currency !== first.currency))
    refuse(`all sums must be in ${first.currency}`);
}

function checkRow(row, exponent) {
  for (const name of ['principal', 'interest', 'balance', 'fee']) {
    if (name in row && decimals(row[name]) !== exponent) refuse(`/rows: sums must have exactly ${exponent} decimals`);
  }
}

function decimals(amount) {
  const point = amount.indexOf('.');
  return point < 0 ? 0 : amount.length - point - 1;
}

function gcd(a, b) {
  return b ? gcd(b, a % b) : a;
}

// ISO 7064 MOD 97-10, letters as 10 to 35.
function isLei(code) {
  return BigInt(code.replace(/[A-Z]/g, (letter) => parseInt(letter, 36))) % 97n === 1n;
}

// GB 32100-2015: weights 3^i mod 31.
function isUscc(code) {
  let [sum, weight] = [0, 1];
  for (const character of code.slice(0, 17)) {
    sum += USCC_ALPHABET.indexOf(character) * weight;
    weight = (weight * 3) % 31;
  }
  return (sum + USCC_ALPHABET.indexOf(code[17])) % 31 === 0;
}
