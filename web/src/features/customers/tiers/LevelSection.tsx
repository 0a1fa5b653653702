// The customer's levels on the overview: which, why, and what is missing.
import { Tag } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useMay } from "../../../api/queries";
import { useMembers } from "../../../api/tiers";
import { Answer } from "../../../components/Answer";
import { Section } from "../../../components/Section";
import { LevelMark } from "../../../components/tiers/LevelMark";
import { MemberCard } from "../../../components/tiers/MemberCard";

export default function LevelSection(props: { customerId: string }) {
  return useMay("tiers.read") ? <Levels {...props} /> : null;
}

function Levels(props: { customerId: string }) {
  const { t } = useTranslation();
  const members = useMembers(props.customerId);
  // Where no programme is for the customer there is nothing to say.
  if (members.data?.length === 0) return null;
  return (
    <Section
      title={t("tiers.of_customer.title")}
      action={<Link to="?tab=tiers">{t("tiers.of_customer.all_of_it")}</Link>}
    >
      <Answer query={members} rows={3}>
        {(items) => (
          <div className="stack">
            {items.map((member) => (
              <MemberCard key={member.programme} of={member} short />
            ))}
          </div>
        )}
      </Answer>
    </Section>
  );
}

/** The same as marks beside the name. */
export function HeadLevels(props: { customerId: string }) {
  const members = useMembers(props.customerId, useMay("tiers.read")).data ?? [];
  return members
    .filter((member) => member.level !== null)
    .map((member) => (
      <Tag key={member.programme}>
        <LevelMark code={member.level} levels={member.levels} />
      </Tag>
    ));
}
