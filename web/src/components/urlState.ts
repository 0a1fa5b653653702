// The state of a screen lives in the address, so that a view can be kept and sent to a colleague.
import { useCallback } from "react";
import { useSearchParams } from "react-router";

export type Patch = Record<string, string | number | readonly string[] | null | undefined>;

/** The address after a change; an empty value leaves it. Lists are written comma-separated. */
export function patched(search: URLSearchParams, patch: Patch): URLSearchParams {
  const next = new URLSearchParams(search);
  for (const [name, value] of Object.entries(patch)) {
    const text = Array.isArray(value) ? value.map(encodeItem).join(",") : (value ?? "");
    if (text === "") next.delete(name);
    else next.set(name, String(text));
  }
  return next;
}

function encodeItem(item: string): string {
  return item.replaceAll("%", "%25").replaceAll(",", "%2C");
}

export function listIn(search: URLSearchParams, name: string): string[] {
  const text = search.get(name);
  return text ? text.split(",").map((item) => decodeURIComponent(item)) : [];
}

export function useUrlState() {
  const [search, setSearch] = useSearchParams();
  const change = useCallback(
    (patch: Patch, options?: { replace?: boolean; state?: unknown }) =>
      // From the address as it is, not as it was last drawn: two changes may come between two drawings.
      setSearch(() => patched(new URLSearchParams(window.location.search), patch), options),
    [setSearch],
  );
  return [search, change] as const;
}
