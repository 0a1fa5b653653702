// After a merge or its undoing everything about customers is asked for again, and what they are worth.
import { useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { keys } from "../../api/queries";

export function useMerged(): () => Promise<unknown> {
  const client = useQueryClient();
  return useCallback(
    () =>
      Promise.all(
        [keys.customers, keys.value, keys.setup].map((queryKey) =>
          client.invalidateQueries({ queryKey }),
        ),
      ),
    [client],
  );
}
