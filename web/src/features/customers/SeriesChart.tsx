// What the customer spent, month by month.
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { Customer, CustomerValue } from "../../api/types";
import { ChartCard } from "../../components/ChartCard";
import { SERIES_COLOUR } from "../../components/palette";
import { majorUnits, minorDigits, useFormat } from "../../i18n/format";

const HALF_YEAR = 6;

/** Change of the last half-year against the one before; null where there is nothing to compare. */
export function halfYearChange(amounts: number[]): number | null {
  if (amounts.length < 2 * HALF_YEAR) return null;
  const sum = (part: number[]) => part.reduce((total, amount) => total + amount, 0);
  const before = sum(amounts.slice(-2 * HALF_YEAR, -HALF_YEAR));
  return before > 0 ? sum(amounts.slice(-HALF_YEAR)) / before - 1 : null;
}

export function SeriesChart(props: { value: CustomerValue; customer: Customer }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { months } = props.value.series;
  const currency = props.value.run.currency;
  const change = halfYearChange(months.map((month) => month.amount.minor));
  const finding =
    change === null
      ? t("customers.series.plain")
      : Math.abs(change) < 0.05
        ? t("customers.series.steady")
        : t(change > 0 ? "customers.series.up" : "customers.series.down", {
            change: format.percent(Math.abs(change), 0),
          });

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
      finding={finding}
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
