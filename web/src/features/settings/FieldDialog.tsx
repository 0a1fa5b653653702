// One field of the administrator's: how it is headed in both languages, and what it takes.
import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, Checkbox, Form, Input, InputNumber, Select } from "antd";
import { useTranslation } from "react-i18next";
import {
  CUSTOM_KINDS,
  type CustomField,
  type CustomKindName,
  type SchemaInForce,
} from "../../api/settings";
import { DayInput } from "../../components/DayInput";
import { EditDialog } from "../../components/EditDialog";

type Typed = {
  name: string;
  zh: string;
  en: string;
  kind: CustomKindName;
  required: boolean;
  chars_max: number;
  min_number: number | null;
  max_number: number | null;
  min_day: string | null;
  max_day: string | null;
  choices: { name: string; zh: string; en: string }[];
};

const NAME = /^[a-z0-9_]{1,64}$/;
const CHARS_USUAL = 200;
const CHARS_MOST = 4_000;

const typedOf = (field: CustomField | null): Typed => ({
  name: field?.name ?? "",
  zh: field?.zh ?? "",
  en: field?.en ?? "",
  kind: field?.kind ?? "text",
  required: field?.required ?? false,
  chars_max: field?.kind === "text" ? field.chars_max : CHARS_USUAL,
  min_number: field?.kind === "number" ? (field.min ?? null) : null,
  max_number: field?.kind === "number" ? (field.max ?? null) : null,
  min_day: field?.kind === "date" ? (field.min ?? null) : null,
  max_day: field?.kind === "date" ? (field.max ?? null) : null,
  choices: field?.kind === "choice" ? field.choices : [],
});

function fieldOf(typed: Typed): CustomField {
  const { name, zh, en, required } = typed;
  const head = { name: name.trim(), zh, en, required };
  switch (typed.kind) {
    case "text":
      return { ...head, kind: "text", chars_max: typed.chars_max };
    case "number":
      return { ...head, kind: "number", min: typed.min_number, max: typed.max_number };
    case "date":
      return { ...head, kind: "date", min: typed.min_day, max: typed.max_day };
    case "choice":
      return { ...head, kind: "choice", choices: typed.choices };
  }
}

