// A figure: its title states the finding; beside the drawing stand its table and its CSV file.

import { BarChartOutlined, DownloadOutlined, TableOutlined } from "@ant-design/icons";
import { Button, Card, Segmented, Skeleton, Typography } from "antd";
import { lazy, type ReactNode, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { type Cell, downloadCsv } from "./csv";
import type { ChartOption } from "./EChart";
import { WideTable } from "./WideTable";

const EChart = lazy(() => import("./EChart"));

export type ChartTable = {
  /** Heading and what a cell shows; the CSV gets the bare value. */
  columns: { title: string; text?: (value: Cell) => ReactNode; numeric?: boolean }[];
  rows: Cell[][];
};

export function ChartCard(props: {
  finding: string;
  how?: ReactNode;
  /** File name of the CSV, without ending. */
  name: string;
  option?: ChartOption;
  height?: number;
  table: ChartTable;
  /** Drawn instead of a chart, where the drawing is itself made of HTML. */
  drawing?: ReactNode;
  extra?: ReactNode;
}) {
  const { t } = useTranslation();
  const [face, setFace] = useState<"chart" | "table">("chart");
  const { columns, rows } = props.table;
  return (
    <Card className="chart-card">
      <div className="chart-head">
        <div className="chart-text">
          <Typography.Title level={2} className="chart-title">
            {props.finding}
          </Typography.Title>
          {props.how ? <Typography.Text type="secondary">{props.how}</Typography.Text> : null}
        </div>
        <div className="chart-tools">
          <Segmented
            size="small"
            aria-label={t("app.chart.face")}
            value={face}
            onChange={setFace}
            options={[
              {
                value: "chart",
                icon: <BarChartOutlined aria-hidden />,
                label: t("app.chart.chart"),
              },
              { value: "table", icon: <TableOutlined aria-hidden />, label: t("app.chart.table") },
            ]}
          />
          <Button
            size="small"
            icon={<DownloadOutlined aria-hidden />}
            onClick={() =>
              downloadCsv(
                props.name,
                columns.map((column) => column.title),
                rows,
              )
            }
          >
            CSV
          </Button>
        </div>
      </div>
      {face === "table" ? (
        <WideTable
          size="small"
          rowKey={(row) => rows.indexOf(row)}
          dataSource={rows}
          pagination={rows.length > 30 ? { pageSize: 30, showSizeChanger: false } : false}
          columns={columns.map((column, index) => ({
            title: column.title,
            align: column.numeric ? ("right" as const) : ("left" as const),
            render: (_: unknown, row: Cell[]) => {
              const value = row[index];
              return column.text ? column.text(value) : (value ?? "—");
            },
          }))}
        />
      ) : (
        (props.drawing ?? (
          <Suspense
            fallback={
              <Skeleton.Node active style={{ width: "100%", height: props.height ?? 300 }} />
            }
          >
            {props.option ? (
              <EChart option={props.option} height={props.height ?? 300} label={props.finding} />
            ) : null}
          </Suspense>
        ))
      )}
      {props.extra}
    </Card>
  );
}
