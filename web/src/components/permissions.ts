// Permissions in words, grouped by what they are about.
import type { TFunction } from "i18next";
import type { Permission } from "../api/types";

export function permissionText(permission: Permission, t: TFunction): string {
  const name = permission.replaceAll(".", "_");
  // A newer server may know permissions that this console does not.
  return t(`access.permission.${name}`, { defaultValue: permission });
}

/** Users and who sees them are one matter, under one heading. */
const groupOf = (permission: string) => {
  const area = permission.split(".")[0] ?? "";
  return area === "users" ? "access" : area;
};

export function grouped(permissions: readonly Permission[]): [string, Permission[]][] {
  const groups = new Map<string, Permission[]>();
  for (const permission of permissions) {
    const group = groupOf(permission);
    groups.set(group, [...(groups.get(group) ?? []), permission]);
  }
  return [...groups];
}
