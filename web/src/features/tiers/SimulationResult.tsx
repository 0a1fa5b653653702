// What a simulation told: who loses and gains, from where to where, and what moving a threshold would change.
import { Card, Statistic } from "antd";
import { useTranslation } from "react-i18next";
import type { Moved, ProgrammeShown, Simulation, Version } from "../../api/tiers";
import { useFormat } from "../../i18n/format";
import { CurveCard } from "./CurveCard";
import { MatrixCard } from "./MatrixCard";
import { Movers } from "./Movers";

export function SimulationResult(props: {
  made: Simulation;
  version: Version;
  programme: ProgrammeShown;
}) {
  const { made, version, programme } = props;
  const { t } = useTranslation();
  const format = useFormat();
  const { currency } = made;
  const moved = (of: Moved, name: "lose" | "gain") => (
    <>
      <Statistic title={t(`tiers.simulation.${name}`)} value={format.count(of.customers)} />
      <Statistic
        title={t(`tiers.simulation.${name}_revenue`)}
        value={format.moneyShort({ minor: of.revenue_minor, currency })}
      />
      <Statistic
        title={t(`tiers.simulation.${name}_clv`)}
        value={format.moneyShort({ minor: of.clv_minor, currency })}
      />
    </>
  );
  // Before a first version nobody has a level to lose.
  const against = programme.in_force?.id === made.against ? programme.in_force : null;
  return (
    <>
      <Card>
        <div className="totals">
          {moved(made.lose, "lose")}
          {moved(made.gain, "gain")}
        </div>
        <p className="figure-note">
          {t("tiers.simulation.made", {
            customers: format.count(made.customers),
            time: format.time(made.created_at),
            day: format.day(made.on),
          })}{" "}
          {t("tiers.simulation.how")}
        </p>
      </Card>
      <MatrixCard made={made} version={version} against={against} />
      {made.curve ? <CurveCard made={made} curve={made.curve} version={version} /> : null}
      <Movers made={made} version={version} against={against} />
    </>
  );
}
