// What makes a record complete, and how much each thing counts.
import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { App, Button, Form, InputNumber, Select } from "antd";
import { useTranslation } from "react-i18next";
import { keys } from "../../api/queries";
import {
  type CompletenessItem,
  type SchemaInForce,
  settingsKeys,
  writeSchema,
} from "../../api/settings";
import { ProblemAlert } from "../../components/Answer";
import { Section } from "../../components/Section";

/** What a record can have besides the firm's own fields. */
const THINGS = [
  "name",
  "phone",
  "email",
  "birthday",
  "founding",
  "brand",
  "region",
  "segment",
  "since",
  "organisation",
  "contact",
  "subscription",
  "consent",
  "preferences",
];
const WEIGHT_MOST = 1_000;
const WEIGHT_USUAL = 5;

type Typed = {
  items: (Omit<CompletenessItem, "of"> & { of: "person" | "organisation" | "all" })[];
};

export function CompletenessSection(props: { schema: SchemaInForce }) {
  const { t, i18n } = useTranslation();
  const { version, fields, completeness, attachments } = props.schema;
  const client = useQueryClient();
  const { message } = App.useApp();
  const [form] = Form.useForm<Typed>();
  const save = useMutation({
    mutationFn: ({ items }: Typed) =>
      writeSchema(version, {
        fields,
        attachments,
        completeness: items.map((item) => ({ ...item, of: item.of === "all" ? null : item.of })),
      }),
    onSuccess: (now) => {
      client.setQueryData(settingsKeys.schema, now);
      void client.invalidateQueries({ queryKey: keys.customers });
      message.success(t("settings.saved"));
    },
  });
  const things = [
    ...THINGS.map((what) => ({ value: what, label: t(`record.thing.${what}`) })),
    ...fields.map((field) => ({
      value: `custom.${field.name}`,
      label: i18n.language === "zh-CN" ? field.zh : field.en,
    })),
  ];
  return (
    <Section title={t("settings.complete.title")}>
      <p className="definition settings-hint">{t("settings.complete.hint")}</p>
      <Form<Typed>
        form={form}
        initialValues={{
          items: completeness.map((item) => ({ ...item, of: item.of ?? "all" })),
        }}
        onFinish={(typed) => save.mutate(typed)}
      >
        <Form.List name="items">
          {(rows, { add, remove }) => (
            <div>
              {rows.map((row, index) => (
                <div key={row.key} className="choice-row complete-row">
                  <Form.Item
                    name={[row.name, "what"]}
                    rules={[{ required: true, message: t("app.required") }]}
                  >
                    <Select
                      showSearch={{ optionFilterProp: "label" }}
                      aria-label={t("settings.complete.what", { number: index + 1 })}
                      options={things}
                    />
                  </Form.Item>
                  <Form.Item name={[row.name, "of"]}>
                    <Select
                      aria-label={t("settings.complete.of", { number: index + 1 })}
                      options={[
                        { value: "all", label: t("settings.complete.everybody") },
                        { value: "person", label: t("terms.kind.person") },
                        { value: "organisation", label: t("terms.kind.organisation") },
                      ]}
                    />
                  </Form.Item>
                  <Form.Item
                    name={[row.name, "weight"]}
                    rules={[{ required: true, message: t("app.required") }]}
                  >
                    <InputNumber
                      min={1}
                      max={WEIGHT_MOST}
                      precision={0}
                      style={{ width: "100%" }}
                      aria-label={t("settings.complete.weight", { number: index + 1 })}
                    />
                  </Form.Item>
                  <Button
                    type="text"
                    icon={<DeleteOutlined aria-hidden />}
                    aria-label={t("settings.complete.remove", { number: index + 1 })}
                    onClick={() => remove(row.name)}
                  />
                </div>
              ))}
              <Button
                icon={<PlusOutlined aria-hidden />}
                onClick={() => add({ of: "all", weight: WEIGHT_USUAL })}
              >
                {t("settings.complete.add")}
              </Button>
            </div>
          )}
        </Form.List>
        <div className="stack" style={{ marginTop: 16 }}>
          <ProblemAlert error={save.error} />
          <div className="row">
            <Button type="primary" htmlType="submit" loading={save.isPending}>
              {t("record.save")}
            </Button>
            <Button
              onClick={() => {
                save.reset();
                form.resetFields();
                void client.invalidateQueries({ queryKey: settingsKeys.schema });
              }}
            >
              {t("settings.reload")}
            </Button>
          </div>
        </div>
      </Form>
    </Section>
  );
}
