// The leaky bucket: what one period lost, kept and won against the one before, in heads and money.
import { Alert, Card, Descriptions, Grid, Typography, theme } from "antd";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { BucketSegment, LeakyBucket } from "../../api/types";
import { ChartCard } from "../../components/ChartCard";
import { BUCKET_COLOUR, BUCKETS, SERIES_COLOUR } from "../../components/palette";
import { ABSENT, majorUnits, useFormat } from "../../i18n/format";
import { CustomersLink } from "./CustomersLink";
import { bucketFinding, replacementFinding, segmentOf } from "./findings";
import type { ReportTab } from "./ValueRoom";

type Bar = { name: string; base: number; height: number; change: number; colour: string };

/** The bars of the waterfall from opening to closing revenue; each stands where the last one ended. */
export function waterfall(
  bucket: LeakyBucket,
  name: (segment: BucketSegment | "opening" | "closing") => string,
): Bar[] {
  const total = (which: "opening" | "closing", minor: number): Bar => ({
    name: name(which),
    base: 0,
    height: minor,
    change: minor,
    colour: SERIES_COLOUR.total,
  });
  const order: BucketSegment[] = ["lost", "dormant", "shrunk", "kept", "grown", "won_back", "new"];
  let level = bucket.opening_minor;
  const steps = order.flatMap((segment) => {
    const change = segmentOf(bucket, segment)?.change_minor ?? 0;
    if (change === 0) return [];
    const bar = {
      name: name(segment),
      base: Math.min(level, level + change),
      height: Math.abs(change),
      change,
      colour: BUCKET_COLOUR[segment],
    };
    level += change;
    return [bar];
  });
  return [total("opening", bucket.opening_minor), ...steps, total("closing", bucket.closing_minor)];
}

export function Bucket({ report, newest }: ReportTab) {
  const { t } = useTranslation();
  const format = useFormat();
  const bucket = report.leaky_bucket;
  const { currency } = report;
  const { token } = theme.useToken();
  const narrow = !Grid.useBreakpoint().md;

  const option = useMemo(() => {
    if (!bucket) return undefined;
    const major = (minor: number) => majorUnits({ minor, currency });
    const bars = waterfall(bucket, (segment) =>
      segment === "opening" || segment === "closing"
        ? t(`value.bucket.${segment}`)
        : t(`terms.bucket.${segment}`),
    );
    return {
      grid: { left: 8, right: 8, top: 36, bottom: 4, containLabel: true },
      tooltip: {
        trigger: "axis",
        axisPointer: { type: "shadow" },
        formatter: (hits: { dataIndex: number }[]) => {
          const bar = bars[hits[0]?.dataIndex ?? 0];
          return bar ? `${bar.name}<br/>${format.money({ minor: bar.change, currency })}` : "";
        },
      },
      xAxis: {
        type: "category",
        data: bars.map((bar) => bar.name),
        axisLabel: { interval: 0, hideOverlap: false, rotate: narrow ? 45 : 0 },
      },
      yAxis: {
        type: "value",
        name: t("value.axis.revenue", { currency }),
        nameTextStyle: { align: "left" },
        axisLabel: { formatter: (amount: number) => format.compact(amount) },
      },
      series: [
        {
          type: "bar",
          stack: "waterfall",
          silent: true,
          itemStyle: { color: "transparent" },
          data: bars.map((bar) => major(bar.base)),
        },
        {
          type: "bar",
          stack: "waterfall",
          barMaxWidth: 64,
          data: bars.map((bar) => ({
            value: major(bar.height),
            itemStyle: { color: bar.colour },
          })),
          label: {
            show: !narrow,
            position: "top",
            color: token.colorText,
            formatter: (hit: { dataIndex: number }) =>
              format.moneyShort({ minor: bars[hit.dataIndex]?.change ?? 0, currency }),
          },
        },
      ],
    };
  }, [bucket, currency, narrow, token, format, t]);

  if (!bucket) return <Alert type="info" showIcon title={t("value.bucket.none")} />;
  const words = { t, format };
  const money = (minor: number) => format.money({ minor, currency });
  const cost = bucket.replacement_cost;
  const costOfOne = report.settings.acquisition_cost_minor;
  const unset = <Link to="/value/settings">{t("value.bucket.acquisition_unset")}</Link>;
  const lostSegment = segmentOf(bucket, "lost")?.customers ?? 0;
  const known = BUCKETS.filter((segment) => segmentOf(bucket, segment));
  return (
    <div className="stack">
      <ChartCard
        finding={bucketFinding(report, words) ?? ""}
        how={t("value.bucket.how", {
          p0: `${format.day(bucket.p0.from)} – ${format.day(bucket.p0.to)}`,
          p1: `${format.day(bucket.p1.from)} – ${format.day(bucket.p1.to)}`,
        })}
        name={`leaky-bucket-${report.as_of}`}
        option={option}
        height={360}
        table={{
          columns: [
            { title: t("value.bucket.segment") },
            {
              title: t("value.bucket.customers"),
              numeric: true,
              text: (n) => format.count(Number(n)),
            },
            ...["p0", "p1", "change"].map((column) => ({
              title: `${t(`value.bucket.${column}`)} (${currency})`,
              numeric: true,
              text: (amount: unknown) => format.number(Number(amount), 2),
            })),
          ],
          rows: known.map((segment) => {
            const row = segmentOf(bucket, segment);
            const major = (minor = 0) => majorUnits({ minor, currency });
            return [
              t(`terms.bucket.${segment}`),
              row?.customers ?? 0,
              major(row?.p0_minor),
              major(row?.p1_minor),
              major(row?.change_minor),
            ];
          }),
        }}
        extra={
          <div className="row" style={{ marginTop: 12 }}>
            {known.map((segment) => (
              <CustomersLink key={segment} newest={newest} filter={`bucket=${segment}`}>
                {t(`terms.bucket.${segment}`)} {format.count(segmentOf(bucket, segment)?.customers)}
              </CustomersLink>
            ))}
          </div>
        }
      />
      <Card>
        <Typography.Title level={2} className="section-title">
          {replacementFinding(report, words) ?? t("value.bucket.no_loss")}
        </Typography.Title>
        <Descriptions
          size="small"
          layout="vertical"
          colon={false}
          column={{ xs: 1, sm: 2, lg: 3, xl: 5 }}
          items={[
            {
              key: "lost",
              label: t("value.bucket.lost_customers"),
              children: format.count(cost.lost_customers),
            },
            {
              key: "one",
              label: t("value.bucket.acquisition_one"),
              children: costOfOne > 0 ? money(costOfOne) : unset,
            },
            {
              key: "all",
              label: t("value.bucket.acquisition_cost"),
              children: costOfOne > 0 ? money(cost.acquisition_cost_minor) : ABSENT,
            },
            { key: "clv", label: t("value.bucket.clv_gone"), children: money(cost.clv_gone_minor) },
            {
              key: "payback",
              label: t("value.bucket.payback"),
              children:
                costOfOne <= 0
                  ? unset
                  : bucket.payback_months === null
                    ? t("value.bucket.payback_unknown")
                    : format.span(bucket.payback_months, "month"),
            },
          ]}
        />
        {lostSegment === cost.lost_customers ? null : (
          <p className="definition" style={{ marginTop: 12 }}>
            {t("value.bucket.two_losts", {
              all: format.count(lostSegment),
              bought: format.count(cost.lost_customers),
            })}
          </p>
        )}
        <p className="definition" style={{ marginTop: 12 }}>
          {t(bucket.reconciles ? "value.bucket.reconciles" : "value.bucket.differs")}
        </p>
      </Card>
    </div>
  );
}
