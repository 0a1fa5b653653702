// A document that is decided anew as a whole: each change is made to it as it was read, and refused where
// somebody else was first.
import { type UseQueryResult, useQueryClient } from "@tanstack/react-query";
import { App } from "antd";
import { useCallback, useRef } from "react";
import { useTranslation } from "react-i18next";
import { keys } from "../../api/queries";
import { errorText } from "../../components/problem";

export type Versioned<D> = D & { version: number };

export function useDecision<D extends object>(
  query: UseQueryResult<Versioned<D>>,
  key: readonly string[],
  read: () => Promise<Versioned<D>>,
  write: (version: number, body: D) => Promise<Versioned<D>>,
) {
  const client = useQueryClient();
  const { message } = App.useApp();
  const { t } = useTranslation();
  const again = useRef<Versioned<D> | null>(null);
  const { data } = query;

  /** What is there now, for when somebody else was first. */
  const reread = useCallback(async () => {
    const now = await read();
    again.current = now;
    client.setQueryData(key, now);
    return now;
  }, [client, key, read]);

  /** Decides anew, from what was read as this version. */
  const decide = useCallback(
    async (version: number, change: (now: D) => D) => {
      const seen = again.current?.version === version ? again.current : data;
      if (!seen) return;
      const { version: _, ...body } = seen;
      client.setQueryData(key, await write(version, change(body as unknown as D)));
      // Every record is seen by these decisions.
      void client.invalidateQueries({ queryKey: keys.customers });
      message.success(t("settings.saved"));
    },
    [client, data, key, write, message, t],
  );

  /** The same at once, without a dialog. */
  const decideNow = useCallback(
    async (change: (now: D) => D) => {
      try {
        if (data) await decide(data.version, change);
      } catch (error) {
        message.error(errorText(error, t));
        await client.invalidateQueries({ queryKey: key });
      }
    },
    [client, data, decide, key, message, t],
  );
  return { reread, decide, decideNow };
}
