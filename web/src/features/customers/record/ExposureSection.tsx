// What would leave with a person, or with each of the people of an organisation.
import { Alert, Typography } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { type Dependent, type ExposedDetail, useExposure } from "../../../api/exposure";
import { useMay } from "../../../api/queries";
import type { Customer } from "../../../api/types";
import { Answer } from "../../../components/Answer";
import { Section } from "../../../components/Section";
import { Ties } from "../../../components/Ties";
import { WideTable } from "../../../components/WideTable";
import { useFormat } from "../../../i18n/format";

export function ExposureSection(props: { customer: Customer }) {
  return useMay("value.read") ? <OfCustomer customer={props.customer} /> : null;
}

function OfCustomer(props: { customer: Customer }) {
  const { t } = useTranslation();
  const format = useFormat();
  const exposure = useExposure(props.customer.id);
  const { data } = exposure;
  // Before the first run there are no figures, and without contacts nobody.
  if (data === null || data?.people.length === 0) return null;
  return (
    <Section title={t("record.exposure.title")}>
      <p className="definition settings-hint">{t("record.exposure.hint")}</p>
      <Answer query={exposure}>
        {(found) =>
          found ? (
            <div className="stack">
              {found.complete ? null : (
                <Alert type="warning" showIcon title={t("record.exposure.incomplete")} />
              )}
              <People people={found.people} here={props.customer.id} />
              <Typography.Text type="secondary">
                {t("customers.as_of", { day: format.day(found.run.as_of) })}
              </Typography.Text>
            </div>
          ) : null
        }
      </Answer>
    </Section>
  );
}

const keyOf = (person: ExposedDetail) => person.ties[0]?.contact_id ?? person.name;

function People(props: { people: ExposedDetail[]; here: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { people, here } = props;
  return (
    <WideTable<ExposedDetail>
      size="small"
      className="numeric"
      rowKey={keyOf}
      dataSource={people}
      pagination={false}
      expandable={{
        expandedRowRender: (person) => <Largest of={person} />,
        rowExpandable: (person) => person.largest.length > 0,
        // Of one person all is shown at once.
        defaultExpandAllRows: people.length === 1,
      }}
      columns={[
        {
          title: t("record.exposure.person"),
          render: (_, person) =>
            person.customer_id && person.customer_id !== here ? (
              <Link to={`/customers/${person.customer_id}?tab=contacts`}>{person.name}</Link>
            ) : (
              person.name
            ),
        },
        {
          title: t("record.exposure.ties"),
          className: "wrapping",
          render: (_, person) => <Ties of={person.ties} here={here} />,
        },
        {
          title: t("record.exposure.customers"),
          align: "right",
          render: (_, person) => format.count(person.customers),
        },
        {
          title: t("record.exposure.subscriptions"),
          align: "right",
          render: (_, person) => format.count(person.subscriptions),
        },
        {
          title: t("record.exposure.revenue"),
          align: "right",
          render: (_, person) => format.moneyWhole(person.revenue_12m),
        },
        {
          title: t("terms.short.clv_36m"),
          align: "right",
          render: (_, person) => format.moneyWhole(person.clv_36m),
        },
      ]}
    />
  );
}

/** Those who bring most of it. */
function Largest(props: { of: ExposedDetail }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { largest, customers, name } = props.of;
  return (
    <>
      <WideTable<Dependent>
        size="small"
        aria-label={t("record.exposure.largest", { name })}
        rowKey={(row) => row.customer.id}
        dataSource={largest}
        pagination={false}
        columns={[
          {
            title: t("record.exposure.dependent"),
            render: (_, { customer }) => (
              <Link to={`/customers/${customer.id}`}>{customer.name || customer.external_id}</Link>
            ),
          },
          {
            title: t("record.exposure.revenue"),
            align: "right",
            render: (_, row) => format.moneyWhole(row.revenue_12m),
          },
          {
            title: t("terms.short.clv_36m"),
            align: "right",
            render: (_, row) => format.moneyWhole(row.clv_36m),
          },
        ]}
      />
      {customers > largest.length ? (
        <Typography.Text type="secondary">
          {t("record.exposure.more", { number: format.count(customers - largest.length) })}
        </Typography.Text>
      ) : null}
    </>
  );
}
