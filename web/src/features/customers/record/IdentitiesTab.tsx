// What a customer is known by, and was.
import { useMutation } from "@tanstack/react-query";
import { App, Button, Form, Input, Popconfirm, Select, Tag, Typography } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useMay } from "../../../api/queries";
import {
  addIdentity,
  endIdentity,
  IDENTITY_KINDS,
  type Identity,
  type IdentityKind,
  useIdentities,
} from "../../../api/record";
import { Answer } from "../../../components/Answer";
import { EditDialog } from "../../../components/EditDialog";
import { More } from "../../../components/EventList";
import { errorText } from "../../../components/problem";
import { Section } from "../../../components/Section";
import { WideTable } from "../../../components/WideTable";
import { useFormat } from "../../../i18n/format";
import { useSaved } from "./useSaved";

type Typed = { kind: IdentityKind; value: string };

export function IdentitiesTab(props: { customerId: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const list = useIdentities(props.customerId);
  const saved = useSaved(props.customerId);
  const mayWrite = useMay("customers.write");
  const [adding, setAdding] = useState(false);
  return (
    <Section
      title={t("record.identities.title")}
      action={
        mayWrite ? (
          <Button onClick={() => setAdding(true)}>{t("record.identities.add")}</Button>
        ) : null
      }
    >
      <p className="definition settings-hint">{t("record.identities.hint")}</p>
      <Answer query={list}>
        {({ pages }) => {
          const items = pages.flatMap((page) => page.items);
          return (
            <WideTable<Identity>
              size="small"
              rowKey="id"
              // What holds comes first; what is over follows as its history.
              dataSource={[
                ...items.filter((one) => !one.ended_at),
                ...items.filter((one) => one.ended_at),
              ]}
              pagination={false}
              locale={{ emptyText: t("record.identities.none") }}
              columns={[
                {
                  title: t("record.identities.kind"),
                  render: (_, row) => t(`terms.identity.${row.kind}`),
                },
                {
                  title: t("record.identities.value"),
                  render: (_, row) =>
                    row.ended_at ? <del>{row.value}</del> : <strong>{row.value}</strong>,
                },
                {
                  title: t("record.identities.state"),
                  render: (_, row) =>
                    row.ended_at ? (
                      <Typography.Text type="secondary">
                        {row.ended_because
                          ? t(`record.identities.because.${row.ended_because}`)
                          : null}
                      </Typography.Text>
                    ) : (
                      <span className="row">
                        {t("record.identities.active")}
                        {row.imported ? <Tag>{t("record.identities.imported")}</Tag> : null}
                      </span>
                    ),
                },
                {
                  title: t("record.identities.since"),
                  render: (_, row) => format.time(row.active_since),
                },
                {
                  title: t("record.identities.until"),
                  render: (_, row) => format.time(row.ended_at),
                },
                ...(mayWrite
                  ? [
                      {
                        key: "end",
                        render: (_: unknown, row: Identity) =>
                          row.ended_at ? null : <End customerId={props.customerId} of={row} />,
                      },
                    ]
                  : []),
              ]}
            />
          );
        }}
      </Answer>
      <More of={list} />
      {adding ? (
        <EditDialog<Typed>
          title={t("record.identities.add")}
          save={t("record.save")}
          known={{ values: { kind: "phone", value: "" }, version: 0 }}
          labels={{ kind: t("record.identities.kind"), value: t("record.identities.value") }}
          onSave={(typed, { key }) => addIdentity(props.customerId, typed, key)}
          onSaved={saved}
          onClose={() => setAdding(false)}
        >
          <Form.Item name="kind" label={t("record.identities.kind")}>
            <Select
              options={IDENTITY_KINDS.map((kind) => ({
                value: kind,
                label: t(`terms.identity.${kind}`),
              }))}
            />
          </Form.Item>
          <Form.Item
            name="value"
            label={t("record.identities.value")}
            extra={t("record.identities.value_hint")}
            rules={[{ required: true, whitespace: true, message: t("app.required") }]}
          >
            <Input autoFocus autoComplete="off" />
          </Form.Item>
        </EditDialog>
      ) : null}
    </Section>
  );
}

function End(props: { customerId: string; of: Identity }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const saved = useSaved(props.customerId);
  const { id, value } = props.of;
  const end = useMutation({
    mutationFn: () => endIdentity(props.customerId, id),
    onSuccess: () => saved(),
    onError: (error) => message.error(errorText(error, t)),
  });
  return (
    <Popconfirm
      title={t("record.identities.end_title", { value })}
      description={t("record.identities.end_hint")}
      okText={t("record.identities.end")}
      onConfirm={() => end.mutate()}
    >
      <Button
        type="link"
        size="small"
        loading={end.isPending}
        aria-label={t("record.identities.end_of", { value })}
      >
        {t("record.identities.end")}
      </Button>
    </Popconfirm>
  );
}
