// How the value engine classes and counts. Saving needs the version that was read, so that nobody
// overwrites a colleague's change unseen.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { App, Button, Card, Form, Input, InputNumber, Select, Typography } from "antd";
import { useTranslation } from "react-i18next";
import { writeValueSettings } from "../../api/endpoints";
import { keys, useMay, useValueSettings } from "../../api/queries";
import type { VersionedSettings } from "../../api/types";
import { Answer, ProblemAlert } from "../../components/Answer";
import { CARED_FOR } from "../../components/care";
import { ClassMark } from "../../components/Marks";
import { showAtFields } from "../../components/problem";
import { minorDigits, useFormat } from "../../i18n/format";
import { MODELS, RENEWALS } from "./models";
import {
  fromForm,
  SETTINGS_FIELDS,
  SETTINGS_PLACES,
  type SettingsForm,
  toForm,
} from "./settingsForm";

const PERIODS = [1, 3, 6, 12];
const STRATEGY_LONGEST = 500;
const WEIGHTS = ["month", "quarter", "ticket"] as const;

export function SettingsTab() {
  const settings = useValueSettings();
  return (
    <Answer query={settings}>{(read) => <SettingsEditor key={read.version} read={read} />}</Answer>
  );
}

function SettingsEditor(props: { read: VersionedSettings }) {
  const { version, ...settings } = props.read;
  const { t } = useTranslation();
  const format = useFormat();
  const client = useQueryClient();
  const { message } = App.useApp();
  const mayChange = useMay("value.settings");
  const [form] = Form.useForm<SettingsForm>();
  const contributionKind = Form.useWatch(["contribution_rule", "kind"], form);
  const stabilityKind = Form.useWatch(["stability_rule", "kind"], form);
  const model = Form.useWatch("model", form) ?? settings.model;
  const { currency } = settings;
  const unit = 10 ** minorDigits(currency);

  const save = useMutation({
    mutationFn: (typed: SettingsForm) =>
      writeValueSettings(version, fromForm(typed, settings, unit)),
    onSuccess: (saved) => {
      client.setQueryData([...keys.value, "settings"], saved);
      message.success(t("value.settings.saved"));
    },
    onError: (error) => showAtFields(form, error, SETTINGS_FIELDS, t, SETTINGS_PLACES),
  });

  const number = (name: string | string[], label: string, rest: object, item: object = {}) => (
    <Form.Item
      name={name}
      label={label}
      rules={[{ required: true, message: t("app.required") }]}
      {...item}
    >
      <InputNumber style={{ width: "100%" }} {...rest} />
    </Form.Item>
  );
  const percent = { min: 0, max: 100, suffix: "%" };
  const title = (key: string) => (
    <Typography.Title level={2} className="section-title" style={{ marginTop: 8 }}>
      {t(`value.settings.${key}`)}
    </Typography.Title>
  );
  return (
    <Card className="settings-form">
      <Form<SettingsForm>
        form={form}
        layout="vertical"
        disabled={!mayChange}
        initialValues={toForm(settings, unit)}
        onFinish={(typed) => save.mutate(typed)}
      >
        {title("classes")}
        <div className="settings-grid">
          <Form.Item
            name={["contribution_rule", "kind"]}
            label={t("value.settings.contribution_kind")}
          >
            <Select
              options={["share", "percentile", "absolute"].map((kind) => ({
                value: kind,
                label: t(`value.settings.contribution.${kind}`),
              }))}
            />
          </Form.Item>
          {contributionKind === "absolute"
            ? number(["contribution_rule", "value"], t("value.settings.contribution_amount"), {
                min: 0,
                suffix: currency,
              })
            : number(
                ["contribution_rule", "value"],
                t(
                  contributionKind === "percentile"
                    ? "value.settings.contribution_percentile"
                    : "value.settings.contribution_share",
                ),
                percent,
              )}
          <Form.Item name={["stability_rule", "kind"]} label={t("value.settings.stability_kind")}>
            <Select
              options={["median", "absolute"].map((kind) => ({
                value: kind,
                label: t(`value.settings.stability.${kind}`),
              }))}
            />
          </Form.Item>
          {stabilityKind === "absolute"
            ? number(["stability_rule", "value"], t("value.settings.stability_value"), {
                min: 0,
                max: 1,
                step: 0.01,
              })
            : null}
        </div>
        {title("weights")}
        <div className="settings-grid">
          {WEIGHTS.map((part) => (
            <Form.Item
              key={part}
              name={["stability_weights", part]}
              label={t(`value.settings.weight.${part}`)}
              dependencies={WEIGHTS.filter((other) => other !== part).map((other) => [
                "stability_weights",
                other,
              ])}
              rules={[
                { required: true, message: t("app.required") },
                // They add up to one; what they add up to now is said once, under the last.
                ({ getFieldsValue }) => ({
                  validator: () => {
                    const weights = getFieldsValue(["stability_weights"]).stability_weights;
                    const sum = WEIGHTS.reduce((all, one) => all + (weights?.[one] ?? 0), 0);
                    return part === "ticket" && Math.abs(sum - 1) > 1e-9
                      ? Promise.reject(
                          new Error(
                            t("value.settings.weights_sum", { sum: format.number(sum, 4) }),
                          ),
                        )
                      : Promise.resolve();
                  },
                }),
              ]}
            >
              <InputNumber style={{ width: "100%" }} min={0} max={1} step={0.05} />
            </Form.Item>
          ))}
        </div>
        {title("money")}
        <div className="settings-grid">
          {number("yearly_discount_rate", t("value.settings.discount"), percent)}
          {number("acquisition_cost_minor", t("value.settings.acquisition_cost"), {
            min: 0,
            suffix: currency,
          })}
          {number("referral_share", t("value.settings.referral_share"), percent)}
        </div>
        {title("computing")}
        <p className="definition settings-hint">{t("value.settings.sbg_hint")}</p>
        <div className="settings-grid">
          <Form.Item
            name="model"
            label={t("value.settings.model")}
            extra={t(`terms.model_about.${model}`)}
          >
            <Select
              options={MODELS.map((one) => ({ value: one, label: t(`terms.model.${one}`) }))}
            />
          </Form.Item>
          {model === "sbg" ? (
            <Form.Item
              name="renewal_months"
              label={t("value.settings.renewal")}
              extra={t("value.settings.renewal_hint")}
              rules={[{ required: true, message: t("app.required") }]}
            >
              <Select
                options={RENEWALS.map((months) => ({
                  value: months,
                  label: format.span(months, "month"),
                }))}
              />
            </Form.Item>
          ) : null}
          <Form.Item
            name="period_months"
            label={t("value.settings.period")}
            extra={t("value.settings.automatic")}
          >
            <Select
              allowClear
              options={PERIODS.map((months) => ({
                value: months,
                label: format.span(months, "month"),
              }))}
            />
          </Form.Item>
          <Form.Item
            name="holdout_weeks"
            label={t("value.settings.holdout")}
            extra={t("value.settings.automatic")}
          >
            <InputNumber min={1} max={520} precision={0} style={{ width: "100%" }} />
          </Form.Item>
          {number("max_rejected_share", t("value.settings.max_rejected"), percent, {
            extra: t("value.settings.max_rejected_hint"),
          })}
          {number("min_cost_share", t("value.settings.min_cost"), percent, {
            extra: t("value.settings.min_cost_hint"),
          })}
        </div>
        {title("care")}
        <p className="definition settings-hint">{t("value.settings.care_hint")}</p>
        <div className="settings-pairs">
          {CARED_FOR.map((name) => (
            <Form.Item
              key={name}
              name={["care_strategies", name]}
              label={
                <span>
                  <ClassMark of={name} />{" "}
                  <span className="figure-note">{t(`terms.class_meaning.${name}`)}</span>
                </span>
              }
            >
              <Input.TextArea
                autoSize={{ minRows: 4, maxRows: 10 }}
                maxLength={STRATEGY_LONGEST}
                placeholder={t(`terms.care.${name}`)}
              />
            </Form.Item>
          ))}
        </div>
        <div className="stack">
          <ProblemAlert error={save.error} />
          <div className="row">
            {mayChange ? (
              <Button type="primary" htmlType="submit" loading={save.isPending}>
                {t("value.settings.save")}
              </Button>
            ) : null}
            <Button
              disabled={false}
              onClick={() =>
                void client
                  .invalidateQueries({ queryKey: [...keys.value, "settings"] })
                  .then(() => {
                    form.resetFields();
                    save.reset();
                  })
              }
            >
              {t("value.settings.reload")}
            </Button>
            <Typography.Text type="secondary">{t("value.settings.next_run")}</Typography.Text>
          </div>
        </div>
      </Form>
    </Card>
  );
}
