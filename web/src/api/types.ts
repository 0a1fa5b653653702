// The shapes the server speaks, from the generated schema. Where the document leaves a part open (the
// report of a run, settings, numbers by name) its shape is written down here.
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];
/** The server writes every field: what is not there is null, never missing. */
export type Whole<T> = { [K in keyof T]-?: Exclude<T[K], undefined> };
export type With<T, Narrower> = Omit<Whole<T>, keyof Narrower> & Narrower;

export type ApiPath = keyof paths;
/** A path whose places are filled in. */
export type FilledPath = string & { readonly filled: true };
export type Page<T> = { items: T[]; next_cursor: string | null };
export type Money = Schemas["Money"];

export type Problem = Pick<Schemas["ProblemBody"], "title" | "status" | "code"> & {
  detail?: string;
  fields?: { field: string; message: string }[];
  request_id?: string | null;
};

export const PERMISSIONS = [
  "customers.read",
  "customers.write",
  "customers.merge",
  "customers.settings",
  "customers.personal",
  "customers.reveal",
  "customers.export_person",
  "customers.erase",
  "imports.write",
  "value.read",
  "value.run",
  "value.settings",
  "jobs.read",
  "jobs.cancel",
  "audit.read",
  "webhooks.manage",
  "access.read",
  "users.manage",
  "panels.manage",
  "tiers.read",
  "tiers.write",
  "tiers.publish",
  "tiers.grant",
  "tiers.benefits",
  "tiers.redeem",
  "tiers.member_link",
] as const;
export type Permission = (typeof PERMISSIONS)[number];
export type Session = Whole<Schemas["Session"]>;

export type JobState = Schemas["JobState"];
export type Job = With<Schemas["Job"], { result: unknown }>;
export type Setup = With<Schemas["Setup"], { running_job: Job | null }>;

export type ImportKind = "customers" | "transactions";
export type ImportState = Schemas["ImportState"];
export type ImportReject = Whole<Schemas["Reject"]>;
export type ImportReport = With<
  Schemas["ImportReport"],
  { amount: Money | null; rejects: ImportReject[] }
>;
export type Import = With<
  Schemas["Import"],
  {
    kind: ImportKind;
    format: "csv" | "parquet";
    report: ImportReport | null;
    options: ImportPlan | null;
  }
>;
export type ImportPlan = {
  mapping: Record<string, string>;
  source: string;
  currency?: string | null;
  zone?: string | null;
  reject_limit_percent?: number | null;
};

export type CustomerRow = Whole<Schemas["CustomerRow"]>;
export type FoundCustomer = Whole<Schemas["FoundCustomer"]>;
export type CustomerLink = Schemas["CustomerLink"];
export type Subscription = Whole<Schemas["Subscription"]>;
export type Contact = Whole<Schemas["Contact"]>;
export type Customer = CustomerRow &
  With<
    Pick<
      Schemas["CustomerDetail"],
      | "phone"
      | "email"
      | "organisation"
      | "referred_by"
      | "branch"
      | "owner"
      | "members"
      | "generated"
      | "erased_at"
      | "version"
    >,
    { subscriptions: Subscription[]; contacts: Contact[] }
  >;
export type Transaction = Whole<Schemas["TransactionBody"]>;
export type Facets = Schemas["Facets"];

export type ValueClass = "E-I" | "E-II" | "E-III" | "E-IV" | "new" | "none";
export type LoyaltyClass = "loyal" | "general" | "drifting";
export type BucketSegment = "new" | "grown" | "kept" | "shrunk" | "dormant" | "lost" | "won_back";

type Classed = {
  class: ValueClass;
  loyalty: LoyaltyClass | "none";
  bucket: BucketSegment | "none";
};
export type Figures = With<Schemas["Figures"], Classed>;
export type ProfileRow = Figures & { customer: Whole<Schemas["CustomerOfRow"]> };
export type RunOfFigures = Whole<Schemas["RunOfFigures"]>;
export type ProfilePage = Page<ProfileRow> & { run: RunOfFigures };
export type Count = Schemas["CountBody"];

export type Input = number | string | null | { [name: string]: Input };
export type Figure = With<Schemas["ExplainedFigure"], { inputs: Record<string, Input> }>;
export type Reason = {
  about: "class" | "risk";
  code: string;
  params: Record<string, number | string | null>;
};
export type CustomerValue = With<
  Schemas["CustomerValue"],
  {
    run: RunOfFigures;
    profile: Figures;
    figures: Figure[];
    reasons: Reason[];
    comparison: With<Schemas["Before"], { class_before: ValueClass }> | null;
  }
>;

export type RunState = "queued" | "running" | "published" | "failed" | "cancelled";
export type Run = With<Schemas["Run"], { state: RunState }>;
export type StartedRun = { run: Run; job: Job };

