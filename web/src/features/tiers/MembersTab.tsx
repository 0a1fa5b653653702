// How many have each level, the deciding on everybody, and one customer's level with its reason.
import { SyncOutlined } from "@ant-design/icons";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Alert, App, Button, Card, theme } from "antd";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { takeJob, useCustomer, useMay, useSetup, useWholeFirm } from "../../api/queries";
import {
  DECISIONS_JOB,
  decideAll,
  type ProgrammeShown,
  useMembers,
  useWorkOn,
} from "../../api/tiers";
import { Answer } from "../../components/Answer";
import { ChartCard } from "../../components/ChartCard";
import { CustomerPicker } from "../../components/CustomerPicker";
import type { ChartOption } from "../../components/EChart";
import { shownName } from "../../components/erased";
import { JobProgress } from "../../components/JobProgress";
import { errorText } from "../../components/problem";
import { Section } from "../../components/Section";
import { Teach } from "../../components/Teach";
import { MemberCard } from "../../components/tiers/MemberCard";
import { useUrlState } from "../../components/urlState";
import { useNameOf } from "../../components/useNameOf";
import { useFormat } from "../../i18n/format";

export function MembersTab(props: { of: ProgrammeShown }) {
  const { of } = props;
  const { t } = useTranslation();
  const mayCustomers = useMay("customers.read");
  // Also where everybody is decided on in every programme.
  const job = useWorkOn(DECISIONS_JOB, null);
  if (!of.in_force) {
    return <Teach title={t("tiers.members.none.title")} hint={t("tiers.members.none.hint")} />;
  }
  return (
    <div className="stack">
      {job ? (
        <Card>
          <JobProgress job={job} />
        </Card>
      ) : null}
      {of.counts ? (
        <Counts of={of} />
      ) : (
        <Alert type="info" showIcon title={t("tiers.members.scope")} />
      )}
      {mayCustomers ? <OneCustomer programme={of.id} /> : null}
    </div>
  );
}

function DecideButton(props: { programme: string }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const { message } = App.useApp();
  const mayWrite = useMay("tiers.write");
  const whole = useWholeFirm();
  const decide = useMutation({
    mutationFn: () => decideAll(props.programme),
    onSuccess: (job) => takeJob(client, job),
    onError: (error) => {
      message.error(errorText(error, t));
    },
  });
  if (!mayWrite || !whole) return null;
  return (
    <div className="row tier-decide">
      <Button
        icon={<SyncOutlined aria-hidden />}
        loading={decide.isPending}
        onClick={() => decide.mutate()}
      >
        {t("tiers.members.decide")}
      </Button>
      <span className="figure-note">{t("tiers.members.decide_hint")}</span>
    </div>
  );
}

/** The levels in force with how many have each, the lowest first. */
const rowsOf = (of: ProgrammeShown) =>
  (of.in_force?.document.levels ?? []).map((level) => ({
    level,
    customers: of.counts?.find((count) => count.level === level.code)?.customers ?? 0,
  }));

function Counts(props: { of: ProgrammeShown }) {
  const { of } = props;
  const { t } = useTranslation();
  const format = useFormat();
  const nameOf = useNameOf();
  const { token } = theme.useToken();
  const everybody = useSetup().data?.customers ?? 0;
  const rows = rowsOf(of);
  const held = rows.reduce((sum, row) => sum + row.customers, 0);
  const top = rows[rows.length - 1];
  const option = useMemo<ChartOption>(() => {
    const bars = rowsOf(of);
    return {
      grid: { left: 8, right: 48, top: 8, bottom: 24, containLabel: true },
      tooltip: { trigger: "axis", axisPointer: { type: "shadow" } },
      xAxis: {
        type: "value",
        name: t("tiers.axis.customers"),
        nameLocation: "middle",
        nameGap: 28,
        minInterval: 1,
      },
      yAxis: {
        type: "category",
        data: bars.map(({ level }) => (format.language === "zh-CN" ? level.zh : level.en)),
      },
      series: [
        {
          type: "bar",
          barMaxWidth: 28,
          label: {
            show: true,
            position: "right",
            color: token.colorText,
            formatter: (hit: { value: number }) => format.count(hit.value),
          },
          data: bars.map(({ level, customers }) => ({
            value: customers,
            // Levels have the firm's own colours, pale ones among them: a line keeps each visible.
            itemStyle: {
              color: level.colour,
              borderColor: token.colorTextTertiary,
              borderWidth: 0.5,
            },
          })),
        },
      ],
    };
  }, [of, token, format, t]);
  return (
    <ChartCard
      finding={t("tiers.members.finding", {
        held: format.count(held),
        share: format.percent(everybody > 0 ? held / everybody : 0),
        level: top ? nameOf(top.level) : t("tiers.no_level"),
        top: format.count(top?.customers ?? 0),
      })}
      how={t("tiers.members.how")}
      name={`levels-${of.code}`}
      option={option}
      height={72 + 48 * Math.max(1, rows.length)}
      extra={<DecideButton programme={of.id} />}
      table={{
        columns: [
          { title: t("tiers.edit.level") },
          {
            title: t("tiers.matrix.customers"),
            numeric: true,
            text: (n) => format.count(Number(n)),
          },
        ],
        rows: rows.map((row) => [nameOf(row.level), row.customers]),
      }}
    />
  );
}

/** Somebody asks why: the customer is in the address, so that the answer can be sent on. */
function OneCustomer(props: { programme: string }) {
  const { t } = useTranslation();
  const [search, change] = useUrlState();
  const customer = search.get("customer");
  const members = useMembers(customer ?? "", customer !== null);
  const known = useCustomer(customer ?? "", customer !== null).data ?? null;
  return (
    <Section
      title={t("tiers.members.one")}
      action={
        customer ? (
          <Link to={`/customers/${customer}?tab=tiers`}>{t("tiers.members.history")}</Link>
        ) : null
      }
    >
      <div className="narrow tier-picker">
        {/* Begun anew once the name of who stands in the address is known. */}
        <CustomerPicker
          key={known?.id ?? "nobody"}
          label={t("tiers.members.choose")}
          value={known?.id ?? null}
          known={known && { id: known.id, name: shownName(known, t) }}
          onChange={(id) => change({ customer: id })}
        />
      </div>
      {customer ? (
        <Answer query={members} rows={3}>
          {(items) => {
            const member = items.find((one) => one.programme === props.programme);
            return member ? (
              <MemberCard of={member} />
            ) : (
              <p className="definition">{t("tiers.members.not_for")}</p>
            );
          }}
        </Answer>
      ) : null}
    </Section>
  );
}
