// The decisions on a customer, the newest first; each can be opened to what was known when it was made.
import { Descriptions } from "antd";
import { useTranslation } from "react-i18next";
import { useSetup } from "../../../api/queries";
import {
  type DecisionShown,
  type LevelShown,
  type TierFacts,
  useDecisions,
  useProgramme,
} from "../../../api/tiers";
import { Answer } from "../../../components/Answer";
import { More } from "../../../components/EventList";
import { amountText, levelName, monthText, unitOf } from "../../../components/tiers/conditionWords";
import { LevelMark } from "../../../components/tiers/LevelMark";
import { ProgressTo } from "../../../components/tiers/Progress";
import { useNameOf } from "../../../components/useNameOf";
import { WideTable } from "../../../components/WideTable";
import { type Format, useFormat } from "../../../i18n/format";

export function History(props: { customerId: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const nameOf = useNameOf();
  const decisions = useDecisions(props.customerId);
  return (
    <Answer query={decisions} rows={3}>
      {({ pages }) => (
        <>
          <WideTable<DecisionShown>
            size="small"
            rowKey="id"
            dataSource={pages.flatMap((page) => page.items)}
            pagination={false}
            locale={{ emptyText: t("tiers.history.none") }}
            expandable={{ expandedRowRender: (decision) => <Explained of={decision} /> }}
            columns={[
              { title: t("tiers.history.on"), render: (_, decision) => format.time(decision.at) },
              {
                title: t("tiers.grant.programme"),
                render: (_, decision) => <ProgrammeName id={decision.programme} />,
              },
              {
                title: t("tiers.history.change"),
                render: (_, decision) => <Change of={decision} />,
              },
              {
                title: t("tiers.history.why"),
                render: (_, decision) => <div className="wrapping">{nameOf(decision.reason)}</div>,
              },
            ]}
          />
          <More of={decisions} />
        </>
      )}
    </Answer>
  );
}

/** The levels as the version in force has them. */
const useLevels = (programme: string): readonly LevelShown[] =>
  useProgramme(programme).data?.in_force?.document.levels ?? [];

function ProgrammeName(props: { id: string }) {
  const nameOf = useNameOf();
  const found = useProgramme(props.id).data;
  return <>{found ? nameOf(found) : "…"}</>;
}

function Change(props: { of: DecisionShown }) {
  const levels = useLevels(props.of.programme);
  return (
    <span className="row">
      <LevelMark code={props.of.before?.level ?? null} levels={levels} />
      <span aria-hidden>→</span>
      <LevelMark code={props.of.level} levels={levels} />
    </span>
  );
}

function Explained(props: { of: DecisionShown }) {
  const { of } = props;
  const { t } = useTranslation();
  const format = useFormat();
  const levels = useLevels(of.programme);
  const currency = useSetup().data?.currency ?? "CNY";
  const words = { t, format, levels };
  return (
    <div className="stack tier-explained">
      <p className="definition">{t("tiers.history.known")}</p>
      <Known of={of.facts} levels={levels} currency={currency} />
      <div className="tier-ways">
        {of.to_next ? (
          <ProgressTo
            title={t("tiers.to_next", { level: levelName(of.to_next.level, words) })}
            of={of.to_next}
            levels={levels}
            currency={currency}
          />
        ) : null}
        {of.to_keep ? (
          <ProgressTo
            title={t("tiers.to_keep", { level: levelName(of.to_keep.level, words) })}
            of={of.to_keep}
            levels={levels}
            currency={currency}
          />
        ) : null}
      </div>
    </div>
  );
}

/** What figures are kept as: whole numbers in their unit, others as their millionths. */
function figureKept(name: string, kept: number, currency: string, format: Format, words: Words) {
  const unit = unitOf({ measure: "figure", figure: name });
  const real = unit === "real" || unit === "probability";
  return amountText(real ? kept / 1e6 : kept, unit, { ...words, format, currency });
}
type Words = Omit<Parameters<typeof amountText>[2], "format" | "currency">;

function Known(props: { of: TierFacts; levels: readonly LevelShown[]; currency: string }) {
  const { of, levels, currency } = props;
  const { t } = useTranslation();
  const format = useFormat();
  const words = { t, levels };
  const figure = (name: string) => t(`terms.figure.${name}`, { defaultValue: name });
  return (
    <>
      <Descriptions
        size="small"
        column={{ xs: 1, lg: 2 }}
        items={[
          { key: "since", label: t("tiers.facts.since"), children: format.day(of.since) },
          ...(of.organisation_level
            ? [
                {
                  key: "organisation",
                  label: t("tiers.facts.organisation_level"),
                  children: <LevelMark code={of.organisation_level} levels={levels} />,
                },
              ]
            : []),
          ...(of.nominated
            ? [
                {
                  key: "nominated",
                  label: t("tiers.measure.nomination"),
                  children: t("tiers.nominated"),
                },
              ]
            : []),
          ...(of.given
            ? [
                {
                  key: "given",
                  label: t("tiers.facts.given"),
                  children: t(
                    of.given.level ? "tiers.facts.given_level" : "tiers.facts.suspended",
                    {
                      level: levelName(of.given.level, { ...words, format }),
                      day: format.day(of.given.until),
                    },
                  ),
                },
              ]
            : []),
          ...of.figures.map(([name, kept]) => ({
            key: name,
            label: figure(name),
            children: figureKept(name, kept, currency, format, words),
          })),
          ...of.shares.map(([name, above]) => ({
            key: `share-${name}`,
            label: t("tiers.measured.percentile", { figure: figure(name) }),
            children: t("tiers.place", { share: format.percent(Math.max(above, 1) / 10_000, 2) }),
          })),
        ]}
      />
      {of.months.length > 0 ? (
        <WideTable
          size="small"
          className="numeric"
          rowKey="month"
          dataSource={[...of.months].reverse()}
          pagination={of.months.length > 13 ? { pageSize: 13, showSizeChanger: false } : false}
          columns={[
            { title: t("tiers.facts.month"), render: (_, month) => monthText(month.month, format) },
            {
              title: t("tiers.facts.spend"),
              align: "right",
              render: (_, month) => format.money({ minor: month.spend_minor, currency }),
            },
            {
              title: t("tiers.facts.orders"),
              align: "right",
              render: (_, month) => format.count(month.orders),
            },
          ]}
        />
      ) : (
        <p className="definition">{t("tiers.facts.no_months")}</p>
      )}
    </>
  );
}
