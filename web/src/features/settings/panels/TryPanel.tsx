// Asks the system about one customer with what is typed, before it is saved, and lets values be chosen from
// what it answers.
import { useMutation } from "@tanstack/react-query";
import { Button, Form, type FormInstance, Typography } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type PanelField, type PanelTry, tryPanel } from "../../../api/settings";
import { ProblemAlert } from "../../../components/Answer";
import { CustomerPicker } from "../../../components/CustomerPicker";
import { PanelValues } from "../../../components/PanelValues";
import { WideTable } from "../../../components/WideTable";
import { useFormat } from "../../../i18n/format";
import { kindOf, type Leaf, leavesOf, secretOf, type Typed, triedOf } from "./panelForm";

const LEAVES_MOST = 100;
const VALUE_CHARS = 80;

export function TryPanel(props: { panel: string | null; form: FormInstance<Typed> }) {
  const { t } = useTranslation();
  const { panel, form } = props;
  const [customer, setCustomer] = useState<string | null>(null);
  const ask = useMutation({
    mutationFn: async (about: string) => {
      const typed = { ...form.getFieldsValue(true) } as Typed;
      return await tryPanel(about, panel, triedOf(typed), secretOf(typed));
    },
  });
  const take = (leaf: Leaf) => {
    const before: PanelField[] = form.getFieldValue("fields") ?? [];
    const name = leaf.pointer.split("/").at(-1) ?? "";
    const field = { zh: "", en: name, pointer: leaf.pointer, kind: kindOf(leaf.value) };
    form.setFieldValue("fields", [...before, field]);
  };
  return (
    <section className="panel-try" aria-label={t("settings.panels.try.title")}>
      <Typography.Title level={3} className="section-title">
        {t("settings.panels.try.title")}
      </Typography.Title>
      <p className="definition settings-hint">{t("settings.panels.try.hint")}</p>
      <div className="may-asked">
        <Form.Item label={t("settings.panels.try.customer")} htmlFor="panel-try-customer">
          <CustomerPicker id="panel-try-customer" value={customer} onChange={setCustomer} />
        </Form.Item>
        <Button
          disabled={!customer}
          loading={ask.isPending}
          onClick={() => customer && ask.mutate(customer)}
        >
          {t("settings.panels.try.now")}
        </Button>
      </div>
      {ask.error ? <ProblemAlert error={ask.error} /> : null}
      {ask.data && !ask.error ? <Tried of={ask.data} onTake={take} /> : null}
    </section>
  );
}

function Tried(props: { of: PanelTry; onTake: (leaf: Leaf) => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { of } = props;
  const leaves = leavesOf(of.answer, LEAVES_MOST + 1);
  const time = t("settings.panels.milliseconds", { number: format.count(of.took_ms) });
  const said = [
    of.code ? t(`problem.code.${of.code}`, { defaultValue: of.code }) : null,
    of.status ? t("settings.panels.try.status", { status: of.status }) : null,
    of.url ? t("settings.panels.try.took", { time }) : null,
  ].filter(Boolean);
  return (
    <div className="stack" role="status" style={{ gap: 8 }}>
      {of.url ? (
        <div className="wrapping-line">
          {t("settings.panels.try.url")} <code>{of.url}</code>
        </div>
      ) : null}
      <div>{said.join(" · ")}</div>
      {of.fields.length > 0 ? <PanelValues fields={of.fields} /> : null}
      {of.answer === null || of.answer === undefined ? null : (
        <WideTable<Leaf>
          size="small"
          rowKey="pointer"
          dataSource={leaves.slice(0, LEAVES_MOST)}
          pagination={false}
          scroll={{ x: "max-content", y: 240 }}
          locale={{ emptyText: t("settings.panels.try.empty") }}
          title={() => t("settings.panels.try.answer")}
          footer={
            leaves.length > LEAVES_MOST
              ? () => t("settings.panels.try.more", { number: LEAVES_MOST })
              : undefined
          }
          columns={[
            {
              title: t("settings.panels.try.at"),
              className: "wrapping",
              render: (_, leaf) => <code>{leaf.pointer || '""'}</code>,
            },
            {
              title: t("settings.panels.try.value"),
              className: "wrapping",
              render: (_, leaf) => short(String(leaf.value)),
            },
            {
              key: "take",
              render: (_, leaf) => (
                <Button
                  type="link"
                  size="small"
                  aria-label={`${t("settings.panels.try.take")} ${leaf.pointer}`}
                  onClick={() => props.onTake(leaf)}
                >
                  {t("settings.panels.try.take")}
                </Button>
              ),
            },
          ]}
        />
      )}
    </div>
  );
}

const short = (text: string) =>
  text.length > VALUE_CHARS ? `${text.slice(0, VALUE_CHARS)}…` : text;
