// One colour per class, the same on every screen. Okabe and Ito's palette stays apart for
// colour-blind eyes; text is never written in these colours, they mark it.
import type { BucketSegment, LoyaltyClass, ValueClass } from "../api/types";

export const CLASS_COLOUR: Record<ValueClass, string> = {
  "E-I": "#0072b2",
  "E-II": "#e69f00",
  "E-III": "#009e73",
  "E-IV": "#8c8c8c",
  new: "#56b4e9",
  none: "#bfbfbf",
};

export const LOYALTY_COLOUR: Record<LoyaltyClass, string> = {
  loyal: "#009e73",
  general: "#56b4e9",
  drifting: "#d55e00",
};

export const BUCKET_COLOUR: Record<BucketSegment, string> = {
  new: "#56b4e9",
  won_back: "#0072b2",
  grown: "#009e73",
  kept: "#8c8c8c",
  shrunk: "#e69f00",
  dormant: "#cc79a7",
  lost: "#d55e00",
};

/** What a customer allows, and what not. */
export const ALLOWED = "#009e73";
export const REFUSED = "#d55e00";

export const SERIES_COLOUR = { actual: "#0072b2", predicted: "#d55e00", total: "#737373" };

export const CLASSES: ValueClass[] = ["E-I", "E-II", "E-III", "E-IV", "new", "none"];
export const LOYALTIES: LoyaltyClass[] = ["loyal", "general", "drifting"];
export const BUCKETS: BucketSegment[] = [
  "new",
  "won_back",
  "grown",
  "kept",
  "shrunk",
  "dormant",
  "lost",
];
