// SPDX-License-Identifier: Apache-2.0
/**
 * The types of record in Chinese; in English their own names are words.
 * @module
 */
const CHINESE = {
  administration: '公证方管理操作',
  agreement: '贷款合同',
  amendment: '变更协议',
  application: '贷款申请',
  assignment: '债权转让',
  classification: '风险分类',
  collateral: '抵质押',
  consent_revoked: '撤回授权',
  court_order: '法院裁定',
  credit_decision: '授信决定',
  data_consent: '信息授权',
  disbursement: '放款',
  dispute: '异议',
  dispute_resolution: '异议处理',
  facility: '授信额度',
  guarantee: '保证',
  limit_change: '额度调整',
  offer: '要约',
  overdue_notice: '逾期通知',
  participation: '参与',
  payment_claim: '借款人主张已付',
  rate_set: '利率确定',
  recovery: '核销后收回',
  release: '解除担保',
  reminder: '还款提醒',
  repayment: '还款',
  restructuring: '重组',
  reversal: '冲正',
  schedule: '还款计划',
  settlement: '结清',
  write_off: '核销',
};

/** Return what readers of a language call a type of record. */
export function recordName(type, tag) {
  return tag.startsWith('zh') ? CHINESE[type] : type.replaceAll('_', ' ');
}
