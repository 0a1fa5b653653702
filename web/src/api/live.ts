// The event stream: jobs as they change, and customers of whom something has changed. It reconnects by itself with growing pauses and
// then asks once for what it may have missed; nothing in the console polls.
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { noteServerAnswered, noteServerGone } from "./connection";
import { EVENTS_URL } from "./endpoints";
import { keys, takeChanged, takeJob } from "./queries";
import type { Job } from "./types";

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 15_000;

export function pauseBefore(attempt: number): number {
  return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempt);
}

function listen(client: QueryClient): () => void {
  let source: EventSource | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let attempt = 0;
  let missedSomething = false;

  const open = () => {
    source = new EventSource(EVENTS_URL);
    source.onopen = () => {
      attempt = 0;
      noteServerAnswered();
      // What happened before the stream stood is asked for once.
      void client.invalidateQueries(missedSomething ? {} : { queryKey: keys.jobs });
      missedSomething = false;
    };
    source.onerror = () => {
      source?.close();
      missedSomething = true;
      if (attempt > 0) noteServerGone();
      timer = setTimeout(open, pauseBefore(attempt));
      attempt += 1;
      // The stream also ends when the session does; the session query tells which it was.
      if (attempt === 2) void client.invalidateQueries({ queryKey: keys.session });
    };
    source.addEventListener("job", (event) => takeJob(client, JSON.parse(event.data) as Job));
    // The server could not keep up with us and left events out.
    source.addEventListener("lagged", () => void client.invalidateQueries());
    source.addEventListener("customer", (event) =>
      takeChanged(client, (JSON.parse(event.data) as { id: string }).id),
    );
  };
  open();
  return () => {
    clearTimeout(timer);
    source?.close();
  };
}

export function useLiveEvents(enabled: boolean): void {
  const client = useQueryClient();
  useEffect(() => (enabled ? listen(client) : undefined), [client, enabled]);
}
