// One day of a customer's life, by the sun or by the moon: how it is said.
import { Checkbox, Form, Input, InputNumber, Radio, Select } from "antd";
import { useTranslation } from "react-i18next";
import {
  addLifeEvent,
  changeLifeEvent,
  LIFE_EVENT_KINDS,
  type LifeEvent,
  type LifeEventFacts,
  readLifeEvents,
} from "../../../api/record";
import { EditDialog } from "../../../components/EditDialog";
import { lunarDay, lunarMonth } from "../../../components/lifeDay";
import { ABSENT, useFormat } from "../../../i18n/format";
import { useSaved } from "./useSaved";

type Typed = Omit<Required<LifeEventFacts>, "month" | "day"> & {
  month: number | null;
  day: number | null;
};

const known = (of: LifeEvent | null): { values: Typed; version: number } => ({
  values: {
    kind: of?.kind ?? "birthday",
    label: of?.label ?? null,
    calendar: of?.calendar ?? "solar",
    year: of?.year ?? null,
    month: of?.month ?? null,
    day: of?.day ?? null,
    leap_month: of?.leap_month ?? false,
  },
  version: of?.version ?? 0,
});

export function LifeEventDialog(props: {
  customerId: string;
  event: LifeEvent | null;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const { customerId, event } = props;
  const saved = useSaved(customerId);
  const chinese = format.language === "zh-CN";
  const monthName = (month: number, lunar: boolean, leap: boolean) =>
    lunar
      ? chinese
        ? lunarMonth(month, leap)
        : String(month)
      : new Intl.DateTimeFormat(format.language, { month: "long", timeZone: "UTC" }).format(
          Date.UTC(2000, month - 1, 1),
        );
  const labels = {
    kind: t("record.life.kind"),
    label: t("record.life.label"),
    calendar: t("record.life.calendar"),
    year: t("record.life.year"),
    month: t("record.life.month"),
    day: t("record.life.day"),
    leap_month: t("record.life.leap"),
  };
  return (
    <EditDialog<Typed>
      title={t(event ? "record.life.edit_title" : "record.life.add")}
      save={t("record.save")}
      known={known(event)}
      labels={labels}
      show={(name, value) =>
        name === "kind"
          ? t(`record.life.kinds.${value as LifeEvent["kind"]}`)
          : name === "calendar"
            ? t(`record.life.calendars.${value as LifeEvent["calendar"]}`)
            : name === "leap_month"
              ? t(value ? "events.yes" : "events.no")
              : String(value ?? ABSENT)
      }
      reread={
        event
          ? async () => {
              const { items } = await readLifeEvents(customerId);
              return known(items.find((one) => one.id === event.id) ?? event);
            }
          : undefined
      }
      onSave={(typed, { version, key }) => {
        const facts: LifeEventFacts = {
          ...typed,
          label: typed.label?.trim() || null,
          month: typed.month ?? 0,
          day: typed.day ?? 0,
          leap_month: typed.calendar === "lunar" && typed.leap_month,
        };
        return event
          ? changeLifeEvent(customerId, event.id, version, facts)
          : addLifeEvent(customerId, facts, key);
      }}
      onSaved={saved}
      onClose={props.onClose}
    >
      {(form) => (
        <>
          <div className="settings-grid">
            <Form.Item name="kind" label={labels.kind}>
              <Select
                options={LIFE_EVENT_KINDS.map((kind) => ({
                  value: kind,
                  label: t(`record.life.kinds.${kind}`),
                }))}
              />
            </Form.Item>
            <Form.Item name="label" label={labels.label}>
              <Input placeholder={t("record.life.label_hint")} />
            </Form.Item>
          </div>
          <Form.Item name="calendar" label={labels.calendar}>
            <Radio.Group
              optionType="button"
              options={(["solar", "lunar"] as const).map((calendar) => ({
                value: calendar,
                label: t(`record.life.calendars.${calendar}`),
              }))}
              onChange={() => form.setFields([{ name: "day", errors: [] }])}
            />
          </Form.Item>
          <Form.Item noStyle shouldUpdate>
            {({ getFieldValue }) => {
              const lunar = getFieldValue("calendar") === "lunar";
              const leap = lunar && Boolean(getFieldValue("leap_month"));
              return (
                <>
                  <div className="date-parts">
                    <Form.Item name="year" label={labels.year}>
                      <InputNumber
                        precision={0}
                        controls={false}
                        placeholder={t("record.life.year_unknown")}
                        style={{ width: "100%" }}
                      />
                    </Form.Item>
                    <Form.Item
                      name="month"
                      label={labels.month}
                      rules={[{ required: true, message: t("app.required") }]}
                    >
                      <Select
                        options={Array.from({ length: 12 }, (_, index) => ({
                          value: index + 1,
                          label: monthName(index + 1, lunar, leap),
                        }))}
                      />
                    </Form.Item>
                    <Form.Item
                      name="day"
                      label={labels.day}
                      rules={[{ required: true, message: t("app.required") }]}
                    >
                      <Select
                        // 15 finds 十五 too.
                        showSearch={{
                          filterOption: (typed, option) =>
                            [String(option?.value), option?.label].includes(typed),
                        }}
                        options={Array.from({ length: lunar ? 30 : 31 }, (_, index) => ({
                          value: index + 1,
                          label: lunar && chinese ? lunarDay(index + 1) : String(index + 1),
                        }))}
                      />
                    </Form.Item>
                  </div>
                  <Form.Item name="leap_month" valuePropName="checked" hidden={!lunar}>
                    <Checkbox>{labels.leap_month}</Checkbox>
                  </Form.Item>
                </>
              );
            }}
          </Form.Item>
        </>
      )}
    </EditDialog>
  );
}
