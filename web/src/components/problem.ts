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
 * Shows the server's messages at their fields and leaves what was typed. Returns false when a
 * message belongs to no field of this form, so that it must be shown above it.
 */
export function showAtFields(
  form: FormInstance,
  error: unknown,
  names: readonly string[],
): boolean {
  const fields = error instanceof ApiError ? (error.problem.fields ?? []) : [];
  const known = fields.filter((field) => names.includes(field.field));
  if (known.length === 0) return false;
  form.setFields(
    known.map((field) => ({
      name: field.field.includes(".") ? field.field.split(".") : field.field,
      errors: [field.message],
    })),
  );
  return known.length === fields.length;
}