/** `model` where it is about one model, by its name in the report. */
export type RunWarning = { code: string; message: string; model?: string | null };
/** The renewals of those whose contract began in the same calendar year. */
export type ContractCohort = {
  cohort: number;
  customers: number;
  /** Null where everybody's parameters are used. */
  alpha: number | null;
  beta: number | null;
  log_likelihood: number;
  converged: boolean;
  /** Customers whose decision about renewal 1, 2, 3 … is known, and those of them who renewed. */
  decided: number[];
  renewed: number[];
  /** Shares still there after 0, 1, 2 … renewals, in fact and by the model. */
  survival: number[];
  predicted_survival: number[];
};
export type FittedModel = {
  params: Record<string, number>;
  standard_errors: Record<string, number | null> | null;
  log_likelihood: number;
  iterations: number;
  converged: boolean;
  holdout_log_likelihood: number | null;
  warnings: RunWarning[];
  customers: number;
  correlation?: number;
  cohorts?: ContractCohort[];
};
export type LeakyBucket = {
  p0: { from: string; to: string };
  p1: { from: string; to: string };
  opening_minor: number;
  closing_minor: number;
  segments: {
    segment: BucketSegment;
    customers: number;
    p0_minor: number;
    p1_minor: number;
    change_minor: number;
  }[];
  reconciles: boolean;
  replacement_cost: {
    lost_customers: number;
    acquisition_cost_minor: number;
    clv_gone_minor: number;
    total_minor: number;
  };
  payback_months: number | null;
};
export type Validation = {
  model: string;
  holdout_weeks: number;
  calibration_end: string;
  customers: number;
  actual_purchases: number;
  predicted_purchases: number;
  total_bias: number | null;
  weekly: { week: number; actual: number; predicted: number }[];
  weekly_bias: number | null;
  mae: number;
  by_x: { x: number; customers: number; actual: number; predicted: number }[];
  deciles: { decile: number; customers: number; actual: number; predicted: number }[];
  auc_alive: number | null;
  verdict: { code: "good" | "fair" | "poor"; reasons: { code: string; value: number }[] };
};
export type Report = {
  version: number;
  as_of: string;
  currency: string;
  zone: string;
  period_months: number | null;
  settings: ValueSettings;
  customers: number;
  transactions: number;
  rejected: number;
  after_as_of: number;
  repeated: number;
  reversed: number;
  first_day: string;
  last_day: string;
  revenue_minor: number;
  contribution_basis: "margin" | "revenue";
  model: { requested: string; chosen: string | null; reason: string };
  models: Record<string, FittedModel>;
  classes: {
    class: ValueClass;
    customers: number;
    contribution_minor: number;
    value_minor: number;
    value_at_risk_minor: number;
    share_of_customers: number;
    share_of_contribution: number;
  }[];
  class_thresholds: { contribution_minor: number | null; stability: number | null };
  loyalty: { class: LoyaltyClass; customers: number; value_minor: number }[];
  leaky_bucket: LeakyBucket | null;
  concentration: {
    curve: { customers_share: number; contribution_share: number }[];
    top_1: number;
    top_5: number;
    top_10: number;
    top_20: number;
    gini: number;
  } | null;
  cohorts: { month: string; customers: number; active: number[]; revenue_minor: number[] }[];
  totals: {
    value_minor: number;
    clv_12m_minor: number;
    clv_36m_minor: number;
    referral_minor: number;
    value_at_risk_minor: number;
    next_period_minor: number | null;
    expected_purchases_90d: number;
  };
  value_at_risk: { total_minor: number; customers_at_risk: number };
  validation: Validation | null;
  warnings: RunWarning[];
};

/** A class, or none where the customer is not of that run. */
export type ClassOfRun = ValueClass | "";
export type Mover = With<
  Schemas["MoverBody"],
  { customer: Whole<Schemas["CustomerOfRow"]>; class_from: ClassOfRun; class_to: ClassOfRun }
>;
export type Comparison = With<
  Schemas["ComparisonBody"],
  {
    from: Run;
    to: Run;
    classes: With<Schemas["ClassMoveBody"], { from_class: ClassOfRun; to_class: ClassOfRun }>[];
    movers: { up: Mover[]; down: Mover[] };
  }
>;

export type CareStrategies = Partial<Record<"E-I" | "E-II" | "E-III" | "E-IV", string | null>>;
export type ValueSettings = {
  currency: string;
  zone: string;
  model: string;
  contribution_rule: { kind: "share" | "percentile" | "absolute"; value: number };
  stability_rule: { kind: "median" } | { kind: "absolute"; value: number };
  stability_weights: { month: number; quarter: number; ticket: number };
  yearly_discount_rate: number;
  acquisition_cost_minor: number;
  referral_share: number;
  renewal_months: number;
  care_strategies: CareStrategies;
  period_months: number | null;
  holdout_weeks: number | null;
  max_rejected_share: number;
  min_cost_share: number;
};
export type VersionedSettings = ValueSettings & { version: number };
