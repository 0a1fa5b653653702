// The head figures of a customer; each explains itself.
import type { UseQueryResult } from "@tanstack/react-query";
import { Alert, Card } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { CustomerValue } from "../../api/types";
import { Answer } from "../../components/Answer";
import { Explained } from "../../components/Explained";
import { BucketMark, ClassMark, LoyaltyMark } from "../../components/Marks";
import { useFormat } from "../../i18n/format";

function Cell(props: { label: string; note?: ReactNode; children: ReactNode }) {
  return (
    <div>
      <div className="figure-label">{props.label}</div>
      <div className="figure-number">{props.children}</div>
      {props.note ? <div className="figure-note">{props.note}</div> : null}
    </div>
  );
}

export function FigureStrip(props: { query: UseQueryResult<CustomerValue | null> }) {
  const { t } = useTranslation();
  return (
    <Card>
      <Answer query={props.query} rows={1}>
        {(value) =>
          value ? (
            <Strip value={value} />
          ) : (
            <Alert
              type="info"
              showIcon
              title={t("customers.no_profile.title")}
              description={t("customers.no_profile.hint")}
            />
          )
        }
      </Answer>
    </Card>
  );
}

function Strip(props: { value: CustomerValue }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { run, profile, comparison } = props.value;
  const figure = (name: string) => props.value.figures.find((one) => one.name === name);
  const explained = (name: string, text: string) => (
    <Explained figure={figure(name)} run={run} text={text} large />
  );
  const change =
    comparison && comparison.value_before.minor !== 0
      ? profile.value.minor / comparison.value_before.minor - 1
      : null;
  return (
    <div className="customer-figures">
      <Cell
        label={t("terms.figure.value")}
        note={
          change === null
            ? null
            : t("customers.since_last", { change: format.signedPercent(change, 0) })
        }
      >
        {explained("value", format.moneyWhole(profile.value))}
      </Cell>
      <Cell label={t("terms.figure.value_at_risk")}>
        {explained("value_at_risk", format.moneyWhole(profile.value_at_risk))}
      </Cell>
      <Cell label={t("terms.figure.p_alive")}>
        {explained("p_alive", format.percent(profile.p_alive, 0))}
      </Cell>
      <Cell
        label={t("customers.column.class")}
        note={
          comparison && comparison.class_before !== profile.class
            ? t("customers.class_before", { before: t(`terms.class.${comparison.class_before}`) })
            : t(`terms.class_meaning.${profile.class}`)
        }
      >
        <ClassMark of={profile.class} />
      </Cell>
      <Cell label={t("customers.column.loyalty")}>
        <LoyaltyMark of={profile.loyalty} />
      </Cell>
      <Cell label={t("customers.column.bucket")}>
        <BucketMark of={profile.bucket} />
      </Cell>
      <Cell label={t("terms.figure.contribution")}>
        {explained("contribution", format.moneyWhole(profile.contribution))}
      </Cell>
      <Cell label={t("terms.figure.stability")}>
        {explained("stability", format.number(profile.stability, 2))}
      </Cell>
      <Cell label={t("customers.column.rfm")} note={t("customers.rfm_scale")}>
        {`${profile.rfm.r}-${profile.rfm.f}-${profile.rfm.m}`}
      </Cell>
    </div>
  );
}
