// What of a draft is about all its levels: period, way down, notice, and from when it holds.
import { Form, InputNumber, Radio, Select } from "antd";
import { useTranslation } from "react-i18next";
import { DayInput } from "../../components/DayInput";
import { DOWNGRADES, type DraftForm, LANDINGS, PERIODS } from "./draftForm";

const MONTHS_MOST = 24;
const GRACE_DAYS_MOST = 366;
const NOTICE_DAYS_MOST = 365;

export function TermsFields() {
  const { t } = useTranslation();
  const form = Form.useFormInstance<DraftForm>();
  const period = Form.useWatch(["period", "kind"], form);
  const downgrade = Form.useWatch(["downgrade", "kind"], form);
  const required = [{ required: true, message: t("app.required") }];
  const number = (min: number, max: number, suffix: string) => (
    <InputNumber min={min} max={max} precision={0} suffix={suffix} style={{ width: "100%" }} />
  );
  return (
    <div className="settings-grid">
      <Form.Item
        name={["period", "kind"]}
        label={t("tiers.edit.period")}
        extra={period ? t(`tiers.period_about.${period}`) : null}
      >
        <Select
          options={PERIODS.map((kind) => ({ value: kind, label: t(`tiers.period_kind.${kind}`) }))}
        />
      </Form.Item>
      {period === "rolling_months" ? (
        <Form.Item name={["period", "months"]} label={t("tiers.edit.months")} rules={required}>
          {number(1, MONTHS_MOST, t("tiers.unit.months"))}
        </Form.Item>
      ) : null}
      <Form.Item
        name={["downgrade", "kind"]}
        label={t("tiers.edit.downgrade")}
        extra={downgrade ? t(`tiers.downgrade_about.${downgrade}`) : null}
      >
        <Select
          options={DOWNGRADES.map((kind) => ({
            value: kind,
            label: t(`tiers.downgrade_kind.${kind}`),
          }))}
        />
      </Form.Item>
      {downgrade === "grace" ? (
        <Form.Item name={["downgrade", "days"]} label={t("tiers.edit.grace_days")} rules={required}>
          {number(1, GRACE_DAYS_MOST, t("tiers.unit.days"))}
        </Form.Item>
      ) : null}
      {downgrade === "never" ? null : (
        <Form.Item
          name="landing"
          label={t("tiers.edit.landing")}
          extra={t("tiers.edit.landing_hint")}
        >
          <Radio.Group
            options={LANDINGS.map((one) => ({ value: one, label: t(`tiers.landing.${one}`) }))}
          />
        </Form.Item>
      )}
      <Form.Item
        name="effective_on"
        label={t("tiers.edit.effective_on")}
        extra={t("tiers.edit.effective_hint")}
        rules={required}
      >
        <DayInput />
      </Form.Item>
      <Form.Item
        name="notice_days"
        label={t("tiers.edit.notice_days")}
        extra={t("tiers.edit.notice_hint")}
        rules={required}
      >
        {number(0, NOTICE_DAYS_MOST, t("tiers.unit.days"))}
      </Form.Item>
    </div>
  );
}
