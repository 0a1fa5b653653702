// Who is to be told that a version takes a level from them, and by when.
import { Alert, Select } from "antd";
import { useTranslation } from "react-i18next";
import {
  type Notice,
  type ProgrammeShown,
  useNotices,
  useVersions,
  type Version,
} from "../../api/tiers";
import { Answer } from "../../components/Answer";
import { More } from "../../components/EventList";
import { Section } from "../../components/Section";
import { Teach } from "../../components/Teach";
import { LevelMark } from "../../components/tiers/LevelMark";
import { CustomerName } from "../../components/tiers/names";
import { daysAfter } from "../../components/tiers/today";
import { useUrlState } from "../../components/urlState";
import { WideTable } from "../../components/WideTable";
import { useFormat } from "../../i18n/format";
import { levelsOf } from "./MatrixCard";

export function NoticesTab(props: { of: ProgrammeShown }) {
  const { t } = useTranslation();
  const [search, change] = useUrlState();
  const versions = useVersions(props.of.id);
  return (
    <Answer query={versions}>
      {({ pages }) => {
        const items = pages.flatMap((page) => page.items);
        const published = items.filter((version) => version.state !== "draft");
        const chosen =
          published.find((version) => version.id === search.get("version")) ?? published[0];
        if (!chosen) {
          return (
            <Teach title={t("tiers.notices.none.title")} hint={t("tiers.notices.none.hint")} />
          );
        }
        // What it took the place of: its levels are those that are lost.
        const before = published.find((version) => version.number < chosen.number) ?? null;
        return (
          <Section
            title={t("tiers.notices.title", { number: chosen.number })}
            action={
              published.length > 1 ? (
                <Select
                  aria-label={t("tiers.notices.of")}
                  popupMatchSelectWidth={false}
                  value={chosen.id}
                  onChange={(id) => change({ version: id })}
                  options={published.map((version) => ({
                    value: version.id,
                    label: t("tiers.version.title", {
                      number: version.number,
                      state: t(`tiers.version.state.${version.state}`),
                    }),
                  }))}
                />
              ) : null
            }
          >
            <List version={chosen} before={before} />
          </Section>
        );
      }}
    </Answer>
  );
}

function List(props: { version: Version; before: Version | null }) {
  const { version, before } = props;
  const { t } = useTranslation();
  const format = useFormat();
  const notices = useNotices(version.id);
  const levels = levelsOf(version, before);
  const { effective_on, notice_days } = version.document;
  return (
    <Answer query={notices}>
      {({ pages }) => {
        const items = pages.flatMap((page) => page.items);
        if (items.length === 0) {
          return <p className="definition">{t("tiers.notices.nobody")}</p>;
        }
        return (
          <div className="stack">
            <Alert
              type="info"
              showIcon
              title={t("tiers.notices.due", {
                due: format.day(daysAfter(effective_on, -notice_days)),
                day: format.day(effective_on),
                days: format.span(notice_days, "day"),
              })}
            />
            <WideTable<Notice>
              size="small"
              rowKey="id"
              dataSource={items}
              pagination={false}
              columns={[
                {
                  title: t("tiers.grant.customer"),
                  render: (_, notice) => <CustomerName id={notice.customer} />,
                },
                {
                  title: t("tiers.matrix.from"),
                  render: (_, notice) => <LevelMark code={notice.from} levels={levels} />,
                },
                {
                  title: t("tiers.matrix.to"),
                  render: (_, notice) => <LevelMark code={notice.to} levels={levels} />,
                },
                {
                  title: t("tiers.notices.due_on"),
                  render: (_, notice) => format.day(notice.due_on),
                },
              ]}
            />
            <More of={notices} />
          </div>
        );
      }}
    </Answer>
  );
}
