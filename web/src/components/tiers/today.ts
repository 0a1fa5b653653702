// The firm's day: rules hold by the firm's calendar, wherever the browser is.
import { useSetup } from "../../api/queries";

export function dayIn(zone: string | undefined, now: Date): string {
  const parts = { year: "numeric", month: "2-digit", day: "2-digit" } as const;
  return new Intl.DateTimeFormat("en-CA", { ...parts, timeZone: zone || undefined }).format(now);
}

const DAY_MS = 86_400_000;

/** So many days later; before where negative. */
export function daysAfter(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}

export const useToday = () => dayIn(useSetup().data?.zone, new Date());
