// Loyal, general, drifting: how many, and what they are worth.
import { theme } from "antd";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { ChartCard } from "../../components/ChartCard";
import { LoyaltyMark } from "../../components/Marks";
import { LOYALTIES, LOYALTY_COLOUR } from "../../components/palette";
import { majorUnits, useFormat } from "../../i18n/format";
import { CustomersLink } from "./CustomersLink";
import { loyaltyFinding } from "./findings";
import type { ReportTab } from "./ValueRoom";

export function Loyalty({ report, newest }: ReportTab) {
  const { t } = useTranslation();
  const format = useFormat();
  const { currency } = report;
  const { token } = theme.useToken();
  const rows = useMemo(
    () => LOYALTIES.flatMap((name) => report.loyalty.filter((one) => one.class === name)),
    [report],
  );
  const option = useMemo(
    () => ({
      grid: { left: 8, right: 60, top: 8, bottom: 30, containLabel: true },
      tooltip: { trigger: "axis", axisPointer: { type: "shadow" } },
      yAxis: {
        type: "category",
        inverse: true,
        data: rows.map((one) => t(`terms.loyalty.${one.class}`)),
      },
      xAxis: {
        type: "value",
        name: t("value.axis.customers"),
        nameLocation: "middle",
        nameGap: 28,
        axisLabel: { formatter: (count: number) => format.compact(count) },
      },
      series: [
        {
          type: "bar",
          name: t("value.axis.customers"),
          barMaxWidth: 36,
          data: rows.map((one) => ({
            value: one.customers,
            itemStyle: { color: LOYALTY_COLOUR[one.class] },
          })),
          label: {
            show: true,
            position: "right",
            color: token.colorText,
            formatter: (hit: { dataIndex: number }) =>
              format.moneyShort({ minor: rows[hit.dataIndex]?.value_minor ?? 0, currency }),
          },
        },
      ],
    }),
    [rows, currency, token, format, t],
  );
  return (
    <ChartCard
      finding={loyaltyFinding(report, { t, format }) ?? t("value.loyalty.none")}
      how={t("value.loyalty.how")}
      name={`loyalty-${report.as_of}`}
      option={option}
      height={240}
      table={{
        columns: [
          { title: t("value.loyalty.class") },
          {
            title: t("value.loyalty.customers"),
            numeric: true,
            text: (n) => format.count(Number(n)),
          },
          {
            title: `${t("terms.figure.value")} (${currency})`,
            numeric: true,
            text: (n) => format.number(Number(n), 0),
          },
        ],
        rows: rows.map((one) => [
          t(`terms.loyalty.${one.class}`),
          one.customers,
          majorUnits({ minor: one.value_minor, currency }),
        ]),
      }}
      extra={
        <>
          <div className="row" style={{ marginTop: 12 }}>
            {rows.map((one) => (
              <CustomersLink key={one.class} newest={newest} filter={`loyalty=${one.class}`}>
                <LoyaltyMark of={one.class} />
              </CustomersLink>
            ))}
          </div>
          <p className="definition" style={{ marginTop: 12 }}>
            {t("value.loyalty.explained")}
          </p>
        </>
      }
    />
  );
}
