// The conditions of a rule as they are typed.
import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, Form, InputNumber, Radio, Select } from "antd";
import { useTranslation } from "react-i18next";
import { MEASURES } from "../../api/tiers";
import { MONEY_FIGURES, OTHER_FIGURES } from "../../components/figures";
import { isWhole, measureName, unitOf } from "../../components/tiers/conditionWords";
import { useNameOf } from "../../components/useNameOf";
import { CONDITIONS_MOST, type ConditionForm, type DraftForm, newCondition } from "./draftForm";

const FIGURES = [...MONEY_FIGURES, ...OTHER_FIGURES];

export type RulePart = "qualify" | "keep";

export function RuleFields(props: {
  level: number;
  part: RulePart;
  title: string;
  currency: string;
}) {
  const { t } = useTranslation();
  const { level, part } = props;
  return (
    <fieldset className="tier-rule">
      <legend>{props.title}</legend>
      <Form.Item name={[level, part, "takes"]} className="tier-takes">
        <Radio.Group
          size="small"
          aria-label={t("tiers.edit.takes")}
          options={(["any", "all"] as const).map((takes) => ({
            value: takes,
            label: t(`tiers.takes.${takes}`),
          }))}
        />
      </Form.Item>
      <Form.List name={[level, part, "conditions"]}>
        {(fields, { add, remove }) => (
          <>
            {fields.map((field) => (
              <ConditionRow
                key={field.key}
                level={level}
                part={part}
                at={field.name}
                currency={props.currency}
                onRemove={fields.length > 1 ? () => remove(field.name) : null}
              />
            ))}
            {fields.length < CONDITIONS_MOST ? (
              <Button
                size="small"
                type="dashed"
                icon={<PlusOutlined aria-hidden />}
                onClick={() => add(newCondition())}
              >
                {t("tiers.edit.add_condition")}
              </Button>
            ) : null}
          </>
        )}
      </Form.List>
    </fieldset>
  );
}

function ConditionRow(props: {
  level: number;
  part: RulePart;
  at: number;
  currency: string;
  onRemove: (() => void) | null;
}) {
  const { t } = useTranslation();
  const { level, part, at } = props;
  const form = Form.useFormInstance<DraftForm>();
  const typed: ConditionForm | undefined = Form.useWatch(
    ["levels", level, part, "conditions", at],
    form,
  );
  const measure = typed?.measure ?? "spend";
  const unit = unitOf(typed ?? { measure });
  const place = (name: string) => [at, name];
  const required = [{ required: true, message: t("app.required") }];
  const bounds = {
    share: { min: 0.1, max: 100, suffix: "%" },
    probability: { min: 0, max: 100, suffix: "%" },
    money: { min: 0, suffix: props.currency },
    months: { min: 0, suffix: t("tiers.unit.months") },
    count: { min: 0 },
    real: { min: 0 },
    none: {},
  }[unit];
  return (
    <div className="tier-condition-row">
      <Form.Item name={place("measure")} className="tier-measure">
        <Select
          aria-label={t("tiers.edit.measure")}
          options={MEASURES.map((one) => ({ value: one, label: t(`tiers.measure.${one}`) }))}
          // Another measure has another unit: its number is typed anew.
          onChange={() => {
            const amount: (string | number)[] = ["levels", level, part, "conditions", at, "amount"];
            form.setFieldValue(amount as Parameters<typeof form.setFieldValue>[0], null);
          }}
        />
      </Form.Item>
      {measure === "figure" || measure === "percentile" ? (
        <Form.Item name={place("figure")} rules={required} className="tier-measure">
          <Select
            aria-label={t("tiers.edit.figure")}
            placeholder={t("tiers.edit.figure")}
            options={FIGURES.map((one) => ({ value: one, label: t(`terms.figure.${one}`) }))}
          />
        </Form.Item>
      ) : null}
      {measure === "organisation_level" ? (
        <Form.Item name={place("level")} rules={required} className="tier-measure">
          <LevelOfDraft />
        </Form.Item>
      ) : null}
      {unit === "none" ? null : (
        <Form.Item name={place("amount")} rules={required} className="tier-amount">
          <InputNumber
            aria-label={t("tiers.edit.amount_of", {
              measure: measureName(typed ?? { measure }, t),
            })}
            prefix={unit === "share" ? t("tiers.edit.first") : "≥"}
            precision={isWhole(unit) && unit !== "money" && unit !== "share" ? 0 : undefined}
            style={{ width: "100%" }}
            {...bounds}
          />
        </Form.Item>
      )}
      {props.onRemove ? (
        <Button
          type="text"
          icon={<DeleteOutlined aria-hidden />}
          aria-label={t("tiers.edit.remove_condition")}
          onClick={props.onRemove}
        />
      ) : null}
    </div>
  );
}

/** One of the levels that are being written. */
function LevelOfDraft(props: { id?: string; value?: string; onChange?: (code: string) => void }) {
  const { t } = useTranslation();
  const nameOf = useNameOf();
  const form = Form.useFormInstance<DraftForm>();
  const levels = Form.useWatch("levels", form) ?? [];
  return (
    <Select
      id={props.id}
      aria-label={t("tiers.edit.organisation_level")}
      placeholder={t("tiers.edit.organisation_level")}
      value={props.value}
      onChange={props.onChange}
      options={levels
        .filter((level) => level?.code)
        .map((level) => ({ value: level.code, label: nameOf(level) || level.code }))}
    />
  );
}
