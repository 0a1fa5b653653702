// The counts of a check or an import, and the rows that were rejected, each with line and reason.

import { DownloadOutlined } from "@ant-design/icons";
import { Alert, Button, Statistic, Typography } from "antd";
import { useTranslation } from "react-i18next";
import { importRejectsUrl } from "../../api/endpoints";
import type { Import, ImportReject, ImportReport } from "../../api/types";
import { WideTable } from "../../components/WideTable";
import { ABSENT, useFormat } from "../../i18n/format";

export function ReportView(props: { one: Import; report: ImportReport }) {
  const { one, report } = props;
  const { t } = useTranslation();
  // What can be wrong with a row can often be wrong with a request as well.
  const inWords = (of: "reason" | "warning", said: { code: string; message: string }) =>
    t(`imports.${of}.${said.code}`, {
      defaultValue: t(`problem.code.${said.code}`, { defaultValue: said.message }),
    });
  const format = useFormat();
  const mode = report.dry_run ? "will" : "did";
  const counts: [string, number][] = [
    ["rows", report.rows],
    ["created", report.created],
    ["updated", report.updated],
    ["unchanged", report.unchanged],
    ["rejected", report.rejected],
  ];
  if (one.kind === "transactions") counts.push(["new_customers", report.new_customers]);
  return (
    <div className="stack">
      <div className="report-counts">
        {counts.map(([name, count]) => (
          <Statistic
            key={name}
            title={t(`imports.report.${mode}.${name}`)}
            value={format.count(count)}
          />
        ))}
      </div>
      {report.amount || report.first_at ? (
        <Typography.Text type="secondary" className="numeric">
          {[
            report.amount
              ? t("imports.report.amount", { amount: format.money(report.amount) })
              : "",
            report.first_at
              ? t("imports.report.span", {
                  first: format.day(report.first_at),
                  last: format.day(report.last_at),
                })
              : "",
          ]
            .filter(Boolean)
            .join(" · ")}
        </Typography.Text>
      ) : null}
      {report.warnings.map((warning) => (
        <Alert
          key={`${warning.code}:${warning.message}`}
          type="warning"
          showIcon
          title={inWords("warning", warning)}
        />
      ))}
      {report.rejected > 0 ? (
        <div>
          <div className="row" style={{ justifyContent: "space-between", marginBottom: 8 }}>
            <Typography.Title level={3} className="section-title" style={{ fontSize: 15 }}>
              {report.rejects.length < report.rejected
                ? t("imports.report.rejects_first", {
                    shown: format.count(report.rejects.length),
                    all: format.count(report.rejected),
                  })
                : t("imports.report.rejects", { all: format.count(report.rejected) })}
            </Typography.Title>
            <Button
              size="small"
              icon={<DownloadOutlined aria-hidden />}
              href={importRejectsUrl(one.id)}
              download
            >
              {t("imports.report.download")}
            </Button>
          </div>
          <WideTable<ImportReject>
            size="small"
            rowKey={(reject) => `${reject.line}:${reject.column}:${reject.code}`}
            dataSource={report.rejects}
            pagination={false}
            columns={[
              {
                title: t("imports.reject.line"),
                align: "right",
                width: 80,
                render: (_, reject) => format.count(reject.line),
              },
              {
                title: t("imports.reject.column"),
                render: (_, reject) => reject.column ?? ABSENT,
              },
              {
                title: t("imports.reject.value"),
                render: (_, reject) => reject.value ?? ABSENT,
              },
              {
                title: t("imports.reject.reason"),
                render: (_, reject) => inWords("reason", reject),
              },
            ]}
          />
        </div>
      ) : null}
    </div>
  );
}
