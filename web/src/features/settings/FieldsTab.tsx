// The firm's own fields of the record, and what makes a record complete.
import { ArrowDownOutlined, ArrowUpOutlined, DeleteOutlined } from "@ant-design/icons";
import { Button, Popconfirm } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import {
  type CustomField,
  type RecordSchema,
  readSchema,
  settingsKeys,
  useSchema,
  writeSchema,
} from "../../api/settings";
import { Answer } from "../../components/Answer";
import { Section } from "../../components/Section";
import { Teach } from "../../components/Teach";
import { WideTable } from "../../components/WideTable";
import { type Format, useFormat } from "../../i18n/format";
import { AttachmentLimits } from "./AttachmentLimits";
import { CompletenessSection } from "./CompletenessSection";
import { FieldDialog } from "./FieldDialog";
import { moved, withField, withoutField } from "./schema";
import { useDecision } from "./useDecision";

const read = () => readSchema();

export function FieldsTab() {
  const { t } = useTranslation();
  const schema = useSchema();
  const decision = useDecision<RecordSchema>(schema, settingsKeys.schema, read, writeSchema);
  const [editing, setEditing] = useState<CustomField | "new" | null>(null);
  return (
    <Answer query={schema}>
      {(now) => (
        <div className="stack">
          {now.fields.length === 0 ? (
            <Teach
              title={t("settings.fields.none.title")}
              hint={t("settings.fields.none.hint")}
              action={
                <Button type="primary" onClick={() => setEditing("new")}>
                  {t("settings.fields.add")}
                </Button>
              }
            />
          ) : (
            <Section
              title={t("settings.fields.title")}
              action={
                <Button type="primary" onClick={() => setEditing("new")}>
                  {t("settings.fields.add")}
                </Button>
              }
            >
              <Fields
                fields={now.fields}
                onEdit={setEditing}
                onMove={(name, step) => void decision.decideNow((all) => moved(all, name, step))}
                onRemove={(name) => void decision.decideNow((all) => withoutField(all, name))}
              />
            </Section>
          )}
          <CompletenessSection key={now.version} schema={now} />
          <AttachmentLimits key={`attachments-${now.version}`} schema={now} />
          {editing ? (
            <FieldDialog
              field={editing === "new" ? null : editing}
              schema={now}
              reread={decision.reread}
              onSave={(version, field, before) =>
                decision.decide(version, (all) => withField(all, field, before))
              }
              onClose={() => setEditing(null)}
            />
          ) : null}
        </div>
      )}
    </Answer>
  );
}

function Fields(props: {
  fields: CustomField[];
  onEdit: (field: CustomField) => void;
  onMove: (name: string, step: 1 | -1) => void;
  onRemove: (name: string) => void;
}) {
  const { t, i18n } = useTranslation();
  const format = useFormat();
  const { fields } = props;
  const headed = (field: CustomField) => (i18n.language === "zh-CN" ? field.zh : field.en);
  return (
    <WideTable<CustomField>
      size="small"
      rowKey="name"
      dataSource={fields}
      pagination={false}
      columns={[
        { title: t("settings.fields.zh"), dataIndex: "zh" },
        { title: t("settings.fields.en"), dataIndex: "en" },
        { title: t("settings.fields.name"), render: (_, field) => <code>{field.name}</code> },
        { title: t("settings.fields.takes"), render: (_, field) => takes(field, t, format) },
        {
          title: t("settings.fields.required"),
          render: (_, field) => t(field.required ? "events.yes" : "events.no"),
        },
        {
          key: "acts",
          render: (_, field, index) => (
            <span className="row" style={{ flexWrap: "nowrap", gap: 0 }}>
              <Button
                type="link"
                size="small"
                aria-label={t("record.change_of", { what: headed(field) })}
                onClick={() => props.onEdit(field)}
              >
                {t("record.change")}
              </Button>
              <Button
                type="text"
                size="small"
                icon={<ArrowUpOutlined aria-hidden />}
                aria-label={t("settings.fields.up", { field: headed(field) })}
                disabled={index === 0}
                onClick={() => props.onMove(field.name, -1)}
              />
              <Button
                type="text"
                size="small"
                icon={<ArrowDownOutlined aria-hidden />}
                aria-label={t("settings.fields.down", { field: headed(field) })}
                disabled={index === fields.length - 1}
                onClick={() => props.onMove(field.name, 1)}
              />
              <Popconfirm
                title={t("settings.fields.remove_title", { field: headed(field) })}
                description={t("settings.fields.remove_hint")}
                okText={t("record.remove")}
                onConfirm={() => props.onRemove(field.name)}
              >
                <Button
                  type="text"
                  size="small"
                  icon={<DeleteOutlined aria-hidden />}
                  aria-label={t("settings.fields.remove", { field: headed(field) })}
                />
              </Popconfirm>
            </span>
          ),
        },
      ]}
    />
  );
}

/** What a field takes, in words. */
function takes(
  field: CustomField,
  t: ReturnType<typeof useTranslation>["t"],
  format: Format,
): string {
  const kind = t(`settings.fields.kinds.${field.kind}`);
  const bounds = (min: string | null, max: string | null) =>
    [min ? `≥ ${min}` : "", max ? `≤ ${max}` : ""].filter(Boolean).join(" ");
  switch (field.kind) {
    case "text":
      return t("settings.fields.text_up_to", { kind, chars: format.count(field.chars_max) });
    case "number":
      return [
        kind,
        bounds(
          field.min === null || field.min === undefined ? null : format.number(field.min, 6),
          field.max === null || field.max === undefined ? null : format.number(field.max, 6),
        ),
      ].join(" ");
    case "date":
      return [
        kind,
        bounds(field.min ? format.day(field.min) : null, field.max ? format.day(field.max) : null),
      ].join(" ");
    default:
      return t("settings.fields.one_of", {
        kind,
        answers: format.list(
          field.choices.map((choice) => (format.language === "zh-CN" ? choice.zh : choice.en)),
        ),
      });
  }
}
