// Everything that happened to a customer, in words.
import { ReloadOutlined } from "@ant-design/icons";
import { Button, Select, Typography } from "antd";
import { useTranslation } from "react-i18next";
import { useTimeline } from "../../../api/record";
import { Answer } from "../../../components/Answer";
import { EventList, More } from "../../../components/EventList";
import { CUSTOMER_EVENTS } from "../../../components/eventKinds";
import { eventTitle } from "../../../components/eventWords";
import { Section } from "../../../components/Section";
import { useUrlState } from "../../../components/urlState";

export function TimelineTab(props: { customerId: string }) {
  const { t } = useTranslation();
  const [search, change] = useUrlState();
  const kind = search.get("kind");
  const timeline = useTimeline(props.customerId, kind);
  return (
    <Section
      title={t("record.timeline.title")}
      action={
        <div className="row">
          <Select
            allowClear
            aria-label={t("record.timeline.kind")}
            placeholder={t("record.timeline.all")}
            style={{ minWidth: 180 }}
            value={kind ?? undefined}
            onChange={(next: string | undefined) => change({ kind: next }, { replace: true })}
            options={CUSTOMER_EVENTS.map((one) => ({ value: one, label: eventTitle(one, t) }))}
          />
          <Button
            icon={<ReloadOutlined aria-hidden />}
            loading={timeline.isRefetching}
            onClick={() => void timeline.refetch()}
          >
            {t("record.timeline.refresh")}
          </Button>
        </div>
      }
    >
      <Answer query={timeline}>
        {({ pages }) => {
          const events = pages.flatMap((page) => page.items);
          return events.length === 0 ? (
            <Typography.Text type="secondary">
              {t(kind ? "record.timeline.none_of_kind" : "record.timeline.none")}
            </Typography.Text>
          ) : (
            <EventList events={events} />
          );
        }}
      </Answer>
      <More of={timeline} />
    </Section>
  );
}
