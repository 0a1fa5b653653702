// The firm's own fields, as the administrator's schema has them.
import { EditOutlined } from "@ant-design/icons";
import { useQueryClient } from "@tanstack/react-query";
import { Button, Descriptions, Form, Input, InputNumber, Select, Typography } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useMay } from "../../../api/queries";
import {
  type CustomValue,
  changeCustomFields,
  recordKey,
  useCustomFields,
} from "../../../api/record";
import { type CustomField, settingsKeys, useSchema } from "../../../api/settings";
import { Answer } from "../../../components/Answer";
import { DayInput } from "../../../components/DayInput";
import { EditDialog } from "../../../components/EditDialog";
import { headed, type OwnValue, ownValueText } from "../../../components/ownFields";
import { Section } from "../../../components/Section";
import { useFormat } from "../../../i18n/format";
import { useSaved } from "./useSaved";

export function CustomFieldsSection(props: { customerId: string }) {
  const { t, i18n } = useTranslation();
  const format = useFormat();
  const schema = useSchema();
  const values = useCustomFields(props.customerId);
  const mayWrite = useMay("customers.write");
  const mayDecide = useMay("customers.settings");
  const [editing, setEditing] = useState(false);
  const fields = schema.data?.fields ?? [];
  if (schema.data && fields.length === 0 && !mayDecide) return null;
  return (
    <Section
      title={t("record.custom.title")}
      action={
        mayWrite && fields.length > 0 && values.data ? (
          <Button icon={<EditOutlined aria-hidden />} onClick={() => setEditing(true)}>
            {t("record.custom.edit")}
          </Button>
        ) : null
      }
    >
      {schema.data && fields.length === 0 ? (
        <Typography.Text type="secondary" className="in-text">
          {t("record.custom.none")}{" "}
          <Link to="/settings/fields">{t("record.custom.to_settings")}</Link>
        </Typography.Text>
      ) : (
        <Answer query={schema} rows={2}>
          {() => (
            <Answer query={values} rows={2}>
              {({ items }) => (
                <Descriptions
                  size="small"
                  column={{ xs: 1, md: 2 }}
                  items={fields.map((field) => {
                    const one = items.find((item) => item.field === field.name);
                    return {
                      key: field.name,
                      label: headed(field, i18n.language),
                      children: (
                        <span className="keep-lines">
                          {ownValueText(field, one?.value ?? null, i18n.language, format)}
                          {one?.problem ? (
                            <Typography.Text type="danger">
                              {" "}
                              {t(`problem.code.${one.problem}`, { defaultValue: one.problem })}
                            </Typography.Text>
                          ) : null}
                        </span>
                      ),
                    };
                  })}
                />
              )}
            </Answer>
          )}
        </Answer>
      )}
      {editing && values.data ? (
        <CustomDialog
          customerId={props.customerId}
          fields={fields}
          values={values.data.items}
          onClose={() => setEditing(false)}
        />
      ) : null}
    </Section>
  );
}

function CustomDialog(props: {
  customerId: string;
  fields: CustomField[];
  values: CustomValue[];
  onClose: () => void;
}) {
  const { t, i18n } = useTranslation();
  const saved = useSaved(props.customerId);
  const client = useQueryClient();
  const { fields } = props;
  const entry = <T,>(of: (field: CustomField) => T) =>
    Object.fromEntries(fields.map((field) => [field.name, of(field)]));
  return (
    <EditDialog<Record<string, OwnValue>>
      title={t("record.custom.edit_title")}
      save={t("record.save")}
      known={{
        values: entry(
          (field) => props.values.find((one) => one.field === field.name)?.value ?? null,
        ),
        version: 0,
      }}
      labels={entry((field) => headed(field, i18n.language))}
      onSave={async (_, { changes }) => {
        try {
          await changeCustomFields(props.customerId, changes as Record<string, OwnValue>);
        } finally {
          // The administrator may have decided anew since: what is refused is seen against it.
          void client.invalidateQueries({ queryKey: settingsKeys.schema });
          void client.invalidateQueries({ queryKey: [...recordKey(props.customerId), "custom"] });
        }
      }}
      onSaved={saved}
      onClose={props.onClose}
    >
      {fields.map((field) => (
        <Form.Item
          key={field.name}
          name={field.name}
          label={
            field.required
              ? t("record.custom.required", { field: headed(field, i18n.language) })
              : headed(field, i18n.language)
          }
        >
          <CustomInput field={field} language={i18n.language} />
        </Form.Item>
      ))}
    </EditDialog>
  );
}

function CustomInput(props: {
  id?: string;
  field: CustomField;
  language: string;
  value?: OwnValue;
  onChange?: (value: OwnValue) => void;
}) {
  const { id, field, value, onChange } = props;
  switch (field.kind) {
    case "number":
      return (
        <InputNumber
          id={id}
          style={{ width: "100%" }}
          value={typeof value === "number" ? value : null}
          onChange={(next) => onChange?.(next === null ? null : Number(next))}
        />
      );
    case "date":
      return (
        <DayInput id={id} value={typeof value === "string" ? value : null} onChange={onChange} />
      );
    case "choice":
      return (
        <Select
          id={id}
          allowClear
          value={value ?? undefined}
          onChange={(next) => onChange?.(next ?? null)}
          options={field.choices.map((choice) => ({
            value: choice.name,
            label: props.language === "zh-CN" ? choice.zh : choice.en,
          }))}
        />
      );
    default: {
      const text = typeof value === "string" ? value : "";
      const typed = (next: string) => onChange?.(next === "" ? null : next);
      return field.chars_max > 200 ? (
        <Input.TextArea
          id={id}
          autoSize={{ minRows: 2, maxRows: 8 }}
          value={text}
          onChange={(event) => typed(event.target.value)}
        />
      ) : (
        <Input id={id} value={text} onChange={(event) => typed(event.target.value)} />
      );
    }
  }
}
