// ECharts with only the parts in use, drawn as SVG. Loaded when the first chart is shown.
import { theme } from "antd";
import { BarChart, LineChart } from "echarts/charts";
import {
  AriaComponent,
  GridComponent,
  LegendComponent,
  MarkLineComponent,
  TooltipComponent,
} from "echarts/components";
import type { EChartsCoreOption, EChartsType } from "echarts/core";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { useEffect, useRef } from "react";

use([
  AriaComponent,
  BarChart,
  GridComponent,
  LegendComponent,
  LineChart,
  MarkLineComponent,
  SVGRenderer,
  TooltipComponent,
]);

export type ChartOption = EChartsCoreOption;

export default function EChart(props: { option: ChartOption; height: number; label: string }) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<EChartsType | null>(null);
  const { token } = theme.useToken();

  useEffect(() => {
    if (!place.current) return;
    const made = init(place.current, null, { renderer: "svg" });
    chart.current = made;
    const watcher = new ResizeObserver(() => made.resize());
    watcher.observe(place.current);
    return () => {
      watcher.disconnect();
      made.dispose();
      chart.current = null;
    };
  }, []);

  useEffect(() => {
    const axis = {
      axisLine: { lineStyle: { color: token.colorBorder } },
      axisLabel: { color: token.colorTextSecondary, hideOverlap: true },
      nameTextStyle: { color: token.colorTextSecondary },
      splitLine: { lineStyle: { color: token.colorSplit } },
    };
    const withAxis = (given: unknown) => {
      const own = given as { axisLabel?: object; nameTextStyle?: object } | undefined;
      return {
        ...axis,
        ...own,
        axisLabel: { ...axis.axisLabel, ...own?.axisLabel },
        nameTextStyle: { ...axis.nameTextStyle, ...own?.nameTextStyle },
      };
    };
    chart.current?.setOption(
      {
        animation: false,
        textStyle: { fontFamily: token.fontFamily, color: token.colorText },
        ...props.option,
        tooltip: {
          backgroundColor: token.colorBgElevated,
          borderColor: token.colorBorderSecondary,
          textStyle: { color: token.colorText },
          confine: true,
          ...(props.option.tooltip as object),
        },
        legend: props.option.legend
          ? { textStyle: { color: token.colorText }, ...(props.option.legend as object) }
          : undefined,
        xAxis: withAxis(props.option.xAxis),
        yAxis: withAxis(props.option.yAxis),
      },
      { notMerge: true },
    );
  }, [props.option, token]);

  return <div ref={place} role="img" aria-label={props.label} style={{ height: props.height }} />;
}
