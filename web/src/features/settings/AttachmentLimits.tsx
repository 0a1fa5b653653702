// Which files are taken on a customer's record.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { App, Button, Checkbox, Form, InputNumber } from "antd";
import { useTranslation } from "react-i18next";
import { type SchemaInForce, settingsKeys, writeSchema } from "../../api/settings";
import type { Schemas } from "../../api/types";
import { ProblemAlert } from "../../components/Answer";
import { Section } from "../../components/Section";
import { MEBIBYTE } from "../../i18n/format";

const TYPES: Schemas["FileType"][] = ["pdf", "image", "office", "text"];
const MEBIBYTES_MOST = 500;

type Typed = { mebibytes: number; types: Schemas["FileType"][] };

export function AttachmentLimits(props: { schema: SchemaInForce }) {
  const { t } = useTranslation();
  const { version, fields, completeness, attachments } = props.schema;
  const client = useQueryClient();
  const { message } = App.useApp();
  const before = attachments?.bytes_max ?? 0;
  const shown = Math.round(before / MEBIBYTE);
  const save = useMutation({
    mutationFn: ({ mebibytes, types }: Typed) =>
      writeSchema(version, {
        fields,
        completeness,
        // What is shown is rounded: only a size that was typed becomes another.
        attachments: { bytes_max: mebibytes === shown ? before : mebibytes * MEBIBYTE, types },
      }),
    onSuccess: (now) => {
      client.setQueryData(settingsKeys.schema, now);
      message.success(t("settings.saved"));
    },
  });
  return (
    <Section title={t("settings.attachments.title")}>
      <p className="definition settings-hint">{t("settings.attachments.hint")}</p>
      <Form<Typed>
        layout="vertical"
        initialValues={{
          mebibytes: shown,
          types: attachments?.types ?? [],
        }}
        onFinish={(typed) => save.mutate(typed)}
      >
        <Form.Item
          name="mebibytes"
          label={t("settings.attachments.mebibytes")}
          rules={[{ required: true, message: t("app.required") }]}
        >
          <InputNumber min={1} max={MEBIBYTES_MOST} precision={0} />
        </Form.Item>
        <Form.Item name="types" label={t("settings.attachments.types")}>
          <Checkbox.Group
            options={TYPES.map((type) => ({
              value: type,
              label: t(`record.attachments.type.${type}`),
            }))}
          />
        </Form.Item>
        <div className="stack">
          <ProblemAlert error={save.error} />
          <div className="row">
            <Button type="primary" htmlType="submit" loading={save.isPending}>
              {t("record.save")}
            </Button>
          </div>
        </div>
      </Form>
    </Section>
  );
}
