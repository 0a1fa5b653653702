// The list as a CSV file: what is filtered, in the order and with the columns that are shown.
import { DownloadOutlined } from "@ant-design/icons";
import { useMutation } from "@tanstack/react-query";
import { App, Button } from "antd";
import { useTranslation } from "react-i18next";
import type { Query } from "../../api/client";
import { listProfiles } from "../../api/endpoints";
import { downloadCsv } from "../../components/csv";
import { errorText } from "../../components/problem";
import { useFormat } from "../../i18n/format";
import { EXPORT_LONGEST, exportHeader, exportRow, firstRows } from "./exportList";
import type { Column } from "./listState";

export function ExportButton(props: {
  asked: Query;
  columns: Column[];
  currency: string;
  asOf: string;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const { message } = App.useApp();
  const exported = useMutation({
    mutationFn: () => firstRows((page) => listProfiles({ ...props.asked, ...page })),
    onSuccess: ({ rows, more }) => {
      downloadCsv(
        `customers-${props.asOf}`,
        exportHeader(props.columns, props.currency, t),
        rows.map((row) => exportRow(row, props.columns, t)),
      );
      if (more) {
        message.info(t("customers.export.first", { rows: format.count(EXPORT_LONGEST) }), 8);
      }
    },
    onError: (error) => message.error(errorText(error, t)),
  });
  return (
    <Button
      icon={<DownloadOutlined aria-hidden />}
      loading={exported.isPending}
      onClick={() => exported.mutate()}
    >
      {t("customers.export.open")}
    </Button>
  );
}
