// What roles are called: those that are built in by our words, the firm's by its own.
import type { TFunction } from "i18next";
import type { RoleRecord } from "../api/access";

export const BUILT_IN = ["administrator", "analyst", "viewer"];

export function roleName(role: Pick<RoleRecord, "role" | "name">, t: TFunction): string {
  return role.name ?? t(`terms.role.${role.role}`, { defaultValue: role.role });
}
