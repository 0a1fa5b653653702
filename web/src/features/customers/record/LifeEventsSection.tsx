// The days of a customer's life, by the sun or by the moon, and when each comes round next.
import { DeleteOutlined, EditOutlined } from "@ant-design/icons";
import { useMutation } from "@tanstack/react-query";
import { App, Button, Popconfirm, Typography } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useMay } from "../../../api/queries";
import {
  type LifeEvent,
  type LifeEventFacts,
  removeLifeEvent,
  useLifeEvents,
} from "../../../api/record";
import { Answer } from "../../../components/Answer";
import { lifeDayText } from "../../../components/lifeDay";
import { errorText } from "../../../components/problem";
import { Section } from "../../../components/Section";
import { useFormat } from "../../../i18n/format";
import { LifeEventDialog } from "./LifeEventDialog";
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
        <LifeEventDialog
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
