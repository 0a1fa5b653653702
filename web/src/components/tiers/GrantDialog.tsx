// Asks for a level, a suspension or a nomination by hand. A second person agrees to it or refuses.
import { useQueryClient } from "@tanstack/react-query";
import { Alert, App, Form, Input, Radio, Select } from "antd";
import { useTranslation } from "react-i18next";
import { keys } from "../../api/queries";
import {
  GRANT_KINDS,
  levelsKey,
  type NewGrant,
  requestGrant,
  useProgramme,
  useProgrammes,
} from "../../api/tiers";
import { useFormat } from "../../i18n/format";
import { CustomerPicker } from "../CustomerPicker";
import { DayInput } from "../DayInput";
import { EditDialog } from "../EditDialog";
import { useNameOf } from "../useNameOf";
import { levelName } from "./conditionWords";
import { daysAfter, useToday } from "./today";

const USUAL_DAYS = 90;
const REASON_LONGEST = 500;

type Typed = NewGrant & { customer: string };

export function GrantDialog(props: {
  /** To whom; null where that is chosen here. */
  customer: string | null;
  programme: string | null;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const { message } = App.useApp();
  const programmes = useProgrammes();
  const today = useToday();
  const nameOf = useNameOf();
  const labels = {
    customer: t("tiers.grant.customer"),
    programme: t("tiers.grant.programme"),
    kind: t("tiers.grant.kind_label"),
    level: t("tiers.grant.level"),
    from: t("tiers.grant.from"),
    until: t("tiers.grant.until"),
    reason: t("tiers.grant.reason"),
  };
  const required = [{ required: true, message: t("app.required") }];
  // The dialog begins with the only programme where there is one.
  if (!programmes.data) return null;
  const only = programmes.data.length === 1 ? (programmes.data[0]?.id ?? "") : "";
  return (
    <EditDialog<Typed>
      title={t("tiers.grant.ask")}
      save={t("tiers.grant.send")}
      labels={labels}
      known={{
        values: {
          customer: props.customer ?? "",
          programme: props.programme ?? only,
          kind: "level",
          level: null,
          from: today,
          until: daysAfter(today, USUAL_DAYS),
          reason: "",
        },
        version: 0,
      }}
      onSave={async ({ customer, ...body }) =>
        requestGrant(customer, { ...body, level: body.kind === "level" ? body.level : null })
      }
      onSaved={() => {
        message.success(t("tiers.grant.sent"));
        void client.invalidateQueries({ queryKey: [...keys.tiers, "grants"] });
        if (props.customer) void client.invalidateQueries({ queryKey: levelsKey(props.customer) });
      }}
      onClose={props.onClose}
    >
      {(form) => (
        <>
          <Alert
            type="info"
            showIcon
            title={t("tiers.grant.second_person")}
            style={{ marginBottom: 16 }}
          />
          {props.customer ? null : (
            <Form.Item name="customer" label={labels.customer} rules={required}>
              <CustomerPicker />
            </Form.Item>
          )}
          <Form.Item name="programme" label={labels.programme} rules={required}>
            <Select
              options={programmes.data.map((one) => ({ value: one.id, label: nameOf(one) }))}
              onChange={() => form.setFieldValue("level", null)}
            />
          </Form.Item>
          <Form.Item name="kind" label={labels.kind}>
            <Radio.Group
              optionType="button"
              options={GRANT_KINDS.map((kind) => ({
                value: kind,
                label: t(`terms.tier_grant.${kind}`),
              }))}
            />
          </Form.Item>
          <Form.Item noStyle shouldUpdate>
            {({ getFieldValue }) => {
              const kind: NewGrant["kind"] = getFieldValue("kind");
              return (
                <>
                  <p className="definition settings-hint">{t(`tiers.grant.about.${kind}`)}</p>
                  {kind === "level" ? (
                    <Form.Item name="level" label={labels.level} rules={required}>
                      <LevelChoice programme={getFieldValue("programme") as string} />
                    </Form.Item>
                  ) : null}
                </>
              );
            }}
          </Form.Item>
          <div className="settings-pairs">
            <Form.Item name="from" label={labels.from} rules={required}>
              <DayInput />
            </Form.Item>
            <Form.Item
              name="until"
              label={labels.until}
              extra={t("tiers.grant.until_hint")}
              rules={required}
            >
              <DayInput />
            </Form.Item>
          </div>
          <Form.Item
            name="reason"
            label={labels.reason}
            rules={[{ ...required[0], whitespace: true }]}
          >
            <Input.TextArea
              autoSize={{ minRows: 2, maxRows: 6 }}
              maxLength={REASON_LONGEST}
              showCount
            />
          </Form.Item>
        </>
      )}
    </EditDialog>
  );
}

/** The levels of the version in force. */
export function LevelChoice(props: {
  programme: string;
  id?: string;
  value?: string | null;
  onChange?: (code: string) => void;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const levels = useProgramme(props.programme).data?.in_force?.document.levels ?? [];
  return (
    <Select
      id={props.id}
      value={props.value ?? undefined}
      onChange={props.onChange}
      notFoundContent={t("tiers.grant.no_levels")}
      options={levels.map(({ code }) => ({
        value: code,
        label: levelName(code, { t, format, levels }),
      }))}
    />
  );
}
