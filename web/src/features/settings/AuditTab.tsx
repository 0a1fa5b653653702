// What happened in the whole firm, who did it, and whether it is sealed into the chain.
import { ReloadOutlined } from "@ant-design/icons";
import { Alert, Button, DatePicker, Select, Typography } from "antd";
import dayjs from "dayjs";
import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useSession } from "../../api/queries";
import type { EventRow } from "../../api/record";
import { useAudit } from "../../api/settings";
import { Answer } from "../../components/Answer";
import { actorText, EventFacts, More } from "../../components/EventList";
import { CUSTOMER_EVENTS, FIRM_EVENTS } from "../../components/eventKinds";
import { eventTitle } from "../../components/eventWords";
import { useUrlState } from "../../components/urlState";
import { WideTable } from "../../components/WideTable";
import { useFormat } from "../../i18n/format";

const SYSTEM = "system";
const FILTERS = ["actor", "kind", "subject", "from", "until"] as const;

function placeOf(event: EventRow): string | null {
  if (event.customer_id) return `/customers/${event.customer_id}`;
  if (event.subject_kind === "import") return `/imports/${event.subject_id}`;
  if (event.subject_kind === "run") return `/value/overview?run=${event.subject_id}`;
  if (event.subject_kind === "user") return `/settings/users?user=${event.subject_id}`;
  return null;
}

/** The people who can be asked for: oneself, and whoever stands in what is shown. */
function actorsOf(
  events: EventRow[],
  me: { id: string; name: string } | undefined,
  t: TFunction,
): { value: string; label: string }[] {
  const known = new Map<string, string>();
  if (me) known.set(me.id, me.name);
  for (const event of events) {
    if (event.actor) known.set(event.actor.id, event.actor.name ?? t("events.by_gone"));
  }
  return [
    { value: SYSTEM, label: t("events.by_system") },
    ...[...known].map(([value, label]) => ({ value, label })),
  ];
}

export function AuditTab() {
  const { t } = useTranslation();
  const format = useFormat();
  const [search, change] = useUrlState();
  const me = useSession().data?.user;
  const asked = Object.fromEntries(FILTERS.map((name) => [name, search.get(name)]));
  const audit = useAudit(asked);
  const events = audit.data?.pages.flatMap((page) => page.items) ?? [];
  const actors = actorsOf(events, me, t);
  // Someone who is asked for, but has done nothing that is shown.
  if (asked.actor && !actors.some((one) => one.value === asked.actor)) {
    actors.push({ value: asked.actor, label: t("settings.audit.somebody") });
  }
  const filtered = FILTERS.some((name) => asked[name]);
  return (
    <div className="stack">
      <Alert
        type="info"
        showIcon
        title={t("settings.audit.chain_title")}
        description={
          <>
            {t("settings.audit.chain")} <code>patron audit verify</code>
          </>
        }
      />
      <div className="filters" style={{ marginBottom: 0 }}>
        <Select
          allowClear
          showSearch={{ optionFilterProp: "label" }}
          style={{ minWidth: 170 }}
          aria-label={t("settings.audit.by")}
          placeholder={t("settings.audit.by")}
          value={asked.actor ?? undefined}
          onChange={(actor: string | undefined) => change({ actor })}
          options={actors}
        />
        <Select
          allowClear
          showSearch={{ optionFilterProp: "label" }}
          style={{ minWidth: 190 }}
          aria-label={t("settings.audit.what")}
          placeholder={t("settings.audit.what")}
          value={asked.kind ?? undefined}
          onChange={(kind: string | undefined) => change({ kind })}
          options={[...CUSTOMER_EVENTS, ...FIRM_EVENTS].map((kind) => ({
            value: kind,
            label: eventTitle(kind, t),
          }))}
        />
        <DatePicker.RangePicker
          allowEmpty={[true, true]}
          aria-label={t("settings.audit.when")}
          placeholder={[t("settings.audit.from"), t("settings.audit.until")]}
          value={[
            asked.from ? dayjs(asked.from) : null,
            // The server takes what is before the end; people name the last day.
            asked.until ? dayjs(asked.until).subtract(1, "day") : null,
          ]}
          onChange={(range) =>
            change({
              from: range?.[0]?.startOf("day").toISOString(),
              until: range?.[1]?.startOf("day").add(1, "day").toISOString(),
            })
          }
        />
        {filtered ? (
          <Button
            type="link"
            onClick={() => change(Object.fromEntries(FILTERS.map((name) => [name, null])))}
          >
            {t("customers.clear")}
          </Button>
        ) : null}
        <Button
          icon={<ReloadOutlined aria-hidden />}
          loading={audit.isRefetching}
          onClick={() => void audit.refetch()}
        >
          {t("record.timeline.refresh")}
        </Button>
      </div>
      <Answer query={audit} rows={10}>
        {() => (
          <WideTable<EventRow>
            size="small"
            rowKey="id"
            dataSource={events}
            pagination={false}
            locale={{ emptyText: t("settings.audit.none") }}
            columns={[
              { title: t("settings.audit.at"), render: (_, row) => format.time(row.at) },
              { title: t("settings.audit.by"), render: (_, row) => actorText(row, t) },
              {
                title: t("settings.audit.what"),
                className: "wrapping",
                render: (_, row) => (
                  <>
                    {eventTitle(row.kind, t)}
                    <EventFacts of={row} />
                  </>
                ),
              },
              {
                title: t("settings.audit.thing"),
                render: (_, row) => <Thing of={row} />,
              },
              {
                title: t("settings.audit.place"),
                align: "right",
                render: (_, row) =>
                  row.position === null ? (
                    <Typography.Text type="secondary">
                      {t("settings.audit.sealing")}
                    </Typography.Text>
                  ) : (
                    format.count(row.position)
                  ),
              },
            ]}
          />
        )}
      </Answer>
      <More of={audit} />
    </div>
  );
}

/** What it happened to: where it is, and everything else that happened to it. */
function Thing(props: { of: EventRow }) {
  const { t } = useTranslation();
  const [, change] = useUrlState();
  const { of } = props;
  const name = t(`events.subject.${of.subject_kind}`, {
    defaultValue: t("events.subject.other"),
  });
  const place = placeOf(of);
  return (
    <span className="row" style={{ gap: 4, flexWrap: "nowrap" }}>
      {place ? <Link to={place}>{name}</Link> : name}
      <Button
        type="link"
        size="small"
        aria-label={t("settings.audit.only_of", { thing: name })}
        onClick={() => change({ subject: of.subject_id })}
      >
        {t("settings.audit.only")}
      </Button>
    </span>
  );
}
