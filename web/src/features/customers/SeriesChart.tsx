// What the customer spent, month by month.
import type { TFunction } from "i18next";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { Customer, CustomerValue, Reason } from "../../api/types";
import { ChartCard } from "../../components/ChartCard";
import { SERIES_COLOUR } from "../../components/palette";
import { type Format, majorUnits, minorDigits, useFormat } from "../../i18n/format";

/**
 * The chart's finding: the engine's own comparison of the two half-years before the as-of day, the one
 * that the reasons beside the chart speak of. Months that are not over would make it another.
 */
export function halfYearFinding(
  reasons: Pick<Reason, "code" | "params">[],
  { t, format }: { t: TFunction; format: Format },
): string {
  const told = reasons.find((reason) => reason.code.startsWith("spending_"));
  const change = told?.params.change;
  if (typeof change !== "number") return t("customers.series.plain");
  if (told?.code === "spending_holds") return t("customers.series.steady");
  return t(change > 0 ? "customers.series.up" : "customers.series.down", {
    change: format.percent(Math.abs(change), 0),
  });
}

export function SeriesChart(props: { value: CustomerValue; customer: Customer }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { months } = props.value.series;
  const currency = props.value.run.currency;

  const option = useMemo(
    () => ({
      grid: { left: 8, right: 8, top: 34, bottom: 4, containLabel: true },
      tooltip: {
        trigger: "axis",
        valueFormatter: (amount: number) =>
          format.money({ minor: Math.round(amount * 10 ** minorDigits(currency)), currency }),
      },
      xAxis: { type: "category", data: months.map((month) => format.month(month.month)) },
      yAxis: {
        type: "value",
        name: t("customers.series.axis", { currency }),
        nameTextStyle: { align: "left" },
        axisLabel: { formatter: (amount: number) => format.compact(amount) },
      },
      series: [
        {
          type: "bar",
          name: t("customers.series.amount"),
          data: months.map((month) => majorUnits(month.amount)),
          itemStyle: { color: SERIES_COLOUR.actual },
          barMaxWidth: 22,
        },
      ],
    }),
    [months, currency, format, t],
  );

  return (
    <ChartCard
      finding={halfYearFinding(props.value.reasons, { t, format })}
      how={t("customers.series.how")}
      name={`customer-${props.customer.external_id}-months`}
      option={option}
      height={240}
      table={{
        columns: [
          { title: t("customers.series.month"), text: (month) => format.month(String(month)) },
          {
            title: t("customers.series.axis", { currency }),
            numeric: true,
            text: (amount) => format.number(Number(amount), 2),
          },
        ],
        rows: months.map((month) => [month.month, majorUnits(month.amount)]),
      }}
    />
  );
}
