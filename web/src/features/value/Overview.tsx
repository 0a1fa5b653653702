// What the run found: totals, sentences, warnings, and by which model.

import { DownloadOutlined } from "@ant-design/icons";
import { Alert, Button, Card, Descriptions, Statistic, Typography } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { profilesFileUrl, reportFileUrl } from "../../api/endpoints";
import type { FittedModel } from "../../api/types";
import { modelText } from "../../components/Explained";
import { WideTable } from "../../components/WideTable";
import { useFormat } from "../../i18n/format";
import {
  bucketFinding,
  cohortFinding,
  loyaltyFinding,
  matrixFinding,
  paretoFinding,
  replacementFinding,
  riskFinding,
  validationFinding,
} from "./findings";
import type { ReportTab } from "./ValueRoom";
import { warningText } from "./warnings";

export function Overview({ report, runId }: ReportTab) {
  const { t } = useTranslation();
  const format = useFormat();
  const words = { t, format };
  const money = (minor: number) => format.moneyShort({ minor, currency: report.currency });
  const warnings = [...new Set(report.warnings.map((warning) => warningText(warning, t)))];
  const totals: [string, string][] = [
    ["customers", format.count(report.customers)],
    ["value", money(report.totals.value_minor)],
    ["value_at_risk", money(report.totals.value_at_risk_minor)],
    ["clv_12m", money(report.totals.clv_12m_minor)],
    ["revenue", money(report.revenue_minor)],
    ["expected", format.count(report.totals.expected_purchases_90d)],
  ];
  const sentences: [string, string | null][] = [
    ["pareto", paretoFinding(report, words)],
    ["matrix", matrixFinding(report, words)],
    ["bucket", bucketFinding(report, words)],
    ["bucket", replacementFinding(report, words)],
    ["loyalty", loyaltyFinding(report, words)],
    ["matrix", riskFinding(report, words)],
    ["cohorts", cohortFinding(report, words)],
    ["validation", validationFinding(report.validation, words)],
  ];
  return (
    <div className="stack">
      {warnings.length > 0 ? (
        <Alert
          type="warning"
          showIcon
          title={t("value.overview.warnings")}
          description={
            <ul className="reasons">
              {warnings.map((warning) => (
                <li key={warning}>{warning}</li>
              ))}
            </ul>
          }
        />
      ) : null}
      <Card>
        <div className="totals">
          {totals.map(([name, text]) => (
            <Statistic key={name} title={t(`value.overview.total.${name}`)} value={text} />
          ))}
        </div>
      </Card>
      <Card>
        <Typography.Title level={2} className="section-title">
          {t("value.overview.found")}
        </Typography.Title>
        <ul className="sentences">
          {sentences
            .filter(([, sentence]) => sentence !== null)
            .map(([tab, sentence]) => (
              <li key={sentence}>
                {sentence}{" "}
                <Link to={`/value/${tab}${runId === "latest" ? "" : `?run=${runId}`}`}>
                  {t(`value.tab.${tab}`)} →
                </Link>
              </li>
            ))}
        </ul>
      </Card>
      <Card>
        <Typography.Title level={2} className="section-title">
          {t("value.overview.basis")}
        </Typography.Title>
        <Descriptions
          size="small"
          column={{ xs: 1, sm: 2, lg: 3 }}
          items={[
            { key: "as_of", label: t("value.overview.as_of"), children: format.day(report.as_of) },
            {
              key: "transactions",
              label: t("value.overview.transactions"),
              children: format.count(report.transactions),
            },
            {
              key: "rejected",
              label: t("value.overview.rejected"),
              children: format.count(report.rejected),
            },
            {
              key: "span",
              label: t("value.overview.span"),
              children: `${format.day(report.first_day)} – ${format.day(report.last_day)}`,
            },
            {
              key: "basis",
              label: t("value.overview.contribution_basis"),
              children: t(`value.overview.basis_${report.contribution_basis}`),
            },
            {
              key: "model",
              label: t("value.overview.model"),
              children: report.model.chosen
                ? t("value.overview.model_by", {
                    model: modelText(report.model.chosen, t),
                    reason: t(`value.model.reason.${report.model.reason}`, {
                      defaultValue: report.model.reason,
                    }),
                  })
                : t("value.overview.no_model"),
            },
          ]}
        />
        <Models models={report.models} chosen={report.model.chosen} />
        <div className="row" style={{ marginTop: 12 }}>
          <Button icon={<DownloadOutlined aria-hidden />} href={profilesFileUrl(runId)} download>
            {t("value.overview.profiles_file")}
          </Button>
          <Button
            icon={<DownloadOutlined aria-hidden />}
            href={reportFileUrl(runId)}
            download="report.json"
          >
            {t("value.overview.report_file")}
          </Button>
        </div>
      </Card>
    </div>
  );
}

function Models(props: { models: Record<string, FittedModel>; chosen: string | null }) {
  const { t } = useTranslation();
  const format = useFormat();
  const rows = Object.entries(props.models).map(([name, model]) => ({ name, model }));
  if (rows.length === 0) return null;
  return (
    <WideTable
      size="small"
      className="numeric"
      style={{ marginTop: 8 }}
      rowKey="name"
      dataSource={rows}
      pagination={false}
      columns={[
        {
          title: t("value.model.name"),
          width: 340,
          render: (_, row) => (
            <div className="model">
              {row.name === props.chosen
                ? t("value.overview.model_by", {
                    model: modelText(row.name, t),
                    reason: t("value.model.chosen"),
                  })
                : modelText(row.name, t)}
              <div className="figure-note">
                {t(`terms.model_about.${row.name}`, { defaultValue: "" })}
              </div>
            </div>
          ),
        },
        {
          title: t("value.model.params"),
          render: (_, row) => (
            <div className="model">
              {Object.entries(row.model.params)
                .map(([name, value]) => {
                  const error = row.model.standard_errors?.[name];
                  return `${name} ${format.parameter(value)}${error ? ` ± ${format.parameter(error)}` : ""}`;
                })
                .join(" · ")}
            </div>
          ),
        },
        {
          title: t("value.model.log_likelihood"),
          align: "right",
          render: (_, row) => format.number(row.model.log_likelihood, 2),
        },
        {
          title: t("value.model.holdout"),
          align: "right",
          render: (_, row) => format.number(row.model.holdout_log_likelihood, 2),
        },
        {
          title: t("value.model.converged"),
          render: (_, row) => t(row.model.converged ? "value.model.yes" : "value.model.no"),
        },
      ]}
    />
  );
}
