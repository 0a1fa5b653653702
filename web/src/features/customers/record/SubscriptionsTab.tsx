// What a customer holds: added, changed, ended.
import { Button, Form, Input, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useMay } from "../../../api/queries";
import {
  addSubscription,
  changeSubscription,
  SUBSCRIPTION_STATUSES,
  type SubscriptionChange,
  type SubscriptionFacts,
  useSubscriptions,
} from "../../../api/record";
import type { Subscription } from "../../../api/types";
import { Answer } from "../../../components/Answer";
import { DayInput } from "../../../components/DayInput";
import { EditDialog } from "../../../components/EditDialog";
import { More } from "../../../components/EventList";
import { Section } from "../../../components/Section";
import { WideTable } from "../../../components/WideTable";
import { ABSENT, useFormat } from "../../../i18n/format";
import { useSaved } from "./useSaved";

export function SubscriptionsTab(props: { customerId: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const list = useSubscriptions(props.customerId);
  const mayWrite = useMay("customers.write");
  const [editing, setEditing] = useState<Subscription | "new" | null>(null);
  return (
    <Section
      title={t("record.subscriptions.title")}
      action={
        mayWrite ? (
          <Button onClick={() => setEditing("new")}>{t("record.subscriptions.add")}</Button>
        ) : null
      }
    >
      <Answer query={list}>
        {({ pages }) => (
          <WideTable<Subscription>
            size="small"
            rowKey="id"
            dataSource={pages.flatMap((page) => page.items)}
            pagination={false}
            locale={{ emptyText: t("customers.subscription.none") }}
            columns={[
              { title: t("customers.subscription.product"), dataIndex: "product" },
              { title: t("customers.subscription.plan"), render: (_, row) => row.plan ?? ABSENT },
              {
                title: t("customers.subscription.number"),
                render: (_, row) => row.number ?? ABSENT,
              },
              {
                title: t("record.subscriptions.device"),
                render: (_, row) => row.device ?? ABSENT,
              },
              {
                title: t("customers.subscription.status"),
                render: (_, row) => t(`customers.subscription.state.${row.status}`),
              },
              {
                title: t("customers.subscription.start"),
                render: (_, row) => format.day(row.started_on),
              },
              {
                title: t("record.subscriptions.term_ends_on"),
                render: (_, row) => format.day(row.term_ends_on),
              },
              {
                title: t("customers.subscription.end"),
                render: (_, row) => format.day(row.ended_on),
              },
              ...(mayWrite
                ? [
                    {
                      key: "edit",
                      render: (_: unknown, row: Subscription) => (
                        <Button
                          type="link"
                          size="small"
                          aria-label={t("record.change_of", { what: row.number ?? row.product })}
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
        <SubscriptionDialog
          customerId={props.customerId}
          held={editing === "new" ? null : editing}
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

type Typed = Omit<Required<SubscriptionFacts>, "started_on"> & { started_on: string | null };

const known = (of: Subscription | null): { values: Typed; version: number } => ({
  values: {
    product: of?.product ?? "",
    plan: of?.plan ?? null,
    number: of?.number ?? null,
    device: of?.device ?? null,
    status: of?.status ?? "active",
    started_on: of?.started_on ?? null,
    term_ends_on: of?.term_ends_on ?? null,
    ended_on: of?.ended_on ?? null,
  },
  version: of?.version ?? 0,
});

function SubscriptionDialog(props: {
  customerId: string;
  held: Subscription | null;
  reread: () => Promise<Subscription[]>;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const { customerId, held } = props;
  const saved = useSaved(customerId);
  const labels = {
    product: t("customers.subscription.product"),
    plan: t("customers.subscription.plan"),
    number: t("customers.subscription.number"),
    device: t("record.subscriptions.device"),
    status: t("customers.subscription.status"),
    started_on: t("customers.subscription.start"),
    term_ends_on: t("record.subscriptions.term_ends_on"),
    ended_on: t("customers.subscription.end"),
  };
  return (
    <EditDialog<Typed>
      title={t(held ? "record.subscriptions.edit_title" : "record.subscriptions.add")}
      save={t("record.save")}
      known={known(held)}
      labels={labels}
      show={(name, value) =>
        name === "status"
          ? t(`customers.subscription.state.${value as Subscription["status"]}`)
          : name.endsWith("_on")
            ? format.day(value as string | null)
            : String(value ?? ABSENT)
      }
      reread={
        held
          ? async () => known((await props.reread()).find((one) => one.id === held.id) ?? held)
          : undefined
      }
      onSave={(typed, { changes, version, key }) =>
        held
          ? changeSubscription(customerId, held.id, version, changes as SubscriptionChange)
          : addSubscription(customerId, { ...typed, started_on: typed.started_on ?? "" }, key)
      }
      onSaved={saved}
      onClose={props.onClose}
    >
      <div className="settings-grid">
        <Form.Item
          name="product"
          label={labels.product}
          rules={[{ required: true, whitespace: true, message: t("app.required") }]}
        >
          <Input autoFocus />
        </Form.Item>
        {(["plan", "number", "device"] as const).map((name) => (
          <Form.Item key={name} name={name} label={labels[name]}>
            <Input />
          </Form.Item>
        ))}
        <Form.Item
          name="started_on"
          label={labels.started_on}
          rules={[{ required: true, message: t("app.required") }]}
        >
          <DayInput />
        </Form.Item>
        <Form.Item name="term_ends_on" label={labels.term_ends_on}>
          <DayInput />
        </Form.Item>
        <Form.Item name="status" label={labels.status}>
          <Select
            options={SUBSCRIPTION_STATUSES.map((status) => ({
              value: status,
              label: t(`customers.subscription.state.${status}`),
            }))}
          />
        </Form.Item>
        <Form.Item
          name="ended_on"
          label={labels.ended_on}
          extra={t("record.subscriptions.end_hint")}
        >
          <DayInput />
        </Form.Item>
      </div>
    </EditDialog>
  );
}
