// The people who matter inside an organisation, and who belongs to it.
import { Button, Form, Input, Select, Typography } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useMay } from "../../../api/queries";
import {
  addContact,
  CONTACT_ROLES,
  type ContactChange,
  type ContactFacts,
  changeContact,
  useContacts,
} from "../../../api/record";
import type { Contact, Customer } from "../../../api/types";
import { Answer } from "../../../components/Answer";
import { CustomerPicker } from "../../../components/CustomerPicker";
import { DayInput } from "../../../components/DayInput";
import { EditDialog } from "../../../components/EditDialog";
import { More } from "../../../components/EventList";
import { Section } from "../../../components/Section";
import { WideTable } from "../../../components/WideTable";
import { ABSENT, useFormat } from "../../../i18n/format";
import { ExposureSection } from "./ExposureSection";
import { useSaved } from "./useSaved";

export function ContactsTab(props: { customer: Customer }) {
  const { t } = useTranslation();
  const { customer } = props;
  return (
    <div className="stack">
      {customer.kind === "organisation" ? (
        <Contacts customerId={customer.id} />
      ) : (
        <Section title={t("record.contacts.title")}>
          <Typography.Text type="secondary">{t("record.contacts.of_person")}</Typography.Text>
          {customer.organisation ? (
            <p className="in-text" style={{ marginBottom: 0 }}>
              {t("record.contacts.see")}
              <Link to={`/customers/${customer.organisation.id}?tab=contacts`}>
                {customer.organisation.name}
              </Link>
            </p>
          ) : null}
        </Section>
      )}
      <ExposureSection customer={customer} />
      {customer.members.length > 0 ? (
        <Section title={t("record.contacts.members")}>
          <ul className="columns">
            {customer.members.map((member) => (
              <li key={member.id}>
                <Link to={`/customers/${member.id}`}>{member.name}</Link>
              </li>
            ))}
          </ul>
        </Section>
      ) : null}
    </div>
  );
}

function Contacts(props: { customerId: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const list = useContacts(props.customerId);
  const mayWrite = useMay("customers.write");
  const [editing, setEditing] = useState<Contact | "new" | null>(null);
  return (
    <Section
      title={t("record.contacts.title")}
      action={
        mayWrite ? (
          <Button onClick={() => setEditing("new")}>{t("record.contacts.add")}</Button>
        ) : null
      }
    >
      <Answer query={list}>
        {({ pages }) => (
          <WideTable<Contact>
            size="small"
            rowKey="id"
            dataSource={pages.flatMap((page) => page.items)}
            pagination={false}
            locale={{ emptyText: t("record.contacts.none") }}
            columns={[
              {
                title: t("record.contacts.name"),
                render: (_, row) =>
                  row.customer_id ? (
                    <Link to={`/customers/${row.customer_id}`}>{row.name}</Link>
                  ) : (
                    row.name
                  ),
              },
              {
                title: t("record.contacts.role"),
                render: (_, row) => t(`customers.role.${row.role}`),
              },
              {
                title: t("record.contacts.influence"),
                render: (_, row) => <Influence of={row.influence} />,
              },
              { title: t("record.contacts.since"), render: (_, row) => format.day(row.since) },
              { title: t("record.contacts.until"), render: (_, row) => format.day(row.until) },
              ...(mayWrite
                ? [
                    {
                      key: "edit",
                      render: (_: unknown, row: Contact) => (
                        <Button
                          type="link"
                          size="small"
                          aria-label={t("record.change_of", { what: row.name })}
                          onClick={() => setEditing(row)}
                        >
                          {t("record.change")}
                        </Button>
                      ),
                    },
                  ]
                : []),
            ]}
          />
        )}
      </Answer>
      <More of={list} />
      {editing ? (
        <ContactDialog
          customerId={props.customerId}
          contact={editing === "new" ? null : editing}
          reread={async () => {
            const { data } = await list.refetch();
            return data?.pages.flatMap((page) => page.items) ?? [];
          }}
          onClose={() => setEditing(null)}
        />
      ) : null}
    </Section>
  );
}

/** One to five, as a bar and in words. */
export function Influence(props: { of: number }) {
  const { t } = useTranslation();
  return (
    <span className="influence" title={t("customers.influence", { influence: props.of })}>
      <span aria-hidden className="influence-bars">
        {[1, 2, 3, 4, 5].map((step) => (
          <span key={step} className={step <= props.of ? "influence-on" : undefined} />
        ))}
      </span>
      <span className="numeric">{t("record.contacts.of_five", { influence: props.of })}</span>
    </span>
  );
}

type Typed = Required<ContactFacts>;

const known = (of: Contact | null): { values: Typed; version: number } => ({
  values: {
    name: of?.name ?? "",
    role: of?.role ?? "key_person",
    influence: of?.influence ?? 3,
    customer_id: of?.customer_id ?? null,
    since: of?.since ?? null,
    until: of?.until ?? null,
  },
  version: of?.version ?? 0,
});

function ContactDialog(props: {
  customerId: string;
  contact: Contact | null;
  reread: () => Promise<Contact[]>;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const { customerId, contact } = props;
  const saved = useSaved(customerId);
  const labels = {
    name: t("record.contacts.name"),
    role: t("record.contacts.role"),
    influence: t("record.contacts.influence"),
    customer_id: t("record.contacts.customer"),
    since: t("record.contacts.since"),
    until: t("record.contacts.until"),
  };
  return (
    <EditDialog<Typed>
      title={t(contact ? "record.contacts.edit_title" : "record.contacts.add")}
      save={t("record.save")}
      known={known(contact)}
      labels={labels}
      show={(name, value) =>
        name === "role"
          ? t(`customers.role.${value as Contact["role"]}`)
          : name === "since" || name === "until"
            ? format.day(value as string | null)
            : name === "customer_id"
              ? t(value ? "events.another" : "record.nobody")
              : String(value ?? ABSENT)
      }
      reread={
        contact
          ? async () =>
              known((await props.reread()).find((one) => one.id === contact.id) ?? contact)
          : undefined
      }
      onSave={(typed, { changes, version, key }) =>
        contact
          ? changeContact(customerId, contact.id, version, changes as ContactChange)
          : addContact(customerId, typed, key)
      }
      onSaved={saved}
      onClose={props.onClose}
    >
      <Form.Item
        name="name"
        label={labels.name}
        rules={[{ required: true, whitespace: true, message: t("app.required") }]}
      >
        <Input autoFocus />
      </Form.Item>
      <div className="settings-grid">
        <Form.Item name="role" label={labels.role}>
          <Select
            options={CONTACT_ROLES.map((role) => ({
              value: role,
              label: t(`customers.role.${role}`),
            }))}
          />
        </Form.Item>
        <Form.Item
          name="influence"
          label={labels.influence}
          extra={t("record.contacts.influence_hint")}
        >
          <Select
            options={[1, 2, 3, 4, 5].map((influence) => ({
              value: influence,
              label: t(`record.contacts.influences.${influence}`),
            }))}
          />
        </Form.Item>
        <Form.Item name="since" label={labels.since}>
          <DayInput />
        </Form.Item>
        <Form.Item name="until" label={labels.until} extra={t("record.contacts.until_hint")}>
          <DayInput />
        </Form.Item>
      </div>
      <Form.Item
        name="customer_id"
        label={labels.customer_id}
        extra={t("record.contacts.customer_hint")}
      >
        <CustomerPicker
          kind="person"
          known={contact?.customer_id ? { id: contact.customer_id, name: contact.name } : undefined}
        />
      </Form.Item>
    </EditDialog>
  );
}
