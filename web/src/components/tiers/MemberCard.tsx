// How a customer stands in a programme: the level, why, until when, and what is missing.
import { Descriptions, Tag } from "antd";
import { useTranslation } from "react-i18next";
import { useSetup } from "../../api/queries";
import type { Member } from "../../api/tiers";
import { useFormat } from "../../i18n/format";
import { useNameOf } from "../useNameOf";
import { levelName } from "./conditionWords";
import { LevelMark } from "./LevelMark";
import { ProgressTo } from "./Progress";

export function MemberCard(props: {
  of: Member /** Without the smaller facts. */;
  short?: boolean;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const nameOf = useNameOf();
  const { of, short } = props;
  const currency = useSetup().data?.currency ?? "CNY";
  const words = { t, format, levels: of.levels };
  const byHand = of.level !== of.earned;
  return (
    <div className="tier-member">
      <div className="row tier-member-head">
        <span className="tier-member-level">
          <LevelMark code={of.level} levels={of.levels} />
        </span>
        <span className="figure-note">{nameOf(of)}</span>
        {byHand ? <Tag>{t("tiers.by_hand")}</Tag> : null}
      </div>
      <p className="tier-reason">{nameOf(of.reason)}</p>
      {short ? null : (
        <Descriptions
          size="small"
          column={{ xs: 1, md: 2 }}
          items={[
            {
              key: "earned",
              label: t("tiers.member.earned"),
              children: <LevelMark code={of.earned} levels={of.levels} />,
            },
            // Who never had a level has it since no day.
            {
              key: "since",
              label: t("tiers.member.since"),
              children: of.earned === null ? "—" : format.day(of.since),
            },
            {
              key: "review",
              label: t("tiers.member.review_on"),
              children: format.day(of.review_on),
            },
            {
              key: "grace",
              label: t("tiers.member.grace_until"),
              children: format.day(of.grace_until),
            },
            { key: "version", label: t("tiers.member.version"), children: of.version },
          ]}
        />
      )}
      <div className="tier-ways">
        {of.to_next ? (
          <ProgressTo
            title={t("tiers.to_next", { level: levelName(of.to_next.level, words) })}
            of={of.to_next}
            levels={of.levels}
            currency={currency}
          />
        ) : null}
        {of.to_keep ? (
          <ProgressTo
            title={t("tiers.to_keep", { level: levelName(of.to_keep.level, words) })}
            of={of.to_keep}
            levels={of.levels}
            currency={currency}
          />
        ) : null}
      </div>
    </div>
  );
}
