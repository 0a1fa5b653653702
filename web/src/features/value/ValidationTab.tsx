// How far the prediction can be trusted: what it said about a time held back from it, and what came.
import { Alert, Card, Typography } from "antd";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { Validation } from "../../api/types";
import { ChartCard, type ChartTable } from "../../components/ChartCard";
import { Mark } from "../../components/Marks";
import { SERIES_COLOUR } from "../../components/palette";
import { useFormat } from "../../i18n/format";
import { validationFinding } from "./findings";
import { SbgCohorts } from "./SbgCohorts";
import type { ReportTab } from "./ValueRoom";

const VERDICT_COLOUR = { good: "#009e73", fair: "#e69f00", poor: "#d55e00" } as const;

export function ValidationTab({ report }: ReportTab) {
  const { t } = useTranslation();
  const format = useFormat();
  const validation = report.validation;
  const cohorts = report.models.sbg?.cohorts;
  const renewals = cohorts ? (
    <SbgCohorts
      cohorts={cohorts}
      renewalMonths={report.settings.renewal_months}
      asOf={report.as_of}
    />
  ) : null;
  if (!validation) {
    return (
      <div className="stack">
        <Alert type="info" showIcon title={t("value.validation.none")} />
        {renewals}
      </div>
    );
  }
  return (
    <div className="stack">
      <Card>
        <Typography.Title level={2} className="section-title">
          {validationFinding(validation, { t, format }) ?? t("value.validation.nothing_bought")}{" "}
          <Mark
            colour={VERDICT_COLOUR[validation.verdict.code]}
            text={t(`value.validation.verdict.${validation.verdict.code}`)}
          />
        </Typography.Title>
        <ul className="sentences">
          <li>{t(`value.validation.verdict_means.${validation.verdict.code}`)}</li>
          {validation.verdict.reasons.map((reason) => (
            <li key={reason.code}>
              {t(`value.validation.reason.${reason.code}`, {
                value: format.percent(Math.abs(reason.value), 1),
                defaultValue: reason.code,
              })}
            </li>
          ))}
          <li>
            {t("value.validation.how", {
              day: format.day(validation.calibration_end),
              weeks: format.count(validation.holdout_weeks),
              customers: format.count(validation.customers),
            })}
          </li>
          <li>
            {t("value.validation.mae", {
              mae: format.number(validation.mae, 2),
              weekly: format.percent(validation.weekly_bias, 1),
            })}
          </li>
        </ul>
      </Card>
      {renewals}
      <Weekly validation={validation} asOf={report.as_of} />
      <Deciles validation={validation} asOf={report.as_of} />
      <ByX validation={validation} asOf={report.as_of} />
    </div>
  );
}

type Pair = { actual: number; predicted: number };

/** Actual beside predicted, over one axis. */
function usePairs(
  rows: (Pair & { label: string })[],
  axis: { x: string; y: string },
  shape: "line" | "bar",
) {
  const { t } = useTranslation();
  const format = useFormat();
  const option = useMemo(
    () => ({
      grid: { left: 8, right: 16, top: 56, bottom: 30, containLabel: true },
      legend: { top: 0, right: 0 },
      tooltip: {
        trigger: "axis",
        valueFormatter: (count: number) => format.number(count, 2),
      },
      xAxis: {
        type: "category",
        data: rows.map((row) => row.label),
        name: axis.x,
        nameLocation: "middle",
        nameGap: 28,
      },
      yAxis: {
        type: "value",
        name: axis.y,
        nameTextStyle: { align: "left" },
        axisLabel: { formatter: (count: number) => format.number(count, 1) },
      },
      series: (["actual", "predicted"] as const).map((which) => ({
        type: shape,
        name: t(`value.validation.${which}`),
        showSymbol: false,
        barMaxWidth: 22,
        lineStyle: { width: 2, type: which === "predicted" ? "dashed" : "solid" },
        itemStyle: { color: SERIES_COLOUR[which] },
        data: rows.map((row) => row[which]),
      })),
    }),
    [rows, axis.x, axis.y, shape, format, t],
  );
  const table: ChartTable = {
    columns: [
      { title: axis.x },
      ...(["actual", "predicted"] as const).map((which) => ({
        title: t(`value.validation.${which}`),
        numeric: true,
        text: (count: unknown) => format.number(Number(count), 2),
      })),
    ],
    rows: rows.map((row) => [row.label, row.actual, row.predicted]),
  };
  return { option, table };
}

type Part = { validation: Validation; asOf: string };

function Weekly({ validation, asOf }: Part) {
  const { t } = useTranslation();
  const format = useFormat();
  const rows = useMemo(
    () => validation.weekly.map((row) => ({ ...row, label: String(row.week) })),
    [validation],
  );
  const pairs = usePairs(
    rows,
    { x: t("value.validation.week"), y: t("value.validation.purchases") },
    "line",
  );
  return (
    <ChartCard
      finding={t("value.validation.weekly", { bias: format.percent(validation.weekly_bias, 1) })}
      name={`validation-weeks-${asOf}`}
      option={pairs.option}
      table={pairs.table}
    />
  );
}

function Deciles({ validation, asOf }: Part) {
  const { t } = useTranslation();
  const format = useFormat();
  const rows = useMemo(
    () => validation.deciles.map((row) => ({ ...row, label: String(row.decile) })),
    [validation],
  );
  const pairs = usePairs(
    rows,
    { x: t("value.validation.decile"), y: t("value.validation.mean_purchases") },
    "bar",
  );
  if (rows.length === 0) return null;
  return (
    <ChartCard
      finding={t("value.validation.deciles", {
        actual: format.number(rows[0]?.actual, 2),
        predicted: format.number(rows[0]?.predicted, 2),
        last: format.number(rows[rows.length - 1]?.actual, 2),
      })}
      how={t("value.validation.deciles_how")}
      name={`validation-deciles-${asOf}`}
      option={pairs.option}
      table={pairs.table}
    />
  );
}

function ByX({ validation, asOf }: Part) {
  const { t } = useTranslation();
  const format = useFormat();
  const rows = useMemo(
    () => validation.by_x.map((row) => ({ ...row, label: String(row.x) })),
    [validation],
  );
  const pairs = usePairs(
    rows,
    { x: t("value.validation.x"), y: t("value.validation.mean_purchases") },
    "bar",
  );
  if (rows.length === 0) return null;
  const off = (row: Pair) => Math.abs(row.actual - row.predicted);
  const worst = rows.reduce((most, row) => (off(row) > off(most) ? row : most));
  return (
    <ChartCard
      finding={t("value.validation.by_x", {
        x: worst?.label,
        actual: format.number(worst?.actual, 2),
        predicted: format.number(worst?.predicted, 2),
      })}
      how={t("value.validation.by_x_how")}
      name={`validation-by-x-${asOf}`}
      option={pairs.option}
      table={pairs.table}
    />
  );
}
