// The list as a file: all of it with every figure, written by the server; or what is shown, as a CSV file at once.
import { DownloadOutlined } from "@ant-design/icons";
import { useMutation } from "@tanstack/react-query";
import { App, Button, Dropdown } from "antd";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Query } from "../../api/client";
import { listProfiles } from "../../api/endpoints";
import { filterOf } from "../../api/exports";
import { downloadCsv } from "../../components/csv";
import { firstRows, LONGEST } from "../../components/firstRows";
import { errorText } from "../../components/problem";
import { useFormat } from "../../i18n/format";
import { exportHeader, exportRow } from "./exportList";
import type { Column } from "./listState";

const ExportDialog = lazy(() => import("../../components/ExportDialog"));

export function ExportButton(props: {
  asked: Query;
  columns: Column[];
  currency: string;
  asOf: string;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const { message } = App.useApp();
  const [whole, setWhole] = useState(false);
  const shown = useMutation({
    mutationFn: () => firstRows((page) => listProfiles({ ...props.asked, ...page })),
    onSuccess: ({ rows, more }) => {
      downloadCsv(
        `customers-${props.asOf}`,
        exportHeader(props.columns, props.currency, t),
        rows.map((row) => exportRow(row, props.columns, t)),
      );
      if (more) message.info(t("customers.export.first", { rows: format.count(LONGEST) }), 8);
    },
    onError: (error) => message.error(errorText(error, t)),
  });
  return (
    <>
      <Dropdown
        trigger={["click"]}
        menu={{
          items: [
            { key: "whole", label: t("customers.export.whole") },
            { key: "shown", label: t("customers.export.shown") },
          ],
          onClick: ({ key }) => (key === "whole" ? setWhole(true) : shown.mutate()),
        }}
      >
        <Button icon={<DownloadOutlined aria-hidden />} loading={shown.isPending}>
          {t("customers.export.open")}
        </Button>
      </Dropdown>
      {whole ? (
        <Suspense>
          <ExportDialog
            kind="value"
            filter={filterOf(props.asked)}
            onClose={() => setWhole(false)}
          />
        </Suspense>
      ) : null}
    </>
  );
}
