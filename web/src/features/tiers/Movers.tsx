// Who would lose a level or gain one, by name, of whom most is expected first.
import { Segmented } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useMay } from "../../api/queries";
import { type Move, type Simulation, useMoves, type Version } from "../../api/tiers";
import { Answer } from "../../components/Answer";
import { More } from "../../components/EventList";
import { Section } from "../../components/Section";
import { LevelMark } from "../../components/tiers/LevelMark";
import { WideTable } from "../../components/WideTable";
import { useFormat } from "../../i18n/format";
import { levelsOf } from "./MatrixCard";

type Direction = "lose" | "gain";

export function Movers(props: { made: Simulation; version: Version; against: Version | null }) {
  const { t } = useTranslation();
  const [direction, setDirection] = useState<Direction>("lose");
  // Names are for who may see customers.
  if (!useMay("customers.read")) return null;
  return (
    <Section
      title={t(`tiers.movers.title.${direction}`)}
      action={
        <Segmented<Direction>
          size="small"
          aria-label={t("tiers.movers.direction")}
          value={direction}
          onChange={setDirection}
          options={(["lose", "gain"] as const).map((one) => ({
            value: one,
            label: t(`tiers.movers.${one}`),
          }))}
        />
      }
    >
      <List {...props} direction={direction} />
    </Section>
  );
}

function List(props: {
  made: Simulation;
  version: Version;
  against: Version | null;
  direction: Direction;
}) {
  const { made, version, against, direction } = props;
  const { t } = useTranslation();
  const format = useFormat();
  const moves = useMoves(version.id, made.id, direction);
  const levels = levelsOf(version, against);
  const { currency } = made;
  return (
    <Answer query={moves}>
      {({ pages }) => (
        <>
          <WideTable<Move>
            size="small"
            className="numeric"
            rowKey="customer"
            dataSource={pages.flatMap((page) => page.items)}
            pagination={false}
            locale={{ emptyText: t(`tiers.movers.nobody.${direction}`) }}
            columns={[
              {
                title: t("tiers.grant.customer"),
                render: (_, move) => (
                  <div className="customer-cell">
                    <Link to={`/customers/${move.customer}?tab=tiers`}>{move.name}</Link>
                    <span className="customer-number">{move.external_id}</span>
                  </div>
                ),
              },
              {
                title: t("tiers.matrix.from"),
                render: (_, move) => <LevelMark code={move.from} levels={levels} />,
              },
              {
                title: t("tiers.matrix.to"),
                render: (_, move) => <LevelMark code={move.to} levels={levels} />,
              },
              {
                title: t("tiers.matrix.revenue_minor"),
                align: "right",
                render: (_, move) => format.moneyWhole({ minor: move.revenue_minor, currency }),
              },
              {
                title: t("tiers.matrix.clv_minor"),
                align: "right",
                render: (_, move) => format.moneyWhole({ minor: move.clv_minor, currency }),
              },
            ]}
          />
          <More of={moves} />
        </>
      )}
    </Answer>
  );
}
