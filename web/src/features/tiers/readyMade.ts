// A programme to begin with: silver, gold and diamond by what a year brings. Its numbers are to be looked at in the
// simulation before anybody feels them.
import type { Level, TierDocument } from "../../api/tiers";
import { minorDigits } from "../../i18n/format";

/** What a year brings at least, in yuan or what is worth as much. */
const SPEND = { silver: 3_000, gold: 12_000, diamond: 60_000 };
/** How many units of a currency go for a yuan, in round numbers. */
const PER_YUAN: Record<string, number> = {
  USD: 0.1,
  EUR: 0.1,
  GBP: 0.1,
  JPY: 20,
  KRW: 200,
  TWD: 5,
};
/** Less keeps a level than earns it. */
const KEEPS = 0.8;

export const NOTICE_DAYS = 30;

export function readyMade(currency: string, effectiveOn: string): TierDocument {
  const minor = (yuan: number) =>
    Math.round(yuan * (PER_YUAN[currency] ?? 1)) * 10 ** minorDigits(currency);
  const level = (
    code: keyof typeof SPEND,
    zh: string,
    en: string,
    colour: string,
    topPerMille: number | null,
  ): Level => {
    const rule = (share: number) => ({
      any: [
        { measure: "spend" as const, at_least: minor(SPEND[code] * share) },
        ...(topPerMille === null
          ? []
          : [
              {
                measure: "percentile" as const,
                figure: "clv_36m",
                top_per_mille: Math.round(topPerMille / share),
              },
            ]),
      ],
    });
    return { code, zh, en, colour, qualify: rule(1), keep: rule(KEEPS) };
  };
  return {
    schema: 1,
    levels: [
      level("silver", "银卡", "Silver", "#a6a9ad", null),
      level("gold", "金卡", "Gold", "#d4af37", 50),
      level("diamond", "钻石卡", "Diamond", "#6ec6e6", 5),
    ],
    period: { kind: "rolling_months", months: 12 },
    downgrade: { kind: "grace", days: 60 },
    landing: "one_level",
    notice_days: NOTICE_DAYS,
    effective_on: effectiveOn,
  };
}
