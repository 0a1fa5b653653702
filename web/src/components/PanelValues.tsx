// The values that another system's answer has for a panel.
import { Descriptions, Typography } from "antd";
import { useTranslation } from "react-i18next";
import type { Schemas } from "../api/types";
import { ABSENT, type Format, useFormat } from "../i18n/format";

type ShownField = Schemas["ShownField"];

export function PanelValues(props: { fields: ShownField[] }) {
  const format = useFormat();
  return (
    <Descriptions
      size="small"
      column={{ xs: 1, lg: 2 }}
      items={props.fields.map((field, index) => ({
        key: index,
        label: format.language === "zh-CN" ? field.zh : field.en,
        children: <Value of={field} format={format} />,
      }))}
    />
  );
}

function Value(props: { of: ShownField; format: Format }) {
  const { t } = useTranslation();
  const { of, format } = props;
  const { value } = of;
  if (of.problem) {
    return (
      <Typography.Text type="secondary">
        {t(`problem.code.${of.problem}`, { defaultValue: of.problem })}
      </Typography.Text>
    );
  }
  if (value === null || value === undefined) return ABSENT;
  if (typeof value === "object") return format.money(value);
  if (typeof value === "number") return format.number(value, 6);
  if (of.kind === "date") return format.day(value);
  // Nothing but a page of the web is followed.
  if (of.kind === "link" && /^https?:\/\//.test(value)) {
    return (
      <a href={value} target="_blank" rel="noreferrer">
        {t("customers.panel.open")}
      </a>
    );
  }
  return value;
}
