// How a customer stands in a programme: the level, why, until when, and what is missing.
import { Descriptions, Tag } from "antd";
import { useTranslation } from "react-i18next";
import type { Member } from "../../api/tiers";
import { useFormat } from "../../i18n/format";
import { useNameOf } from "../useNameOf";
import { LevelMark } from "./LevelMark";
import { Ways } from "./Progress";

export function MemberCard(props: {
  of: Member;
  /** Without the smaller facts. */ short?: boolean;
}) {
  const nameOf = useNameOf();
  const { t } = useTranslation();
  const { of } = props;
  const byHand = of.level !== of.earned;
  return (
    <div className="tier-member">
      <div className="row">
        <span className="tier-member-level">
          <LevelMark code={of.level} levels={of.levels} />
        </span>
        <span className="figure-note">{nameOf(of)}</span>
        {byHand ? <Tag>{t("tiers.by_hand")}</Tag> : null}
      </div>
      <p className="tier-reason">{nameOf(of.reason)}</p>
      {props.short ? null : <Smaller of={of} />}
      <Ways of={of} levels={of.levels} />
    </div>
  );
}

function Smaller(props: { of: Member }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { of } = props;
  const day = (name: "since" | "review_on" | "grace_until") => ({
    key: name,
    label: t(`tiers.member.${name}`),
    children: format.day(of[name]),
  });
  return (
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
        ...(of.earned === null ? [] : [day("since")]),
        ...(of.review_on === null ? [] : [day("review_on")]),
        ...(of.grace_until === null ? [] : [day("grace_until")]),
        { key: "version", label: t("tiers.member.version"), children: of.version },
      ]}
    />
  );
}
