// The versions of a programme, and what the chosen one says: read, or written where it is a draft.
import { PlusOutlined } from "@ant-design/icons";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { App, Button } from "antd";
import { useTranslation } from "react-i18next";
import { keys, useMay, useSetup } from "../../api/queries";
import {
  beginDraft,
  type ProgrammeShown,
  useVersions,
  type Version,
  type VersionState,
} from "../../api/tiers";
import { Answer } from "../../components/Answer";
import { More } from "../../components/EventList";
import { Mark } from "../../components/Marks";
import { errorText } from "../../components/problem";
import { Section } from "../../components/Section";
import { Teach } from "../../components/Teach";
import { usePersonName } from "../../components/tiers/names";
import { daysAfter, useToday } from "../../components/tiers/today";
import { useUrlState } from "../../components/urlState";
import { WideTable } from "../../components/WideTable";
import { useFormat } from "../../i18n/format";
import { DraftEditor } from "./DraftEditor";
import { NOTICE_DAYS, readyMade } from "./readyMade";
import { VersionView } from "./VersionView";

export const VERSION_COLOUR: Record<VersionState, string> = {
  draft: "#8c8c8c",
  scheduled: "#0072b2",
  effective: "#009e73",
  retired: "#bfbfbf",
};

/** A new draft's day leaves time to look at it before the notices are due. */
const TIME_TO_REVIEW_DAYS = 7;

/** The version that the address names, or else the newest. */
export function chosenOf(versions: Version[], id: string | null): Version | undefined {
  return versions.find((version) => version.id === id) ?? versions[0];
}

export function LevelsTab(props: { of: ProgrammeShown }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const { message } = App.useApp();
  const [search, change] = useUrlState();
  const mayWrite = useMay("tiers.write");
  const currency = useSetup().data?.currency ?? "CNY";
  const today = useToday();
  const versions = useVersions(props.of.id);
  const begin = useMutation({
    mutationFn: (from: Version | undefined) => {
      const notice = from?.document.notice_days ?? NOTICE_DAYS;
      const effective_on = daysAfter(today, notice + TIME_TO_REVIEW_DAYS);
      const document = from
        ? { ...from.document, effective_on }
        : readyMade(currency, daysAfter(today, TIME_TO_REVIEW_DAYS));
      return beginDraft(props.of.id, document);
    },
    onSuccess: async (draft) => {
      await client.invalidateQueries({ queryKey: keys.tiers });
      change({ version: draft.id });
    },
    onError: (error) => {
      message.error(errorText(error, t));
    },
  });
  return (
    <Answer query={versions}>
      {({ pages }) => {
        const items = pages.flatMap((page) => page.items);
        const chosen = chosenOf(items, search.get("version"));
        if (!chosen) {
          return (
            <Teach
              title={t("tiers.version.none.title")}
              hint={t("tiers.version.none.hint")}
              action={
                mayWrite ? (
                  <Button
                    type="primary"
                    loading={begin.isPending}
                    onClick={() => begin.mutate(undefined)}
                  >
                    {t("tiers.version.begin_ready")}
                  </Button>
                ) : null
              }
            />
          );
        }
        const from = props.of.in_force ?? chosen;
        return (
          <div className="stack">
            <Section
              title={t("tiers.version.all")}
              action={
                mayWrite ? (
                  <Button
                    icon={<PlusOutlined aria-hidden />}
                    loading={begin.isPending}
                    onClick={() => begin.mutate(from)}
                  >
                    {t("tiers.version.begin", { number: from.number })}
                  </Button>
                ) : null
              }
            >
              <VersionTable
                of={items}
                chosen={chosen.id}
                onChoose={(id) => change({ version: id })}
              />
              <More of={versions} />
            </Section>
            <Section
              title={t("tiers.version.title", {
                number: chosen.number,
                state: t(`tiers.version.state.${chosen.state}`),
              })}
            >
              {chosen.state === "draft" && mayWrite ? (
                <DraftEditor key={chosen.id} of={chosen} currency={currency} />
              ) : (
                <VersionView of={chosen} currency={currency} />
              )}
            </Section>
          </div>
        );
      }}
    </Answer>
  );
}

function VersionTable(props: { of: Version[]; chosen: string; onChoose: (id: string) => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const person = usePersonName();
  return (
    <WideTable<Version>
      size="small"
      rowKey="id"
      dataSource={props.of}
      pagination={false}
      rowSelection={{
        type: "radio",
        selectedRowKeys: [props.chosen],
        onChange: ([id]) => id && props.onChoose(String(id)),
        getCheckboxProps: (version) => ({
          "aria-label": t("tiers.version.choose", { number: version.number }),
        }),
      }}
      columns={[
        { title: t("tiers.version.number"), render: (_, version) => version.number },
        {
          title: t("tiers.version.state_label"),
          render: (_, version) => (
            <Mark
              colour={VERSION_COLOUR[version.state]}
              text={t(`tiers.version.state.${version.state}`)}
            />
          ),
        },
        {
          title: t("tiers.edit.effective_on"),
          render: (_, version) => format.day(version.document.effective_on),
        },
        { title: t("tiers.version.edited_by"), render: (_, version) => person(version.edited_by) },
        {
          title: t("tiers.version.published_by"),
          render: (_, version) => person(version.published_by),
        },
        {
          title: t("tiers.version.created"),
          render: (_, version) => format.time(version.created_at),
        },
      ]}
    />
  );
}
