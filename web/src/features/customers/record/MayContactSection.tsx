// May I contact this customer? The server's answer for every channel of a purpose, with its reasons.
import { useQueries } from "@tanstack/react-query";
import { Select } from "antd";
import { useTranslation } from "react-i18next";
import {
  askMayContact,
  CHANNELS,
  type Channel,
  type ContactReason,
  type MayContact,
  recordKey,
} from "../../../api/record";
import type { Purpose } from "../../../api/settings";
import { ProblemAlert, Waiting } from "../../../components/Answer";
import { Mark } from "../../../components/Marks";
import { MomentInput } from "../../../components/MomentInput";
import { ALLOWED, REFUSED } from "../../../components/palette";
import { usePurposeName } from "../../../components/purposes";
import { hoursText } from "../../../components/QuietHoursInput";
import { Section } from "../../../components/Section";
import { useUrlState } from "../../../components/urlState";
import { WideTable } from "../../../components/WideTable";
import { useFormat } from "../../../i18n/format";

const CONSENT_REASONS: ContactReason[] = ["consent_given", "consent_withdrawn", "consent_expired"];

export function MayContactSection(props: { customerId: string; purposes: Purpose[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const purposeName = usePurposeName();
  const [search, change] = useUrlState();
  const asked = search.get("purpose");
  const purpose =
    props.purposes.find((one) => one.name === asked) ??
    props.purposes.find((one) => one.needs === "consent") ??
    (props.purposes[0] as Purpose);
  const moment = search.get("at");
  const channels = CHANNELS.filter((channel) => purpose.channels.includes(channel));
  const answers = useQueries({
    queries: channels.map((channel) => ({
      queryKey: [...recordKey(props.customerId), "may", purpose.name, channel, moment],
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        askMayContact(
          props.customerId,
          { purpose: purpose.name, channel, at: moment ?? undefined },
          signal,
        ),
      // What is allowed now may not be in the next hour.
      staleTime: 0,
    })),
  });
  const failed = answers.find((one) => one.error && !one.data);
  const rows = channels.map((channel, index) => ({ channel, answer: answers[index]?.data }));
  const known = rows.every((row) => row.answer);
  const zone = rows[0]?.answer?.facts.zone;

  return (
    <Section title={t("record.may.title")}>
      <div className="may-asked">
        <Select
          aria-label={t("record.may.purpose")}
          value={purpose.name}
          onChange={(next) => change({ purpose: next }, { replace: true })}
          options={props.purposes.map(({ name }) => ({ value: name, label: purposeName(name) }))}
        />
        <MomentInput
          value={moment}
          placeholder={t("record.may.now")}
          label={t("record.may.at")}
          onChange={(at) => change({ at }, { replace: true })}
        />
      </div>
      {/* The purpose itself says what it needs. */}
      <p className="definition settings-hint">
        {t(`record.may.needs.${purpose.needs}`, { purpose: purposeName(purpose.name) })}
      </p>
      {failed ? (
        <ProblemAlert error={failed.error} retry={() => void failed.refetch()} />
      ) : known ? (
        <>
          <WideTable<{ channel: Channel; answer: MayContact | undefined }>
            size="small"
            rowKey="channel"
            dataSource={rows}
            pagination={false}
            columns={[
              {
                title: t("record.may.channel"),
                render: (_, row) => t(`terms.channel.${row.channel}`),
              },
              {
                title: t("record.may.answer"),
                render: (_, { answer }) =>
                  answer ? (
                    <Mark
                      colour={answer.allowed ? ALLOWED : REFUSED}
                      text={t(answer.allowed ? "record.may.yes" : "record.may.no")}
                    />
                  ) : null,
              },
              {
                title: t("record.may.why"),
                render: (_, { answer }) => (answer ? <Reasons of={answer} /> : null),
              },
              {
                title: t("record.may.next"),
                render: (_, { answer }) =>
                  answer && !answer.allowed
                    ? answer.next_at
                      ? format.time(answer.next_at)
                      : t("record.may.not_foreseen")
                    : null,
              },
            ]}
          />
          {zone ? <p className="figure-note">{t("record.may.zone", { zone })}</p> : null}
        </>
      ) : (
        <Waiting rows={3} />
      )}
    </Section>
  );
}

function Reasons(props: { of: MayContact }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { reasons, facts } = props.of;
  // The newest one of its kind that holds already is what a reason about consent rests on.
  const restsOn = (given: boolean) =>
    facts.statements
      .filter((one) => one.given === given && Date.parse(one.at) <= Date.parse(facts.at))
      .sort((one, other) => Date.parse(other.at) - Date.parse(one.at))[0];
  return (
    <>
      {reasons.map((reason) => {
        const said = CONSENT_REASONS.includes(reason)
          ? restsOn(reason !== "consent_withdrawn")
          : undefined;
        return (
          <div key={reason}>
            {reason === "quiet_hours" && facts.quiet_hours
              ? t("record.may.reason.quiet_hours", { hours: hoursText(facts.quiet_hours, t) })
              : t(`record.may.reason.${reason}`)}
            {said ? (
              <div className="figure-note">
                {t("record.may.rests_on", { at: format.time(said.at), source: said.source })}
              </div>
            ) : null}
          </div>
        );
      })}
    </>
  );
}
