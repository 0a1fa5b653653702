// What lists of customers are filtered by: figures of their value, and words about them.

export const MONEY_FIGURES = [
  "value",
  "clv_12m",
  "clv_36m",
  "value_at_risk",
  "contribution",
  "revenue",
  "monetary",
  "expected_ticket",
  "referral_value",
] as const;
export const OTHER_FIGURES = [
  "p_alive",
  "stability",
  "expected_purchases_30d",
  "expected_purchases_90d",
  "expected_purchases_365d",
  "x",
] as const;
/** Bounded by days, which stand in the address as they are sent: 2026-01-31. */
export const DAY_FIGURES = ["first_purchase", "last_purchase"] as const;
export const FIGURES: readonly string[] = [...MONEY_FIGURES, ...OTHER_FIGURES, ...DAY_FIGURES];

export const isMoneyFigure = (figure: string) =>
  (MONEY_FIGURES as readonly string[]).includes(figure);
export const isDayFigure = (figure: string) => (DAY_FIGURES as readonly string[]).includes(figure);

export const LIST_FILTERS = ["class", "loyalty", "bucket", "kind", "brand", "region"] as const;
export type ListFilter = (typeof LIST_FILTERS)[number];
