// Whether the server answers, as one small value that the banner at the top watches.
import { useSyncExternalStore } from "react";

let gone = false;
const listeners = new Set<() => void>();

function set(next: boolean): void {
  if (gone === next) return;
  gone = next;
  for (const listener of listeners) listener();
}

export function noteServerGone(): void {
  set(true);
}

export function noteServerAnswered(): void {
  set(false);
}

export function useServerGone(): boolean {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => gone,
  );
}
