// One level of a draft as it is typed: its names, its colour, what earns it and what keeps it.
import { ArrowDownOutlined, ArrowUpOutlined, DeleteOutlined } from "@ant-design/icons";
import { Button, Card, Checkbox, Form, Input } from "antd";
import { useTranslation } from "react-i18next";
import { Mark } from "../../components/Marks";
import { useNameOf } from "../../components/useNameOf";
import type { DraftForm } from "./draftForm";
import { CODE, NAME_LONGEST } from "./ProgrammeDialog";
import { RuleFields } from "./RuleFields";

export function LevelFields(props: {
  at: number;
  last: boolean;
  currency: string;
  onMove: (to: number) => void;
  onRemove: () => void;
}) {
  const { at, currency } = props;
  const { t } = useTranslation();
  const nameOf = useNameOf();
  const form = Form.useFormInstance<DraftForm>();
  const typed = Form.useWatch(["levels", at], form);
  const name = (typed && nameOf(typed)) || t("tiers.edit.unnamed", { number: at + 1 });
  const named = [
    { required: true, whitespace: true, message: t("app.required") },
    { max: NAME_LONGEST, message: t("tiers.fault.name", { most: NAME_LONGEST }) },
  ];
  return (
    <Card size="small" role="group" aria-label={name} className="tier-level">
      <div className="section-head">
        <strong>
          <Mark colour={typed?.colour ?? "#8c8c8c"} text={name} />
        </strong>
        <span className="row">
          <Button
            type="text"
            size="small"
            disabled={at === 0}
            icon={<ArrowUpOutlined aria-hidden />}
            aria-label={t("tiers.edit.lower", { name })}
            onClick={() => props.onMove(at - 1)}
          />
          <Button
            type="text"
            size="small"
            disabled={props.last}
            icon={<ArrowDownOutlined aria-hidden />}
            aria-label={t("tiers.edit.higher", { name })}
            onClick={() => props.onMove(at + 1)}
          />
          <Button
            type="text"
            size="small"
            icon={<DeleteOutlined aria-hidden />}
            aria-label={t("tiers.edit.remove_level", { name })}
            onClick={props.onRemove}
          />
        </span>
      </div>
      <div className="tier-names">
        <Form.Item name={[at, "zh"]} label={t("tiers.edit.zh")} rules={named}>
          <Input />
        </Form.Item>
        <Form.Item name={[at, "en"]} label={t("tiers.edit.en")} rules={named}>
          <Input />
        </Form.Item>
        <Form.Item
          name={[at, "code"]}
          label={t("tiers.edit.code")}
          rules={[
            { required: true, message: t("app.required") },
            { pattern: CODE, message: t("tiers.fault.code") },
            ({ getFieldValue }) => ({
              validator: (_, code) => {
                const levels: DraftForm["levels"] = getFieldValue("levels") ?? [];
                return levels.filter((level) => level?.code && level.code === code).length > 1
                  ? Promise.reject(new Error(t("tiers.fault.code_twice")))
                  : Promise.resolve();
              },
            }),
          ]}
        >
          <Input />
        </Form.Item>
        <Form.Item name={[at, "colour"]} label={t("tiers.edit.colour")}>
          <Input type="color" className="tier-colour" />
        </Form.Item>
      </div>
      <RuleFields level={at} part="qualify" title={t("tiers.edit.qualify")} currency={currency} />
      <Form.Item name={[at, "own_keep"]} valuePropName="checked" className="tier-own-keep">
        <Checkbox>{t("tiers.edit.own_keep")}</Checkbox>
      </Form.Item>
      {typed?.own_keep ? (
        <RuleFields level={at} part="keep" title={t("tiers.edit.keep")} currency={currency} />
      ) : null}
    </Card>
  );
}