export function FieldDialog(props: {
  field: CustomField | null;
  schema: SchemaInForce;
  reread: () => Promise<SchemaInForce>;
  onSave: (version: number, field: CustomField, before: string | null) => Promise<unknown>;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const { field, schema } = props;
  const before = field?.name ?? null;
  const labels: Record<keyof Typed, string> = {
    name: t("settings.fields.name"),
    zh: t("settings.fields.zh"),
    en: t("settings.fields.en"),
    kind: t("settings.fields.takes"),
    required: t("settings.fields.required"),
    chars_max: t("settings.fields.chars_max"),
    min_number: t("settings.fields.min"),
    max_number: t("settings.fields.max"),
    min_day: t("settings.fields.min_day"),
    max_day: t("settings.fields.max_day"),
    choices: t("settings.fields.choices"),
  };
  const needed = { required: true, whitespace: true, message: t("app.required") };
  const named = { pattern: NAME, message: t("problem.code.field_name_malformed") };
  return (
    <EditDialog<Typed>
      title={t(field ? "settings.fields.edit_title" : "settings.fields.add")}
      save={t("record.save")}
      known={{ values: typedOf(field), version: schema.version }}
      labels={labels}
      show={(name, value) =>
        name === "kind"
          ? t(`settings.fields.kinds.${value as CustomKindName}`)
          : typeof value === "boolean"
            ? t(value ? "events.yes" : "events.no")
            : Array.isArray(value)
              ? value.map((choice) => choice.name).join(", ")
              : String(value ?? "—")
      }
      reread={async () => {
        const now = await props.reread();
        const there = now.fields.find((one) => one.name === before);
        return { values: typedOf(there ?? field), version: now.version };
      }}
      onSave={(typed, { version }) => props.onSave(version, fieldOf(typed), before)}
      onClose={props.onClose}
      width={600}
    >
      <div className="settings-grid">
        <Form.Item name="zh" label={labels.zh} rules={[needed]}>
          <Input autoFocus maxLength={64} />
        </Form.Item>
        <Form.Item name="en" label={labels.en} rules={[needed]}>
          <Input maxLength={64} />
        </Form.Item>
        <Form.Item
          name="name"
          label={labels.name}
          extra={t(field ? "settings.fields.rename_hint" : "settings.fields.name_hint")}
          rules={[{ required: true, message: t("app.required") }, named]}
        >
          <Input maxLength={64} autoComplete="off" />
        </Form.Item>
        <Form.Item name="kind" label={labels.kind}>
          <Select
            options={CUSTOM_KINDS.map((kind) => ({
              value: kind,
              label: t(`settings.fields.kinds.${kind}`),
            }))}
          />
        </Form.Item>
      </div>
      <Form.Item noStyle shouldUpdate={(one, other) => one.kind !== other.kind}>
        {({ getFieldValue }) => <Bounds kind={getFieldValue("kind")} labels={labels} />}
      </Form.Item>
      <Form.Item name="required" valuePropName="checked" extra={t("settings.fields.required_hint")}>
        <Checkbox>{labels.required}</Checkbox>
      </Form.Item>
    </EditDialog>
  );
}

function Bounds(props: { kind: CustomKindName; labels: Record<keyof Typed, string> }) {
  const { t } = useTranslation();
  const { kind, labels } = props;
  const notBelow = (min: keyof Typed) => ({
    dependencies: [min],
    rules: [
      ({ getFieldValue }: { getFieldValue: (name: string) => unknown }) => ({
        validator: (_: unknown, max: number | string | null) => {
          const low = getFieldValue(min) as number | string | null;
          return max !== null && low !== null && max < low
            ? Promise.reject(new Error(t("customers.bounds.crossed")))
            : Promise.resolve();
        },
      }),
    ],
  });
  if (kind === "text") {
    return (
      <Form.Item
        name="chars_max"
        label={labels.chars_max}
        rules={[{ required: true, message: t("app.required") }]}
      >
        <InputNumber min={1} max={CHARS_MOST} precision={0} />
      </Form.Item>
    );
  }
  if (kind === "number") {
    return (
      <div className="settings-grid">
        <Form.Item name="min_number" label={labels.min_number}>
          <InputNumber style={{ width: "100%" }} />
        </Form.Item>
        <Form.Item name="max_number" label={labels.max_number} {...notBelow("min_number")}>
          <InputNumber style={{ width: "100%" }} />
        </Form.Item>
      </div>
    );
  }
  if (kind === "date") {
    return (
      <div className="settings-grid">
        <Form.Item name="min_day" label={labels.min_day}>
          <DayInput />
        </Form.Item>
        <Form.Item name="max_day" label={labels.max_day} {...notBelow("min_day")}>
          <DayInput />
        </Form.Item>
      </div>
    );
  }
  return <Choices label={labels.choices} />;
}

function Choices(props: { label: string }) {
  const { t } = useTranslation();
  const needed = { required: true, whitespace: true, message: t("app.required") };
  return (
    <Form.Item label={props.label} required>
      <Form.List
        name="choices"
        rules={[
          {
            validator: (_, choices: Typed["choices"]) => {
              const names = (choices ?? []).map((choice) => choice?.name);
              return names.length > 0 && new Set(names).size === names.length
                ? Promise.resolve()
                : Promise.reject(new Error(t("problem.code.choices_malformed")));
            },
          },
        ]}
      >
        {(rows, { add, remove }, { errors }) => (
          <div className="stack" style={{ gap: 0 }}>
            {rows.map((row, index) => (
              <div key={row.key} className="choice-row">
                {(["zh", "en"] as const).map((part) => (
                  <Form.Item key={part} name={[row.name, part]} rules={[needed]}>
                    <Input
                      maxLength={64}
                      placeholder={t(`settings.fields.${part}`)}
                      aria-label={t("settings.fields.choice_part", {
                        number: index + 1,
                        part: t(`settings.fields.${part}`),
                      })}
                    />
                  </Form.Item>
                ))}
                <Form.Item
                  name={[row.name, "name"]}
                  rules={[
                    {
                      pattern: NAME,
                      required: true,
                      message: t("problem.code.field_name_malformed"),
                    },
                  ]}
                >
                  <Input
                    maxLength={64}
                    autoComplete="off"
                    placeholder={t("settings.fields.name")}
                    aria-label={t("settings.fields.choice_part", {
                      number: index + 1,
                      part: t("settings.fields.name"),
                    })}
                  />
                </Form.Item>
                <Button
                  type="text"
                  icon={<DeleteOutlined aria-hidden />}
                  aria-label={t("settings.fields.choice_remove", { number: index + 1 })}
                  onClick={() => remove(row.name)}
                />
              </div>
            ))}
            <Form.ErrorList errors={errors} />
            <Button icon={<PlusOutlined aria-hidden />} onClick={() => add({})}>
              {t("settings.fields.choice_add")}
            </Button>
          </div>
        )}
      </Form.List>
    </Form.Item>
  );
}
