// After a change everything that shows this customer is asked for again.
import { useQueryClient } from "@tanstack/react-query";
import { App } from "antd";
import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import { keys } from "../../../api/queries";
import { recordKey } from "../../../api/record";

export function useSaved(id: string): (quietly?: boolean) => void {
  const client = useQueryClient();
  const { message } = App.useApp();
  const { t } = useTranslation();
  return useCallback(
    (quietly = false) => {
      void client.invalidateQueries({ queryKey: recordKey(id) });
      void client.invalidateQueries({ queryKey: keys.customers, predicate: isList });
      if (!quietly) message.success(t("record.saved"));
    },
    [client, id, message, t],
  );
}

const isList = (query: { queryKey: readonly unknown[] }) => query.queryKey[1] !== "of";
