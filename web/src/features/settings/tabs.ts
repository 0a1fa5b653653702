// The parts of the settings, and the permission each of them takes.
import type { Permission } from "../../api/types";

export type SettingsTabName = "fields" | "contact" | "webhooks" | "audit";

export const SETTINGS_TABS: { tab: SettingsTabName; permission: Permission }[] = [
  { tab: "fields", permission: "customers.settings" },
  { tab: "contact", permission: "customers.settings" },
  { tab: "webhooks", permission: "webhooks.manage" },
  { tab: "audit", permission: "audit.read" },
];
