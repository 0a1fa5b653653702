// The shapes the server speaks. Everything else in the console takes its API types from here.

export type Money = { minor: number; currency: string };

export type FieldProblem = { field: string; message: string };
export type Problem = {
  type?: string;
  title: string;
  status: number;
  code: string;
  detail?: string | null;
  fields?: FieldProblem[];
  request_id?: string | null;
};

export const PERMISSIONS = [
  "customers.read",
  "customers.write",
  "imports.write",
  "value.read",
  "value.run",
  "value.settings",
  "jobs.read",
  "jobs.cancel",
  "users.manage",
] as const;
export type Permission = (typeof PERMISSIONS)[number];

export type Session = {
  user: { id: string; login: string; name: string; role: string };
  permissions: string[];
  must_change_password: boolean;
  expires_at: string;
};

export type Page<T> = { items: T[]; next_cursor: string | null };

export type JobState = "queued" | "running" | "succeeded" | "failed" | "cancelled";
export type Job = {
  id: string;
  kind: string;
  state: JobState;
  stage: string;
  done: number;
  total: number | null;
  message: string | null;
  error: { code: string; detail: string } | null;
  result: unknown;
  subject: { kind: string; id: string } | null;
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
};

export type Setup = {
  customers: number;
  transactions: number;
  has_run: boolean;
  generated: boolean;
  running_job: Job | null;
  firm_name: string;
  currency: string;
  zone: string;
};

export type ImportKind = "customers" | "transactions";
export type ImportState =
  | "uploaded"
  | "checked"
  | "importing"
  | "imported"
  | "failed"
  | "cancelled";
export type ImportReject = {
  line: number;
  column: string | null;
  code: string;
  message: string;
  value: string | null;
};
export type ImportReport = {
  dry_run: boolean;
  rows: number;
  created: number;
  updated: number;
  unchanged: number;
  rejected: number;
  new_customers: number;
  amount: Money | null;
  first_at: string | null;
  last_at: string | null;
  rejects: ImportReject[];
  warnings: { code: string; message: string }[];
};
export type Import = {
  id: string;
  kind: ImportKind;
  file_name: string;
  bytes: number;
  format: "csv" | "parquet";
  encoding: string;
  columns: { name: string; samples: string[] }[];
  suggested_mapping: Record<string, string>;
  fields: { name: string; required: boolean }[];
  state: ImportState;
  job_id: string | null;
  report: ImportReport | null;
  created_at: string;
};
export type ImportPlan = {
  mapping: Record<string, string>;
  source: string;
  currency?: string;
  zone?: string;
  reject_limit_percent?: number;
};

export type CustomerRow = {
  id: string;
  external_id: string;
  name: string | null;
  kind: "person" | "organisation";
  brand: string | null;
  region: string | null;
  segment: string | null;
  since: string | null;
};
export type CustomerLink = { id: string; name: string | null };
export type Subscription = {
  id: string;
  product: string;
  plan: string | null;
  number: string | null;
  started_on: string;
  ended_on: string | null;
  status: string;
};
export type Contact = {
  name: string;
  role: string;
  influence: number;
  customer_id: string | null;
};
export type Customer = CustomerRow & {
  phone: string | null;
  email: string | null;
  organisation: CustomerLink | null;
  referred_by: CustomerLink | null;
  members: CustomerLink[];
  subscriptions: Subscription[];
  contacts: Contact[];
  generated: boolean;
};
export type Transaction = {
  id: number;
  at: string;
  amount: Money;
  cost: Money | null;
  kind: string;
  product: string | null;
  channel: string | null;
  external_id: string;
  source: string;
  reverses: string | null;
};
export type Facets = { brands: string[]; regions: string[]; segments: string[] };

export type ValueClass = "E-I" | "E-II" | "E-III" | "E-IV" | "new" | "none";
export type LoyaltyClass = "loyal" | "general" | "drifting";
export type BucketSegment = "new" | "grown" | "kept" | "shrunk" | "dormant" | "lost" | "won_back";

export type Figures = {
  class: ValueClass;
  loyalty: LoyaltyClass | "none";
  bucket: BucketSegment | "none";
  value: Money;
  clv_12m: Money;
  clv_36m: Money;
  referral_value: Money;
  value_at_risk: Money;
  contribution: Money;
  revenue: Money;
  monetary: Money;
  expected_ticket: Money;
  stability: number | null;
  p_alive: number;
  expected_purchases_30d: number;
  expected_purchases_90d: number;
  expected_purchases_365d: number;
  x: number;
  first_purchase: string;
  last_purchase: string;
  rfm: { r: number; f: number; m: number };
};
export type ProfileRow = Figures & {
  customer: Pick<CustomerRow, "id" | "external_id" | "name" | "kind" | "brand" | "region">;
};
export type RunOfFigures = { id: string; as_of: string; model: string | null; currency: string };
export type ProfilePage = Page<ProfileRow> & { run: RunOfFigures };
export type Count = { rows: number; exact: boolean };

export type Input = number | string | null | { [name: string]: Input };
export type Figure = {
  name: string;
  value: number | null;
  unit: string;
  low: number | null;
  high: number | null;
  inputs: Record<string, Input>;
  model: string | null;
  error: number | null;
};
export type Reason = {
  about: "class" | "risk";
  code: string;
  params: Record<string, number | string | null>;
};
export type CustomerValue = {
  run: RunOfFigures;
  profile: Figures;
  months: { month: string; amount: Money }[];
  figures: Figure[];
  reasons: Reason[];
  previous: { run: string; class: ValueClass; value: Money } | null;
};

export type RunState = "queued" | "running" | "published" | "failed" | "cancelled";
export type Run = {
  id: string;
  state: RunState;
  as_of: string;
  model_requested: string;
  model_chosen: string | null;
  holdout_weeks: number | null;
  watermark: number | null;
  customers: number | null;
  transactions: number | null;
  total_value: Money | null;
  value_at_risk: Money | null;
  currency: string;
  zone: string;
  settings_version: number;
  engine_version: string;
  error: { code: string; detail: string } | null;
  started_at: string;
  finished_at: string | null;
  seconds: number | null;
};

export type RunWarning = { code: string; message: string };
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

export type Mover = {
  customer: CustomerLink & { external_id?: string };
  class_from: ValueClass | null;
  class_to: ValueClass | null;
  value_from: Money;
  value_to: Money;
};
export type Comparison = {
  from: Run;
  to: Run;
  classes: {
    from_class: ValueClass;
    to_class: ValueClass;
    customers: number;
    value_from: Money;
    value_to: Money;
  }[];
  totals: { value_from: Money; value_to: Money; risk_from?: Money; risk_to?: Money };
  movers: { up: Mover[]; down: Mover[] };
  entered: number;
  left: number;
};

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
  period_months: number | null;
  holdout_weeks: number | null;
  max_rejected_share: number;
  min_cost_share: number;
};
export type VersionedSettings = { version: number; settings: ValueSettings };
