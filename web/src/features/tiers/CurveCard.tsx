// How many would have each level as one threshold is moved.
import { Grid, theme } from "antd";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { type Curve, conditionsOf, type Simulation, type Version } from "../../api/tiers";
import { ChartCard } from "../../components/ChartCard";
import type { ChartOption } from "../../components/EChart";
import {
  amountText,
  levelName,
  measureName,
  scaleOf,
  thresholdOf,
  unitOf,
} from "../../components/tiers/conditionWords";
import { useFormat } from "../../i18n/format";
import { curveFinding } from "./sensitivity";

export function CurveCard(props: { made: Simulation; curve: Curve; version: Version }) {
  const { made, curve, version } = props;
  const { t } = useTranslation();
  const format = useFormat();
  const { token } = theme.useToken();
  const narrow = !(Grid.useBreakpoint().md ?? true);
  const { levels } = version.document;
  const { currency } = made;
  const moved = levels.find((level) => level.code === curve.asked.level);
  const rule = curve.asked.of_keep && moved?.keep ? moved.keep : moved?.qualify;
  const condition = rule ? conditionsOf(rule)[curve.asked.condition] : undefined;

  const option = useMemo<ChartOption | null>(() => {
    if (!condition) return null;
    const words = { t, format, currency, levels };
    const unit = unitOf(condition);
    return {
      grid: { left: 8, right: 16, top: 48, bottom: 28, containLabel: true },
      legend: { top: 0, data: levels.map((level) => levelName(level.code, words)) },
      tooltip: { trigger: "axis", axisPointer: { type: "shadow" } },
      xAxis: {
        type: "category",
        name: measureName(condition, t),
        nameLocation: "middle",
        nameGap: narrow ? 52 : 32,
        data: curve.points.map((point) => amountText(point.value, unit, words)),
        axisLabel: { rotate: narrow ? 45 : 0 },
      },
      yAxis: {
        type: "value",
        name: t("tiers.axis.customers"),
        nameTextStyle: { align: "left" },
        minInterval: 1,
        axisLabel: { formatter: (number: number) => format.compact(number) },
      },
      series: levels.map((level) => ({
        type: "bar",
        stack: "levels",
        name: levelName(level.code, words),
        barMaxWidth: 48,
        // Levels have the firm's own colours, pale ones among them: a line keeps each apart.
        itemStyle: { color: level.colour, borderColor: token.colorTextTertiary, borderWidth: 0.5 },
        data: curve.points.map(
          (point) => point.levels.find((count) => count.level === level.code)?.customers ?? 0,
        ),
      })),
    };
  }, [condition, curve, currency, levels, narrow, token, format, t]);

  // The draft has been changed since: its threshold is no more.
  if (!condition || !option) return null;
  const words = { t, format, currency, levels };
  const unit = unitOf(condition);
  const text = (value: number) => amountText(value, unit, words);
  const now = thresholdOf(condition);
  return (
    <ChartCard
      finding={curveFinding(
        curve,
        levels.map((level) => level.code),
        levelName(curve.asked.level, words),
        text,
        t,
        format.count,
      )}
      how={t("tiers.sensitivity.how", {
        level: levelName(curve.asked.level, words),
        part: t(curve.asked.of_keep ? "tiers.edit.keep" : "tiers.edit.qualify"),
        measure: measureName(condition, t),
        now: now === null ? "" : text(now),
      })}
      name={`tier-sensitivity-${made.on}`}
      option={option}
      height={340}
      table={{
        columns: [
          {
            title: measureName(condition, t),
            numeric: true,
            text: (n) => format.number(Number(n), 4),
          },
          ...[null, ...levels.map((level) => level.code)].map((code) => ({
            title: levelName(code, words),
            numeric: true,
            text: (n: unknown) => format.count(Number(n)),
          })),
        ],
        rows: curve.points.map((point) => [
          Number((point.value / scaleOf(unit, currency)).toPrecision(12)),
          ...[null, ...levels.map((level) => level.code)].map(
            (code) => point.levels.find((count) => count.level === code)?.customers ?? 0,
          ),
        ]),
      }}
    />
  );
}
