// The models a run can be asked for. sBG is never tried by `auto`: whether customers are under
// contract is known to the firm, not to its ledger.
export const MODELS = ["auto", "bg_nbd", "mbg_nbd", "pareto_nbd", "sbg"] as const;

/** How often contracts may be renewed, in months. */
export const RENEWALS = [1, 3, 6, 12] as const;
