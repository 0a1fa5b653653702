// How far the renewal model can be trusted: of those who began in the same year, how many were left
// after each renewal, and how many it says.
import { Alert, Card, Select, Typography } from "antd";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { ContractCohort } from "../../api/types";
import { ChartCard } from "../../components/ChartCard";
import { SERIES_COLOUR } from "../../components/palette";
import { useUrlState } from "../../components/urlState";
import { useFormat } from "../../i18n/format";

/** Where fewer customers have decided, the share says little about the model. */
const DECIDED_MIN = 30;

/** How many renewals of a cohort can be judged: as many as enough customers have decided. */
export function judgedRenewals(cohort: ContractCohort): number {
  const few = cohort.decided.findIndex((customers) => customers < DECIDED_MIN);
  return few < 0 ? cohort.decided.length : few;
}

/** Shares left in fact and by the model after the last renewal that can be judged. */
function atLast(cohort: ContractCohort): { actual: number; predicted: number } {
  const renewals = judgedRenewals(cohort);
  return {
    actual: cohort.survival[renewals] ?? 1,
    predicted: cohort.predicted_survival[renewals] ?? 1,
  };
}

type Judgement = {
  difference: number;
  worst: { cohort: ContractCohort; difference: number };
  cohorts: number;
};

/**
 * The mean distance between model and fact over all renewals that can be judged, each counting by the
 * customers who decided, and the cohort farthest off; null where there is nothing to judge.
 */
export function judged(cohorts: ContractCohort[]): Judgement | null {
  const off = cohorts.flatMap((cohort) => {
    const decided = cohort.decided.slice(0, judgedRenewals(cohort));
    if (decided.length === 0) return [];
    const weight = decided.reduce((sum, customers) => sum + customers, 0);
    const distance = decided.reduce((sum, customers, index) => {
      const actual = cohort.survival[index + 1] ?? 1;
      const predicted = cohort.predicted_survival[index + 1] ?? 1;
      return sum + customers * Math.abs(actual - predicted);
    }, 0);
    return [{ cohort, weight, distance, mean: distance / weight }];
  });
  const [first] = off;
  if (!first) return null;
  const weight = off.reduce((sum, one) => sum + one.weight, 0);
  const worst = off.reduce((most, one) => (one.mean > most.mean ? one : most), first);
  return {
    difference: off.reduce((sum, one) => sum + one.distance, 0) / weight,
    worst: { cohort: worst.cohort, difference: worst.mean },
    cohorts: off.length,
  };
}

type Part = { cohorts: ContractCohort[]; renewalMonths: number; asOf: string };

export function SbgCohorts(props: Part) {
  const { t } = useTranslation();
  const format = useFormat();
  const found = judged(props.cohorts);
  const stopped = props.cohorts.filter((cohort) => !cohort.converged);
  return (
    <>
      <Card>
        <Typography.Title level={2} className="section-title">
          {t("value.validation.sbg.title")}
        </Typography.Title>
        <ul className="sentences">
          <li>
            {found
              ? t("value.validation.sbg.close", {
                  cohorts: format.count(found.cohorts),
                  difference: format.number(100 * found.difference, 1),
                  worst: String(found.worst.cohort.cohort),
                  most: format.number(100 * found.worst.difference, 1),
                })
              : t("value.validation.sbg.too_young")}
          </li>
          {stopped.length > 0 ? (
            <li>
              {t("value.validation.sbg.not_converged", {
                cohorts: format.list(stopped.map((cohort) => String(cohort.cohort))),
              })}
            </li>
          ) : null}
        </ul>
      </Card>
      {found ? <Retention {...props} /> : null}
    </>
  );
}

function Retention(props: Part) {
  const { t } = useTranslation();
  const format = useFormat();
  const [search, change] = useUrlState();
  const told = props.cohorts.filter((cohort) => judgedRenewals(cohort) > 0);
  const largest = told.reduce((most, one) => (one.customers > most.customers ? one : most));
  const shown = told.find((one) => String(one.cohort) === search.get("cohort")) ?? largest;
  const end = atLast(shown);
  const option = useMemo(
    () => ({
      grid: { left: 8, right: 16, top: 56, bottom: 30, containLabel: true },
      legend: { top: 0, right: 0 },
      tooltip: {
        trigger: "axis",
        valueFormatter: (share: number) => format.percent(share, 1),
      },
      xAxis: {
        type: "category",
        data: shown.survival.map((_, renewals) => String(renewals)),
        name: t("value.validation.sbg.renewals"),
        nameLocation: "middle",
        nameGap: 28,
      },
      yAxis: {
        type: "value",
        min: 0,
        max: 1,
        name: t("value.validation.sbg.share"),
        nameTextStyle: { align: "left" },
        axisLabel: { formatter: (share: number) => format.percent(share, 0) },
      },
      series: (["actual", "predicted"] as const).map((which) => ({
        type: "line",
        name: t(`value.validation.${which}`),
        showSymbol: false,
        lineStyle: { width: 2, type: which === "predicted" ? "dashed" : "solid" },
        itemStyle: { color: SERIES_COLOUR[which] },
        data: which === "actual" ? shown.survival : shown.predicted_survival,
      })),
    }),
    [shown, format, t],
  );
  const heads = (n: unknown) => format.count(n === null ? null : Number(n));
  return (
    <ChartCard
      finding={t("value.validation.sbg.finding", {
        cohort: String(shown.cohort),
        customers: format.count(shown.customers),
        renewals: format.count(judgedRenewals(shown)),
        actual: format.percent(end.actual, 0),
        predicted: format.percent(end.predicted, 0),
      })}
      how={t("value.validation.sbg.how", { months: format.span(props.renewalMonths, "month") })}
      name={`validation-renewals-${props.asOf}`}
      option={option}
      extra={
        <div className="row" style={{ marginTop: 12 }}>
          <Select
            aria-label={t("value.validation.sbg.choice")}
            popupMatchSelectWidth={false}
            value={String(shown.cohort)}
            onChange={(cohort) => change({ cohort }, { replace: true })}
            options={told.map((cohort) => ({
              value: String(cohort.cohort),
              label: t("value.validation.sbg.option", {
                cohort: String(cohort.cohort),
                customers: format.count(cohort.customers),
              }),
            }))}
          />
          {shown.converged ? null : (
            <Alert type="warning" showIcon title={t("value.warning.not_converged")} />
          )}
        </div>
      }
      table={{
        columns: [
          { title: t("value.validation.sbg.cohort") },
          { title: t("value.validation.sbg.customers"), numeric: true, text: heads },
          { title: t("value.validation.sbg.renewals"), numeric: true },
          { title: t("value.validation.sbg.decided"), numeric: true, text: heads },
          { title: t("value.validation.sbg.renewed"), numeric: true, text: heads },
          ...(["actual", "predicted"] as const).map((which) => ({
            title: t(`value.validation.${which}`),
            numeric: true,
            text: (share: unknown) => format.percent(Number(share), 1),
          })),
        ],
        rows: told.flatMap((cohort) =>
          cohort.survival.map((share, renewals) => [
            String(cohort.cohort),
            cohort.customers,
            renewals,
            cohort.decided[renewals - 1] ?? null,
            cohort.renewed[renewals - 1] ?? null,
            share,
            cohort.predicted_survival[renewals],
          ]),
        ),
      }}
    />
  );
}
