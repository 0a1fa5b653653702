// Two runs side by side: who changed class, and how much value moved.

import { useQuery } from "@tanstack/react-query";
import { Alert, Card, Select, Statistic, Typography } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { compareRuns } from "../../api/endpoints";
import { keys, usePublishedRuns, useRuns } from "../../api/queries";
import type { Comparison, Mover, Run, ValueClass } from "../../api/types";
import { Answer } from "../../components/Answer";
import { ChartCard } from "../../components/ChartCard";
import { heatStyle } from "../../components/heat";
import { ClassMark } from "../../components/Marks";
import { CLASSES } from "../../components/palette";
import { Teach } from "../../components/Teach";
import { useUrlState } from "../../components/urlState";
import { WideTable } from "../../components/WideTable";
import { majorUnits, useFormat } from "../../i18n/format";

export function CompareRuns() {
  const [search] = useUrlState();
  const named = [search.get("from"), search.get("to")].filter((id) => id !== null);
  const published = usePublishedRuns(named);
  return <Answer query={useRuns()}>{() => <Choose runs={published} />}</Answer>;
}

function Choose(props: { runs: Run[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [search, change] = useUrlState();
  const { runs } = props;
  if (runs.length < 2) {
    return <Teach title={t("value.compare.none.title")} hint={t("value.compare.none.hint")} />;
  }
  const to = search.get("to") ?? runs[0]?.id ?? "";
  const from = search.get("from") ?? runs.find((run) => run.id !== to)?.id ?? "";
  const options = runs.map((run) => ({
    value: run.id,
    label: t("value.run.day_at", {
      day: format.day(run.as_of),
      at: format.time(run.finished_at),
    }),
  }));
  return (
    <div className="stack">
      <div className="row">
        <Select
          aria-label={t("value.compare.from")}
          prefix={t("value.compare.from")}
          popupMatchSelectWidth={false}
          value={from}
          options={options}
          onChange={(id) => change({ from: id, to })}
        />
        <Select
          aria-label={t("value.compare.to")}
          prefix={t("value.compare.to")}
          popupMatchSelectWidth={false}
          value={to}
          options={options}
          onChange={(id) => change({ from, to: id })}
        />
      </div>
      {from === to ? (
        <Alert type="info" showIcon title={t("value.compare.same")} />
      ) : (
        <Compared from={from} to={to} />
      )}
    </div>
  );
}

function Compared(props: { from: string; to: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const comparison = useQuery({
    queryKey: [...keys.value, "comparison", props.from, props.to],
    queryFn: ({ signal }) => compareRuns(props.from, props.to, signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <Answer query={comparison}>
      {(found) => {
        const before = found.totals.value_from;
        const after = found.totals.value_to;
        return (
          <>
            <Card>
              <div className="totals">
                <Statistic title={t("value.compare.before")} value={format.moneyShort(before)} />
                <Statistic title={t("value.compare.after")} value={format.moneyShort(after)} />
                <Statistic
                  title={t("value.compare.change")}
                  value={
                    before.minor === 0
                      ? "—"
                      : format.signedPercent(after.minor / before.minor - 1, 1)
                  }
                />
                <Statistic title={t("value.compare.entered")} value={format.count(found.entered)} />
                <Statistic title={t("value.compare.left")} value={format.count(found.left)} />
              </div>
            </Card>
            <Moves comparison={found} />
            <div className="start-choices">
              <Movers title={t("value.compare.up")} movers={found.movers.up} />
              <Movers title={t("value.compare.down")} movers={found.movers.down} />
            </div>
          </>
        );
      }}
    </Answer>
  );
}

function Moves(props: { comparison: Comparison }) {
  const { t } = useTranslation();
  const format = useFormat();
  // Customers of one run only are counted above; here are those who are in both.
  const classes = props.comparison.classes.filter((one) => one.from_class && one.to_class);
  const present = CLASSES.filter((name) =>
    classes.some((one) => (one.from_class === name || one.to_class === name) && one.customers > 0),
  );
  const cell = (from: ValueClass, to: ValueClass) =>
    classes.find((one) => one.from_class === from && one.to_class === to);
  const moved = classes
    .filter((one) => one.from_class !== one.to_class)
    .reduce((sum, one) => sum + one.customers, 0);
  const all = classes.reduce((sum, one) => sum + one.customers, 0);
  return (
    <ChartCard
      finding={t("value.compare.finding", {
        moved: format.count(moved),
        share: format.percent(all > 0 ? moved / all : 0, 0),
      })}
      how={t("value.compare.how")}
      name="class-moves"
      drawing={
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable region
        <section className="heat move" tabIndex={0} aria-label={t("value.compare.how")}>
          <table>
            <thead>
              <tr>
                <th scope="col" style={{ textAlign: "left" }}>
                  {t("value.compare.corner")}
                </th>
                {present.map((to) => (
                  <th key={to} scope="col">
                    <ClassMark of={to} />
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {present.map((from) => {
                const total = present.reduce(
                  (sum, to) => sum + (cell(from, to)?.customers ?? 0),
                  0,
                );
                return (
                  <tr key={from}>
                    <th scope="row">
                      <ClassMark of={from} />
                    </th>
                    {present.map((to) => {
                      const count = cell(from, to)?.customers ?? 0;
                      return (
                        <td key={to} style={count > 0 ? heatStyle(count / total) : undefined}>
                          {count > 0 ? format.count(count) : "·"}
                        </td>
                      );
                    })}
                  </tr>
                );
              })}
            </tbody>
          </table>
        </section>
      }
      table={{
        columns: [
          { title: t("value.compare.class_from") },
          { title: t("value.compare.class_to") },
          {
            title: t("value.matrix.customers"),
            numeric: true,
            text: (n) => format.count(Number(n)),
          },
          {
            title: t("value.compare.before"),
            numeric: true,
            text: (n) => format.number(Number(n), 0),
          },
          {
            title: t("value.compare.after"),
            numeric: true,
            text: (n) => format.number(Number(n), 0),
          },
        ],
        rows: classes.map((one) => [
          t(`terms.class.${one.from_class}`),
          t(`terms.class.${one.to_class}`),
          one.customers,
          majorUnits(one.value_from),
          majorUnits(one.value_to),
        ]),
      }}
    />
  );
}

function Movers(props: { title: string; movers: Mover[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <Card>
      <Typography.Title level={2} className="section-title">
        {props.title}
      </Typography.Title>
      <WideTable<Mover>
        size="small"
        className="numeric"
        rowKey={(mover) => mover.customer.id}
        dataSource={props.movers}
        pagination={false}
        locale={{ emptyText: t("value.compare.nobody") }}
        columns={[
          {
            title: t("customers.column.customer"),
            width: 150,
            render: (_, mover) => (
              <Link to={`/customers/${mover.customer.id}`}>
                {mover.customer.name || mover.customer.external_id || mover.customer.id}
              </Link>
            ),
          },
          {
            title: t("customers.column.class"),
            render: (_, mover) =>
              mover.class_from === mover.class_to
                ? mover.class_to
                  ? t(`terms.class.${mover.class_to}`)
                  : "—"
                : [mover.class_from, mover.class_to]
                    .map((name) => (name ? t(`terms.class.${name}`) : "—"))
                    .join(" → "),
          },
          {
            title: t("value.compare.before"),
            align: "right",
            render: (_, mover) => format.moneyWhole(mover.value_from),
          },
          {
            title: t("value.compare.after"),
            align: "right",
            render: (_, mover) => format.moneyWhole(mover.value_to),
          },
        ]}
      />
    </Card>
  );
}
