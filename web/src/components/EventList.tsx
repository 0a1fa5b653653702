// Events in words, by day, the newest first: what happened, who did it, and what it says.
import { Button, Timeline, Typography } from "antd";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { EventRow } from "../api/record";
import { useSchema } from "../api/settings";
import { useFormat } from "../i18n/format";
import { eventSaid, eventTitle } from "./eventWords";

/** What an event says, one line for each thing. */
export function EventFacts(props: { of: EventRow }) {
  const { t, i18n } = useTranslation();
  const format = useFormat();
  const schema = useSchema().data;
  const own = useMemo(
    () =>
      new Map(
        (schema?.fields ?? []).map((field) => [
          field.name,
          i18n.language === "zh-CN" ? field.zh : field.en,
        ]),
      ),
    [schema, i18n.language],
  );
  const said = eventSaid(props.of, { t, format }, own);
  if (said.length === 0) return null;
  return (
    <ul className="event-facts">
      {said.map((one) => (
        <li key={one.field}>
          {t("events.label", { field: one.label })}
          {one.before === null ? null : (
            <>
              <del>{one.before}</del>
              {" → "}
            </>
          )}
          {one.after}
        </li>
      ))}
    </ul>
  );
}

export function actorText(event: EventRow, t: (key: string) => string): string {
  if (!event.actor) return t("events.by_system");
  return event.actor.name ?? t("events.by_gone");
}

export function EventList(props: { events: EventRow[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <Timeline
      className="events"
      items={props.events.map((event) => ({
        key: event.id,
        content: (
          <>
            <div>{eventTitle(event.kind, t)}</div>
            <EventFacts of={event} />
            <Typography.Text type="secondary" className="figure-note">
              {format.time(event.at)} · {actorText(event, t)}
            </Typography.Text>
          </>
        ),
      }))}
    />
  );
}

/** The next page of a list that grows downwards. */
export function More(props: {
  of: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown };
}) {
  const { t } = useTranslation();
  if (!props.of.hasNextPage) return null;
  return (
    <div className="list-foot">
      <Button loading={props.of.isFetchingNextPage} onClick={() => void props.of.fetchNextPage()}>
        {t("app.more")}
      </Button>
    </div>
  );
}
