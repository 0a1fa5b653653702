// The firm's programmes; where there is none, how to begin with one.
import { PlusOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useMay } from "../../api/queries";
import { type Programme, useProgramme, useProgrammes } from "../../api/tiers";
import { Answer } from "../../components/Answer";
import { Mark } from "../../components/Marks";
import { Section } from "../../components/Section";
import { Teach } from "../../components/Teach";
import { useNameOf } from "../../components/useNameOf";
import { WideTable } from "../../components/WideTable";
import { ABSENT, useFormat } from "../../i18n/format";
import { ProgrammeDialog } from "./ProgrammeDialog";

export function Programmes() {
  const { t } = useTranslation();
  const programmes = useProgrammes();
  const mayWrite = useMay("tiers.write");
  const [making, setMaking] = useState(false);
  const add = mayWrite ? (
    <Button type="primary" icon={<PlusOutlined aria-hidden />} onClick={() => setMaking(true)}>
      {t("tiers.programme.add")}
    </Button>
  ) : null;
  return (
    <>
      <Answer query={programmes}>
        {(items) =>
          items.length === 0 ? (
            <Teach
              title={t("tiers.programme.none.title")}
              hint={t("tiers.programme.none.hint")}
              action={add}
            />
          ) : (
            <Section title={t("tiers.programme.all")} action={add}>
              <Table of={items} />
            </Section>
          )
        }
      </Answer>
      {making ? <ProgrammeDialog onClose={() => setMaking(false)} /> : null}
    </>
  );
}

function Table(props: { of: Programme[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const nameOf = useNameOf();
  const whom = (one: Programme) => {
    const kinds = one.kinds.map((kind) => t(`terms.kind.${kind}`));
    const parts = [...one.brands, ...kinds];
    return parts.length > 0 ? format.list(parts) : t("tiers.programme.everybody");
  };
  return (
    <WideTable<Programme>
      size="small"
      rowKey="id"
      dataSource={props.of}
      pagination={false}
      columns={[
        {
          title: t("tiers.programme.name"),
          render: (_, one) => (
            <div className="customer-cell">
              <Link to={`/tiers/programmes/${one.id}`}>{nameOf(one)}</Link>
              <span className="customer-number">{one.code}</span>
            </div>
          ),
        },
        { title: t("tiers.programme.whom"), render: (_, one) => whom(one) },
        { title: t("tiers.programme.levels"), render: (_, one) => <Levels id={one.id} /> },
        { title: t("tiers.programme.in_force"), render: (_, one) => <InForce id={one.id} /> },
      ]}
    />
  );
}

function Levels(props: { id: string }) {
  const format = useFormat();
  const nameOf = useNameOf();
  const found = useProgramme(props.id).data;
  if (!found?.in_force) return <>{ABSENT}</>;
  return (
    <span className="row tier-levels">
      {found.in_force.document.levels.map((level) => {
        const count = found.counts?.find((one) => one.level === level.code)?.customers;
        const number = found.counts ? ` ${format.count(count ?? 0)}` : "";
        return <Mark key={level.code} colour={level.colour} text={`${nameOf(level)}${number}`} />;
      })}
    </span>
  );
}

function InForce(props: { id: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const found = useProgramme(props.id).data;
  if (!found) return <>{ABSENT}</>;
  const { in_force, scheduled } = found;
  return (
    <>
      {in_force
        ? t("tiers.version.since", {
            number: in_force.number,
            day: format.day(in_force.document.effective_on),
          })
        : t("tiers.version.none_in_force")}
      {scheduled ? (
        <div className="figure-note">
          {t("tiers.version.from", {
            number: scheduled.number,
            day: format.day(scheduled.document.effective_on),
          })}
        </div>
      ) : null}
    </>
  );
}
