// Publishing a draft: from when it holds, who is told by when, and, where the server refuses, why and what to do.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Alert, App, Button, Descriptions, Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { keys, problemCode } from "../../api/queries";
import { publishVersion, type Simulation, useOwnId, type Version } from "../../api/tiers";
import { ProblemAlert } from "../../components/Answer";
import { errorText } from "../../components/problem";
import { Section } from "../../components/Section";
import { usePersonName } from "../../components/tiers/names";
import { daysAfter, useToday } from "../../components/tiers/today";
import { useFormat } from "../../i18n/format";

/** The refusals of which the console says what to do next. */
const EXPLAINED = [
  "second_person_needed",
  "simulation_stale",
  "notice_too_short",
  "effective_in_past",
  "version_scheduled",
  "version_stale",
];

export function PublishCard(props: { version: Version; made: Simulation }) {
  const { version, made } = props;
  const { t } = useTranslation();
  const format = useFormat();
  const client = useQueryClient();
  const navigate = useNavigate();
  const { message } = App.useApp();
  const person = usePersonName();
  const own = useOwnId();
  const today = useToday();
  const [asking, setAsking] = useState(false);
  const { notice_days, effective_on } = version.document;
  const losers = made.lose.customers;
  const publish = useMutation({
    mutationFn: () => publishVersion(version.id, version.revision),
    onSuccess: (published) => {
      void client.invalidateQueries({ queryKey: keys.tiers });
      message.success(t("tiers.publish.done"));
      navigate(`/tiers/programmes/${published.programme}/notices?version=${published.id}`);
    },
    onSettled: () => setAsking(false),
  });
  const refused = problemCode(publish.error) ?? "";
  const earliest = daysAfter(today, losers > 0 ? notice_days : 0);
  const facts = {
    losers: format.count(losers),
    day: format.day(effective_on),
    due: format.day(daysAfter(effective_on, -notice_days)),
    earliest: format.day(earliest),
    days: format.span(notice_days, "day"),
  };
  return (
    <Section
      title={t("tiers.publish.title", { number: version.number })}
      action={
        <Button type="primary" onClick={() => setAsking(true)}>
          {t("tiers.publish.open")}
        </Button>
      }
    >
      <div className="stack">
        <Descriptions
          size="small"
          column={{ xs: 1, lg: 2 }}
          items={[
            {
              key: "edited",
              label: t("tiers.version.edited_by"),
              children:
                version.edited_by === own && own !== null
                  ? t("tiers.publish.edited_by_you")
                  : person(version.edited_by),
            },
            {
              key: "effective",
              label: t("tiers.edit.effective_on"),
              children: format.day(effective_on),
            },
            {
              key: "notices",
              label: t("tiers.publish.notices"),
              children:
                losers > 0 ? t("tiers.publish.notices_due", facts) : t("tiers.publish.nobody"),
            },
            { key: "earliest", label: t("tiers.publish.earliest"), children: format.day(earliest) },
          ]}
        />
        {publish.error ? (
          EXPLAINED.includes(refused) ? (
            <Alert
              type="error"
              showIcon
              role="alert"
              title={t("tiers.publish.refused", { why: errorText(publish.error, t) })}
              description={t(`tiers.publish.because.${refused}`, facts)}
            />
          ) : (
            <ProblemAlert error={publish.error} />
          )
        ) : null}
      </div>
      <Modal
        open={asking}
        title={t("tiers.publish.sure", { number: version.number })}
        okText={t("tiers.publish.go")}
        confirmLoading={publish.isPending}
        onOk={() => publish.mutate()}
        onCancel={() => setAsking(false)}
      >
        <ul className="reasons">
          <li>{t("tiers.publish.will.hold", facts)}</li>
          <li>{losers > 0 ? t("tiers.publish.will.tell", facts) : t("tiers.publish.nobody")}</li>
          <li>{t("tiers.publish.will.stay")}</li>
        </ul>
      </Modal>
    </Section>
  );
}
