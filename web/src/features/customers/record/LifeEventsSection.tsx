// The days of a customer's life, by the sun or by the moon, and when each comes round next.
import { DeleteOutlined, EditOutlined } from "@ant-design/icons";
import { useMutation } from "@tanstack/react-query";
import {
  App,
  Button,
  Checkbox,
  Form,
  Input,
  InputNumber,
  Popconfirm,
  Radio,
  Select,
  Typography,
} from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useMay } from "../../../api/queries";
import {
  addLifeEvent,
  changeLifeEvent,
  LIFE_EVENT_KINDS,
  type LifeEvent,
  type LifeEventFacts,
  readLifeEvents,
  removeLifeEvent,
  useLifeEvents,
} from "../../../api/record";
import { Answer } from "../../../components/Answer";
import { EditDialog } from "../../../components/EditDialog";
import { lifeDayText, lunarDay, lunarMonth } from "../../../components/lifeDay";
import { errorText } from "../../../components/problem";
import { Section } from "../../../components/Section";
import { ABSENT, useFormat } from "../../../i18n/format";
import { useSaved } from "./useSaved";

export function LifeEventsSection(props: { customerId: string }) {
  const { t } = useTranslation();
  const events = useLifeEvents(props.customerId);
  const mayWrite = useMay("customers.write");
  const [editing, setEditing] = useState<LifeEvent | "new" | null>(null);
  return (
    <Section
      title={t("record.life.title")}
      action={
        mayWrite ? <Button onClick={() => setEditing("new")}>{t("record.life.add")}</Button> : null
      }
    >
      <Answer query={events} rows={2}>
        {({ items }) =>
          items.length === 0 ? (
            <Typography.Text type="secondary">{t("record.life.none")}</Typography.Text>
          ) : (
            <ul className="notes">
              {items.map((event) => (
                <OneDay
                  key={event.id}
                  customerId={props.customerId}
                  event={event}
                  mayWrite={mayWrite}
                  onEdit={() => setEditing(event)}
                />
              ))}
            </ul>
          )
        }
      </Answer>
      {editing ? (
        <DayDialog
          customerId={props.customerId}
          event={editing === "new" ? null : editing}
          onClose={() => setEditing(null)}
        />
      ) : null}
    </Section>
  );
}

/** What is remembered, in words. */
export function useDayName(): (event: Pick<LifeEventFacts, "kind" | "label">) => string {
  const { t } = useTranslation();
  return ({ kind, label }) => {
    const name = t(`record.life.kinds.${kind}`);
    if (!label) return name;
    return kind === "other" ? label : t("record.life.named", { kind: name, label });
  };
}

/** When a day comes round next, and why not on its own date. */
export function NextTime(props: { of: LifeEvent }) {
  const { t } = useTranslation();
  const format = useFormat();
  const next = props.of.occurrences[0];
  if (!next) return null;
  return (
    <>
      {t("record.life.next", { day: format.day(next.on) })}
      {next.years !== null && next.years !== undefined
        ? ` · ${t("record.life.years", { years: next.years })}`
        : ""}
      {next.moved.map((why) => ` · ${t(`record.life.moved.${why}`)}`).join("")}
    </>
  );
}

function OneDay(props: {
  customerId: string;
  event: LifeEvent;
  mayWrite: boolean;
  onEdit: () => void;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const { event } = props;
  const { message } = App.useApp();
  const saved = useSaved(props.customerId);
  const name = useDayName()(event);
  const remove = useMutation({
    mutationFn: () => removeLifeEvent(props.customerId, event.id, event.version),
    onSuccess: () => saved(true),
    onError: (error) => {
      message.error(errorText(error, t));
      saved(true);
    },
  });
  return (
    <li>
      <div className="row">
        <span>
          <strong>{name}</strong> {lifeDayText(event, format, t)}
        </span>
        {props.mayWrite ? (
          <span className="row-end">
            <Button
              type="text"
              size="small"
              icon={<EditOutlined aria-hidden />}
              aria-label={t("record.life.edit", { name })}
              onClick={props.onEdit}
            />
            <Popconfirm
              title={t("record.life.remove_title", { name })}
              description={t("record.life.remove_hint")}
              okText={t("record.remove")}
              onConfirm={() => remove.mutate()}
            >
              <Button
                type="text"
                size="small"
                icon={<DeleteOutlined aria-hidden />}
                aria-label={t("record.life.remove", { name })}
              />
            </Popconfirm>
          </span>
        ) : null}
      </div>
      <Typography.Text type="secondary" className="figure-note">
        <NextTime of={event} />
      </Typography.Text>
    </li>
  );
}

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

function DayDialog(props: { customerId: string; event: LifeEvent | null; onClose: () => void }) {
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
