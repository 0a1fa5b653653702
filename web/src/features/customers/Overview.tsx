// The customer on one screen: what they are worth and why, who they are, and what happened lately.
import { PushpinFilled } from "@ant-design/icons";
import { Alert, Button, Card, Typography } from "antd";
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { problemCode, useCustomerValue, useMay, useWholeFirm } from "../../api/queries";
import { useLifeEvents, useNotes, useTimeline } from "../../api/record";
import type { Customer } from "../../api/types";
import { Answer } from "../../components/Answer";
import { EventList } from "../../components/EventList";
import { lifeDayText } from "../../components/lifeDay";
import { Section } from "../../components/Section";
import { withWords } from "../../i18n";
import { useFormat } from "../../i18n/format";
import { Facts, People } from "./Facts";
import { FigureStrip } from "./FigureStrip";
import { Panels } from "./Panels";
import { Probabilities } from "./Probabilities";
import { Completeness } from "./record/Completeness";
import { NextTime, useDayName } from "./record/LifeEventsSection";
import { SeriesChart } from "./SeriesChart";
import { Why } from "./Why";

const LevelSection = lazy(() => withWords("tiers", import("./tiers/LevelSection")));

const LATELY = 5;

export function Overview(props: { customer: Customer }) {
  const { t } = useTranslation();
  const { customer } = props;
  const value = useCustomerValue(customer.id);
  const nothingYet = problemCode(value.error) === "no_run";
  return (
    <div className="stack">
      {nothingYet ? <NothingYet /> : <FigureStrip query={value} />}
      <div className="customer-grid">
        <div className="stack customer-facts">
          <Facts customer={customer} />
        </div>
        <div className="stack customer-rest">
          <Occasions customerId={customer.id} />
          <People customer={customer} />
          <Section title={t("record.complete.title")}>
            {customer.erased_at === null ? <Completeness customerId={customer.id} /> : null}
          </Section>
        </div>
        <div className="stack customer-main">
          <Pinned customerId={customer.id} />
          <Suspense>
            <LevelSection customerId={customer.id} />
          </Suspense>
          {nothingYet ? null : (
            <Answer query={value}>
              {(shown) => (shown ? <SeriesChart value={shown} customer={customer} /> : null)}
            </Answer>
          )}
          <Lately customerId={customer.id} />
          <Panels customerId={customer.id} />
        </div>
        <div className="stack customer-why">
          {nothingYet ? null : (
            <Answer query={value} rows={4}>
              {(shown) =>
                shown ? (
                  <>
                    <Why value={shown} />
                    <Probabilities value={shown} />
                  </>
                ) : null
              }
            </Answer>
          )}
        </div>
      </div>
    </div>
  );
}

/** Before the first value run; and where to start it, for who may. */
function NothingYet() {
  const { t } = useTranslation();
  const whole = useWholeFirm();
  const mayRun = useMay("value.run") && whole;
  return (
    <Alert
      type="info"
      showIcon
      role="status"
      title={t("customers.no_run.title")}
      description={t("customers.no_run.of_one")}
      action={
        mayRun ? (
          <Link to="/value/runs">
            <Button size="small">{t("customers.no_run.action")}</Button>
          </Link>
        ) : null
      }
    />
  );
}

/** Days of the customer's life, the next to come first. */
function Occasions(props: { customerId: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const name = useDayName();
  const items = useLifeEvents(props.customerId).data?.items ?? [];
  if (items.length === 0) return null;
  const next = (one: (typeof items)[number]) => one.occurrences[0]?.on ?? "9999";
  const sorted = [...items].sort((one, other) => next(one).localeCompare(next(other)));
  return (
    <Section title={t("record.life.title")}>
      <ul className="reasons">
        {sorted.slice(0, LATELY).map((event) => (
          <li key={event.id}>
            {name(event)} {lifeDayText(event, format, t)}
            <div className="figure-note">
              <NextTime of={event} />
            </div>
          </li>
        ))}
      </ul>
    </Section>
  );
}

/** What everybody who deals with the customer must know. */
function Pinned(props: { customerId: string }) {
  const { t } = useTranslation();
  const notes = useNotes(props.customerId).data?.pages[0]?.items.filter((note) => note.pinned);
  if (!notes?.length) return null;
  return (
    <Card role="note" aria-label={t("record.notes.pinned")} className="pinned">
      <PushpinFilled aria-hidden />
      <ul className="notes">
        {notes.map((note) => (
          <li key={note.id}>
            <p className="care">{note.text}</p>
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Lately(props: { customerId: string }) {
  const { t } = useTranslation();
  const timeline = useTimeline(props.customerId);
  return (
    <Section
      title={t("record.timeline.lately")}
      action={<Link to="?tab=timeline">{t("record.timeline.all_of_it")}</Link>}
    >
      <Answer query={timeline} rows={3}>
        {({ pages }) => {
          const events = pages[0]?.items.slice(0, LATELY) ?? [];
          return events.length === 0 ? (
            <Typography.Text type="secondary">{t("record.timeline.none")}</Typography.Text>
          ) : (
            <EventList events={events} />
          );
        }}
      </Answer>
    </Section>
  );
}
