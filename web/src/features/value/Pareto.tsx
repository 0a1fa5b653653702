// How concentrated contribution is.
import { Alert, Card, Statistic } from "antd";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { ChartCard } from "../../components/ChartCard";
import { SERIES_COLOUR } from "../../components/palette";
import { useFormat } from "../../i18n/format";
import { paretoFinding } from "./findings";
import type { ReportTab } from "./ValueRoom";

export function Pareto({ report }: ReportTab) {
  const { t } = useTranslation();
  const format = useFormat();
  const found = report.concentration;
  const option = useMemo(() => {
    if (!found) return undefined;
    const percent = (share: number) => format.percent(share, 0);
    return {
      grid: { left: 8, right: 24, top: 36, bottom: 30, containLabel: true },
      tooltip: {
        trigger: "axis",
        formatter: (hits: { value: [number, number] }[]) => {
          const [customers, contribution] = hits[0]?.value ?? [0, 0];
          return t("value.pareto.point", {
            customers: percent(customers),
            contribution: format.percent(contribution, 1),
          });
        },
      },
      xAxis: {
        type: "value",
        min: 0,
        max: 1,
        name: t("value.pareto.x"),
        nameLocation: "middle",
        nameGap: 28,
        axisLabel: { formatter: percent },
      },
      yAxis: {
        type: "value",
        min: 0,
        max: 1,
        name: t("value.pareto.y"),
        nameTextStyle: { align: "left" },
        axisLabel: { formatter: percent },
      },
      series: [
        {
          type: "line",
          name: t("value.pareto.y"),
          showSymbol: false,
          lineStyle: { width: 3, color: SERIES_COLOUR.actual },
          itemStyle: { color: SERIES_COLOUR.actual },
          areaStyle: { color: SERIES_COLOUR.actual, opacity: 0.1 },
          data: found.curve.map((point) => [point.customers_share, point.contribution_share]),
          markLine: {
            symbol: "none",
            silent: true,
            lineStyle: { color: SERIES_COLOUR.predicted },
            label: { formatter: "20%" },
            data: [{ xAxis: 0.2 }],
          },
        },
        {
          type: "line",
          name: t("value.pareto.even"),
          showSymbol: false,
          silent: true,
          lineStyle: { width: 1, type: "dashed", color: "#8c8c8c" },
          itemStyle: { color: "#8c8c8c" },
          data: [
            [0, 0],
            [1, 1],
          ],
        },
      ],
    };
  }, [found, format, t]);
  if (!found) return <Alert type="info" showIcon title={t("value.pareto.none")} />;
  return (
    <div className="stack">
      <ChartCard
        finding={paretoFinding(report, { t, format }) ?? ""}
        how={t("value.pareto.how")}
        name={`pareto-${report.as_of}`}
        option={option}
        height={380}
        table={{
          columns: [
            {
              title: t("value.pareto.x"),
              numeric: true,
              text: (n) => format.percent(Number(n), 0),
            },
            {
              title: t("value.pareto.y"),
              numeric: true,
              text: (n) => format.percent(Number(n), 2),
            },
          ],
          rows: found.curve.map((point) => [point.customers_share, point.contribution_share]),
        }}
      />
      <Card>
        <div className="totals">
          {([1, 5, 10, 20] as const).map((top) => (
            <Statistic
              key={top}
              title={t("value.pareto.top", { top: format.percent(top / 100, 0) })}
              value={format.percent(found[`top_${top}`], 1)}
            />
          ))}
          <Statistic title={t("value.pareto.gini")} value={format.number(found.gini, 3)} />
        </div>
        <p className="definition" style={{ marginTop: 12 }}>
          {t("value.pareto.gini_means")}
        </p>
      </Card>
    </div>
  );
}
