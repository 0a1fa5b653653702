// What a version says, to be read.
import { Descriptions } from "antd";
import { useTranslation } from "react-i18next";
import { conditionsOf, type Level, type Rule, type Version } from "../../api/tiers";
import { Mark } from "../../components/Marks";
import {
  conditionText,
  downgradeText,
  periodText,
  type TierWords,
  takesAll,
} from "../../components/tiers/conditionWords";
import { useNameOf } from "../../components/useNameOf";
import { WideTable } from "../../components/WideTable";
import { useFormat } from "../../i18n/format";

export function VersionView(props: { of: Version; currency: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const nameOf = useNameOf();
  const { document } = props.of;
  const words: TierWords = { t, format, currency: props.currency, levels: document.levels };
  return (
    <div className="stack">
      <WideTable<Level>
        size="small"
        rowKey="code"
        dataSource={document.levels}
        pagination={false}
        columns={[
          {
            title: t("tiers.edit.level"),
            render: (_, level) => (
              <div className="customer-cell">
                <Mark colour={level.colour} text={nameOf(level)} />
                <span className="customer-number">{level.code}</span>
              </div>
            ),
          },
          {
            title: t("tiers.edit.qualify"),
            render: (_, level) => <RuleText of={level.qualify} words={words} />,
          },
          {
            title: t("tiers.edit.keep"),
            render: (_, level) =>
              level.keep ? (
                <RuleText of={level.keep} words={words} />
              ) : (
                <span className="figure-note">{t("tiers.edit.keep_same")}</span>
              ),
          },
        ]}
      />
      <Descriptions
        size="small"
        column={{ xs: 1, lg: 2 }}
        items={[
          {
            key: "period",
            label: t("tiers.edit.period"),
            children: periodText(document.period, t),
          },
          {
            key: "downgrade",
            label: t("tiers.edit.downgrade"),
            children: [
              downgradeText(document.downgrade, t),
              document.downgrade.kind === "never" ? null : t(`tiers.landing.${document.landing}`),
            ]
              .filter(Boolean)
              .join(" · "),
          },
          {
            key: "notice",
            label: t("tiers.edit.notice_days"),
            children: format.span(document.notice_days, "day"),
          },
          {
            key: "effective",
            label: t("tiers.edit.effective_on"),
            children: format.day(document.effective_on),
          },
        ]}
      />
    </div>
  );
}

function RuleText(props: { of: Rule; words: TierWords }) {
  const { of, words } = props;
  const conditions = conditionsOf(of);
  return (
    <>
      {conditions.length > 1 ? (
        <div className="figure-note">
          {words.t(takesAll(of) ? "tiers.takes.all" : "tiers.takes.any")}
        </div>
      ) : null}
      <ul className="plain">
        {conditions.map((condition, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: conditions stand in the rule's order
          <li key={index}>{conditionText(condition, words)}</li>
        ))}
      </ul>
    </>
  );
}
