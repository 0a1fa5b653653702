// Who the customer is, and the people around them.
import { Card, Descriptions, Typography } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Customer, CustomerLink } from "../../api/types";
import { ABSENT, useFormat } from "../../i18n/format";

/** What not everybody has goes without saying. */
const SAID_WHERE_KNOWN = ["organisation", "referred_by", "branch", "owner"];

export function Facts(props: { customer: Customer }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { customer } = props;
  const link = (to: CustomerLink | null) =>
    to ? <Link to={`/customers/${to.id}`}>{to.name}</Link> : null;
  const facts: Record<string, ReactNode> = {
    brand: customer.brand,
    region: customer.region,
    segment: customer.segment,
    since: customer.since ? format.day(customer.since) : null,
    phone: customer.phone,
    email: customer.email,
    organisation: link(customer.organisation),
    referred_by: link(customer.referred_by),
    branch: customer.branch?.name,
    owner: customer.owner?.name,
  };
  return (
    <Card>
      <Typography.Title level={2} className="section-title">
        {t("customers.facts")}
      </Typography.Title>
      <Descriptions
        size="small"
        column={1}
        items={Object.entries(facts)
          .filter(([name, shown]) => shown || !SAID_WHERE_KNOWN.includes(name))
          .map(([name, shown]) => ({
            key: name,
            label: t(`customers.column.${name}`),
            children: shown || ABSENT,
          }))}
      />
    </Card>
  );
}

export function People(props: { customer: Customer }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { contacts, members } = props.customer;
  if (contacts.length === 0 && members.length === 0) return null;
  return (
    <Card>
      {contacts.length > 0 ? (
        <>
          <Typography.Title level={2} className="section-title">
            {t("customers.contacts")}
          </Typography.Title>
          <ul className="reasons">
            {contacts.map((contact) => (
              <li key={contact.id}>
                {contact.customer_id ? (
                  <Link to={`/customers/${contact.customer_id}`}>{contact.name}</Link>
                ) : (
                  contact.name
                )}
                {contact.role
                  ? ` · ${t(`customers.role.${contact.role}`, { defaultValue: contact.role })}`
                  : ""}
                {contact.influence
                  ? ` · ${t("customers.influence", { influence: contact.influence })}`
                  : ""}
                {contact.until
                  ? ` · ${t("record.contacts.until_day", { day: format.day(contact.until) })}`
                  : ""}
              </li>
            ))}
          </ul>
        </>
      ) : null}
      {members.length > 0 ? (
        <>
          <Typography.Title
            level={2}
            className="section-title"
            style={{ marginTop: contacts.length > 0 ? 16 : 0 }}
          >
            {t("customers.members")}
          </Typography.Title>
          <ul className="reasons">
            {members.map((member) => (
              <li key={member.id}>
                <Link to={`/customers/${member.id}`}>{member.name}</Link>
              </li>
            ))}
          </ul>
        </>
      ) : null}
    </Card>
  );
}
