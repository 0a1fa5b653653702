// What is shown of an answer: where each value stands in it, what it is, and its name in both languages.
import {
  ArrowDownOutlined,
  ArrowUpOutlined,
  DeleteOutlined,
  PlusOutlined,
} from "@ant-design/icons";
import { Button, Form, Input, Select } from "antd";
import { useTranslation } from "react-i18next";
import { PANEL_FIELD_KINDS, type PanelField } from "../../../api/settings";

const FIELDS_MOST = 30;
const POINTER = /^(\/.*)?$/;

export function PanelFieldRows(props: { label: string }) {
  const { t } = useTranslation();
  const some = (_: unknown, fields: PanelField[] | undefined) =>
    fields && fields.length > 0 && fields.length <= FIELDS_MOST
      ? Promise.resolve()
      : Promise.reject(new Error(t("problem.code.panel_fields_malformed")));
  return (
    <Form.Item label={props.label} extra={t("settings.panels.pointer_hint")}>
      <Form.List name="fields" rules={[{ validator: some }]}>
        {(rows, { add, remove, move }, { errors }) => (
          <div className="stack" style={{ gap: 0 }}>
            {rows.map((row, index) => (
              <Row
                key={row.key}
                name={row.name}
                number={index + 1}
                last={index === rows.length - 1}
                onMove={(step) => move(index, index + step)}
                onRemove={() => remove(row.name)}
              />
            ))}
            <Form.ErrorList errors={errors} />
            <Button
              icon={<PlusOutlined aria-hidden />}
              disabled={rows.length >= FIELDS_MOST}
              onClick={() => add({ zh: "", en: "", pointer: "/", kind: "text", currency: null })}
            >
              {t("settings.panels.field_add")}
            </Button>
          </div>
        )}
      </Form.List>
    </Form.Item>
  );
}

function Row(props: {
  name: number;
  number: number;
  last: boolean;
  onMove: (step: 1 | -1) => void;
  onRemove: () => void;
}) {
  const { t } = useTranslation();
  const { name, number } = props;
  const kind = Form.useWatch<PanelField["kind"]>(["fields", name, "kind"]);
  const part = (word: string) => t("settings.panels.field_part", { number, part: word });
  const needed = { required: true, whitespace: true, message: t("app.required") };
  return (
    <div className="choice-row panel-field-row">
      {(["zh", "en"] as const).map((language) => (
        <Form.Item key={language} name={[name, language]} rules={[needed]}>
          <Input
            maxLength={64}
            placeholder={t(`settings.panels.${language}`)}
            aria-label={part(t(`settings.panels.${language}`))}
          />
        </Form.Item>
      ))}
      <Form.Item
        name={[name, "pointer"]}
        rules={[{ pattern: POINTER, message: t("problem.code.pointer_malformed") }]}
      >
        <Input
          autoComplete="off"
          placeholder="/account/balance"
          aria-label={part(t("settings.panels.pointer"))}
        />
      </Form.Item>
      <Form.Item name={[name, "kind"]}>
        <Select
          aria-label={part(t("settings.panels.kind"))}
          options={PANEL_FIELD_KINDS.map((one) => ({
            value: one,
            label: t(`settings.panels.kinds.${one}`),
          }))}
        />
      </Form.Item>
      <Form.Item name={[name, "currency"]} hidden={kind !== "money"}>
        <Input
          maxLength={3}
          autoComplete="off"
          placeholder={t("settings.panels.currency")}
          aria-label={part(t("settings.panels.currency"))}
        />
      </Form.Item>
      <span className="panel-field-acts">
        <Button
          type="text"
          size="small"
          icon={<ArrowUpOutlined aria-hidden />}
          aria-label={t("settings.panels.field_up", { number })}
          disabled={number === 1}
          onClick={() => props.onMove(-1)}
        />
        <Button
          type="text"
          size="small"
          icon={<ArrowDownOutlined aria-hidden />}
          aria-label={t("settings.panels.field_down", { number })}
          disabled={props.last}
          onClick={() => props.onMove(1)}
        />
        <Button
          type="text"
          size="small"
          icon={<DeleteOutlined aria-hidden />}
          aria-label={t("settings.panels.field_remove", { number })}
          onClick={props.onRemove}
        />
      </span>
    </div>
  );
}
