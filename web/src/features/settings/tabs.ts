// The parts of the settings, and the permission each of them takes.
import { useMemo } from "react";
import { useSession, useWholeFirm } from "../../api/queries";
import type { Permission } from "../../api/types";

export type SettingsTabName =
  | "users"
  | "roles"
  | "places"
  | "sign_on"
  | "fields"
  | "contact"
  | "panels"
  | "webhooks"
  | "audit";

const SETTINGS_TABS: {
  tab: SettingsTabName;
  permission: Permission;
  /** Only for who sees the whole firm. */
  whole?: true;
}[] = [
  { tab: "users", permission: "access.read" },
  { tab: "roles", permission: "access.read" },
  { tab: "places", permission: "access.read" },
  { tab: "sign_on", permission: "users.manage", whole: true },
  { tab: "fields", permission: "customers.settings" },
  { tab: "contact", permission: "customers.settings" },
  { tab: "panels", permission: "panels.manage", whole: true },
  { tab: "webhooks", permission: "webhooks.manage", whole: true },
  { tab: "audit", permission: "audit.read", whole: true },
];

/** The parts one may use; nothing until that is known. */
export function useSettingsTabs(): SettingsTabName[] | undefined {
  const permissions = useSession().data?.permissions;
  const whole = useWholeFirm();
  return useMemo(() => {
    if (!permissions || whole === undefined) return undefined;
    return SETTINGS_TABS.filter(
      (one) => permissions.includes(one.permission) && (whole || !one.whole),
    ).map((one) => one.tab);
  }, [permissions, whole]);
}
