// The decisions on a customer, the newest first; each can be opened to what was known when it was made.
import { Collapse, Descriptions } from "antd";
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
import { Ways } from "../../../components/tiers/Progress";
import { useNameOf } from "../../../components/useNameOf";
import { WideTable } from "../../../components/WideTable";
import { type Format, useFormat } from "../../../i18n/format";

export function History(props: { customerId: string }) {
  const { t } = useTranslation();
  const decisions = useDecisions(props.customerId);
  return (
    <Answer query={decisions} rows={3}>
      {({ pages }) => {
        const items = pages.flatMap((page) => page.items);
        if (items.length === 0) return <p className="definition">{t("tiers.history.none")}</p>;
        return (
          <>
            <Collapse
              items={items.map((decision) => ({
                key: decision.id,
                label: <Head of={decision} />,
                children: <Explained of={decision} />,
              }))}
            />
            <More of={decisions} />
          </>
        );
      }}
    </Answer>
  );
}

/** A decision's programme, with the levels as the version in force has them. */
function useProgrammeOf(decision: DecisionShown) {
  const programme = useProgramme(decision.programme).data;
  const levels: readonly LevelShown[] = programme?.in_force?.document.levels ?? [];
  return { programme, levels };
}

/** When, in which programme, from where to where, and why. */
function Head(props: { of: DecisionShown }) {
  const { of } = props;
  const format = useFormat();
  const nameOf = useNameOf();
  const { programme, levels } = useProgrammeOf(of);
  return (
    <>
      <span className="row">
        <LevelMark code={of.before?.level ?? null} levels={levels} />
        <span aria-hidden>→</span>
        <LevelMark code={of.level} levels={levels} />
        <span className="figure-note">
          {[programme ? nameOf(programme) : null, format.time(of.at)].filter(Boolean).join(" · ")}
        </span>
      </span>
      <div>{nameOf(of.reason)}</div>
    </>
  );
}

function Explained(props: { of: DecisionShown }) {
  const { of } = props;
  const { t } = useTranslation();
  const { levels } = useProgrammeOf(of);
  const currency = useSetup().data?.currency ?? "CNY";
  return (
    <div className="stack">
      <p className="definition">{t("tiers.history.known")}</p>
      <Known of={of.facts} levels={levels} currency={currency} />
      <Ways of={of} levels={levels} />
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
