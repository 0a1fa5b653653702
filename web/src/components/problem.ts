// The one place that turns what the server said no with into words for people.
import type { FormInstance } from "antd";
import type { TFunction } from "i18next";
import { ApiError, ServerGone } from "../api/client";
import type { Problem } from "../api/types";

/** A code the console has words for is translated; another keeps the server's own words. */
export function problemText(problem: Problem, t: TFunction): string {
  const known = t(`problem.code.${problem.code}`, { defaultValue: "" });
  if (known) return known;
  if (problem.detail) return problem.detail;
  const byStatus = t(`problem.status.${problem.status}`, { defaultValue: "" });
  return byStatus || problem.title || t("problem.unknown", { code: problem.code });
}

export function errorText(error: unknown, t: TFunction): string {
  if (error instanceof ApiError) return problemText(error.problem, t);
  if (error instanceof ServerGone) return t("problem.server_gone");
  return t("problem.unexpected");
}

/** What to show beside the sentence: the server's detail where the sentence is our own. */
export function errorDetail(error: unknown, t: TFunction): string | undefined {
  if (!(error instanceof ApiError)) return undefined;
  const { detail, request_id } = error.problem;
  const parts = [];
  if (detail && detail !== problemText(error.problem, t)) parts.push(detail);
  if (request_id && error.problem.status >= 500) {
    parts.push(t("problem.request_id", { id: request_id }));
  }
  return parts.length ? parts.join(" · ") : undefined;
}

/**
 * Shows what the server said at its fields and leaves what was typed. A problem with one field is said
 * in the reader's language; where there are several, each has the server's own message. Returns false
 * when something belongs to no field of this form.
 */
export function showAtFields(
  form: Pick<FormInstance, "setFields">,
  error: unknown,
  names: readonly string[],
  t: TFunction,
  /** Where the form has another place for it than the server's name. */
  places: Readonly<Record<string, string>> = {},
): boolean {
  if (!(error instanceof ApiError)) return false;
  const fields = (error.problem.fields ?? []).map((field) => ({
    ...field,
    field: places[field.field] ?? field.field,
  }));
  const known = fields.filter((field) => names.includes(field.field));
  form.setFields(
    known.map((field) => ({
      name: field.field.includes(".") ? field.field.split(".") : field.field,
      errors: [fields.length === 1 ? problemText(error.problem, t) : field.message],
    })),
  );
  return known.length > 0 && known.length === fields.length;
}
