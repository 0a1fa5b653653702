// Has a draft simulated on everybody; on demand one threshold is moved over several values in the same pass.
import { ExperimentOutlined } from "@ant-design/icons";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Button, Card, Form, InputNumber, Select } from "antd";
import { useTranslation } from "react-i18next";
import { takeJob, useSetup } from "../../api/queries";
import { type Sensitivity, simulate, type Version } from "../../api/tiers";
import { ProblemAlert } from "../../components/Answer";
import { isWhole, scaleOf, thresholdOf, unitOf } from "../../components/tiers/conditionWords";
import { useFormat } from "../../i18n/format";
import {
  STEPS_MOST,
  type Threshold,
  thresholdsOf,
  thresholdText,
  valuesBetween,
} from "./sensitivity";

type Typed = {
  threshold?: string;
  from?: number | null;
  to?: number | null;
  steps?: number | null;
};

const STEPS = 11;
/** A threshold is moved from half of what it is to half as much again, unless told otherwise. */
const AROUND = [0.5, 1.5] as const;

export function StartSimulation(props: { version: Version; again: boolean }) {
  const { version } = props;
  const { t } = useTranslation();
  const format = useFormat();
  const client = useQueryClient();
  const [form] = Form.useForm<Typed>();
  const currency = useSetup().data?.currency ?? "CNY";
  const thresholds = thresholdsOf(version.document);
  const words = { t, format, currency, levels: version.document.levels };
  const key = Form.useWatch("threshold", form);
  const chosen = thresholds.find((one) => one.key === key);
  const unit = chosen ? unitOf(chosen.of) : "none";
  const suffix = {
    money: currency,
    share: "%",
    probability: "%",
    months: t("tiers.unit.months"),
    count: undefined,
    real: undefined,
    none: undefined,
  }[unit];

  const start = useMutation({
    mutationFn: (sensitivity: Sensitivity | null) => simulate(version.id, sensitivity),
    onSuccess: (job) => takeJob(client, job),
  });
  const choose = (key: string | undefined) => {
    const one = thresholds.find((threshold) => threshold.key === key);
    if (!one) return;
    const unit = unitOf(one.of);
    const now = (thresholdOf(one.of) ?? 0) / scaleOf(unit, currency);
    const most = unit === "share" || unit === "probability" ? 100 : Number.POSITIVE_INFINITY;
    const round = (value: number) => {
      const near = Math.min(most, value);
      return isWhole(unit) && unit !== "share" && unit !== "money"
        ? Math.round(near)
        : Number(near.toPrecision(6));
    };
    form.setFieldsValue({ from: round(now * AROUND[0]), to: round(now * AROUND[1]), steps: STEPS });
  };
  const asked = (typed: Typed): Sensitivity | null => {
    if (!chosen) return null;
    const { level, of_keep, condition, of } = chosen satisfies Threshold;
    const send = (amount: number) => amount * scaleOf(unit, currency);
    const values = valuesBetween(
      of,
      send(typed.from ?? 0),
      send(typed.to ?? 0),
      typed.steps ?? STEPS,
    );
    return { level, of_keep, condition, values };
  };
  const required = [{ required: true, message: t("app.required") }];
  return (
    <Card>
      <Form<Typed>
        form={form}
        layout="vertical"
        requiredMark={false}
        onFinish={(typed) => start.mutate(asked(typed))}
      >
        <p className="definition settings-hint">{t("tiers.simulation.about")}</p>
        <div className="tier-sensitivity">
          <Form.Item
            name="threshold"
            label={t("tiers.sensitivity.which")}
            className="tier-sensitivity-which"
          >
            <Select
              allowClear
              placeholder={t("tiers.sensitivity.none")}
              onChange={choose}
              options={thresholds.map((one) => ({
                value: one.key,
                label: thresholdText(one, words),
              }))}
            />
          </Form.Item>
          {chosen ? (
            <>
              <Form.Item name="from" label={t("tiers.sensitivity.from")} rules={required}>
                <InputNumber min={0} suffix={suffix} style={{ width: "100%" }} />
              </Form.Item>
              <Form.Item name="to" label={t("tiers.sensitivity.to")} rules={required}>
                <InputNumber min={0} suffix={suffix} style={{ width: "100%" }} />
              </Form.Item>
              <Form.Item name="steps" label={t("tiers.sensitivity.steps")} rules={required}>
                <InputNumber min={2} max={STEPS_MOST} precision={0} style={{ width: "100%" }} />
              </Form.Item>
            </>
          ) : null}
        </div>
        {start.error ? (
          <div className="settings-hint">
            <ProblemAlert error={start.error} />
          </div>
        ) : null}
        <Button
          type="primary"
          htmlType="submit"
          icon={<ExperimentOutlined aria-hidden />}
          loading={start.isPending}
        >
          {t(props.again ? "tiers.simulation.again" : "tiers.simulation.start")}
        </Button>
      </Form>
    </Card>
  );
}
