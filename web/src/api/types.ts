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

export type Permission =
  | "customers.read"
  | "customers.write"
  | "imports.write"
  | "value.read"
  | "value.run"
  | "value.settings"
  | "jobs.read"
  | "jobs.cancel"
  | "users.manage";

export type Session = {
  user: { id: string; login: string; name: string; role: string };
  permissions: string[];
  must_change_password: boolean;
  expires_at: string;
};

export type Page<T> = { items: T[]; next_cursor: string | null };

export type JobState = "queued" | "running" | "succeeded" | "failed" | "cancelled";
export type JobKind = "import_dry_run" | "import" | "value_run" | "example_firm";
export type Job = {
  id: string;
  kind: JobKind;
  state: JobState;
  stage: string | null;
  done: number;
  total: number | null;
  message: string | null;
  error: { code: string; detail: string | null } | null;
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
  role: string | null;
  influence: string | null;
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
  id: string;
  at: string;
  amount: Money;
  cost: Money | null;
  kind: string;
  product: string | null;
  channel: string | null;
  external_id: string | null;
  source: string;
  reverses: string | null;
};
export type Facets = { brands: string[]; regions: string[]; segments: string[] };

export type ValueClass = "E-I" | "E-II" | "E-III" | "E-IV" | "new" | "none";
export type LoyaltyClass = "loyal" | "general" | "drifting";
export type BucketSegment = "new" | "grown" | "kept" | "shrunk" | "dormant" | "lost" | "won_back";

export type ProfileRow = {
  customer: Pick<CustomerRow, "id" | "external_id" | "name" | "kind" | "brand" | "region">;
  class: ValueClass;
  loyalty: LoyaltyClass | null;
  bucket: BucketSegment | null;
  value: Money;
  clv_12m: Money;
  clv_36m: Money;
  value_at_risk: Money;
  contribution: Money;
  stability: number | null;
  p_alive: number | null;
  expected_purchases_90d: number | null;
  last_purchase: string | null;
  x: number;
  rfm: { r: number; f: number; m: number };
};
export type ProfilePage = Page<ProfileRow> & {
  run: { id: string; as_of: string; currency: string };
  count: { rows: number; exact: boolean };
};

export type Figure = {
  name: string;
  value: number | null;
  unit: string;
  low: number | null;
  high: number | null;
  inputs: Record<string, number | string | null>;
  model: string | null;
};
export type Reason = { code: string; params: Record<string, number | string | null> };
export type CustomerValue = {
  run: { id: string; as_of: string; model: string | null; currency: string };
  profile: ProfileRow;
  series: { months: { month: string; amount: Money }[] };
  figures: Figure[];
  reasons: Reason[];
  comparison: { class_before: ValueClass; value_before: Money } | null;
};

export type RunState = "queued" | "running" | "published" | "failed" | "cancelled";
export type Run = {
  id: string;
  state: RunState;
  as_of: string;
  model_requested: string;
  model_chosen: string | null;
  watermark: string | number | null;
  customers: number | null;
  transactions: number | null;
  started_at: string | null;
  finished_at: string | null;
  seconds: number | null;
  engine_version: string;
  settings_version: string | number;
  total_value: Money | null;
  value_at_risk: Money | null;
};

export type RunWarning = { code: string; message: string; [param: string]: unknown };
export type FittedModel = {
  params: Record<string, number>;
  standard_errors: Record<string, number | null> | null;
  log_likelihood: number | null;
  iterations: number | null;
  converged: boolean;
  holdout_log_likelihood?: number | null;
  warnings?: RunWarning[];
  customers?: number;
  correlation?: number | null;
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
  holdout_weeks: number;
  calibration_end: string;
  customers: number;
  actual_purchases: number;
  predicted_purchases: number;
  total_bias: number;
  weekly: { week: number; actual: number; predicted: number }[];
  weekly_bias: number;
  mae: number;
  by_x: { x: number; customers: number; actual: number; predicted: number }[];
  deciles: { decile: number; customers: number; actual: number; predicted: number }[];
  auc_alive: number | null;
  verdict: { code: "good" | "fair" | "poor"; reasons: (string | { code: string })[] };
};
export type Report = {
  version: string;
  as_of: string;
  currency: string;
  zone: string;
  period_months: number;
  customers: number;
  transactions: number;
  rejected: number;
  first_day: string | null;
  last_day: string | null;
  revenue_minor: number;
  contribution_basis: "margin" | "revenue";
  model: { requested: string; chosen: string; reason: string };
  models: Record<string, FittedModel | null>;
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
    expected_purchases_90d: number;
  };
  validation: Validation | null;
  validation_absent_reason?: string | null;
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

export type CareStrategy = { zh: string; en: string };
export type ValueSettings = {
  version: number;
  contribution_rule: { kind: "share" | "percentile" | "absolute"; value: number };
  stability_rule: { kind: "median" | "absolute"; value: number | null };
  stability_weights: { month: number; quarter: number; ticket: number };
  yearly_discount_rate: number;
  acquisition_cost: Money;
  referral_share: number;
  period_months: number | null;
  holdout_weeks: number | null;
  model: string;
  care_strategies: Record<string, CareStrategy>;
};
