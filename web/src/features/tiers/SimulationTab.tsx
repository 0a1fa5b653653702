// What a draft would do to everybody, before anybody feels it; and its publishing by a second person.
import { Alert, Card, Select } from "antd";
import { useTranslation } from "react-i18next";
import { useMay, usePublishedRuns } from "../../api/queries";
import {
  type ProgrammeShown,
  SIMULATION_JOB,
  type Simulation,
  useSimulation,
  useVersions,
  useWorkOn,
  type Version,
} from "../../api/tiers";
import { Answer } from "../../components/Answer";
import { JobProgress } from "../../components/JobProgress";
import { Teach } from "../../components/Teach";
import { useUrlState } from "../../components/urlState";
import { chosenOf } from "./LevelsTab";
import { PublishCard } from "./PublishCard";
import { SimulationResult } from "./SimulationResult";
import { StartSimulation } from "./StartSimulation";

export function SimulationTab(props: { of: ProgrammeShown }) {
  const { t } = useTranslation();
  const versions = useVersions(props.of.id);
  const [search, change] = useUrlState();
  return (
    <Answer query={versions}>
      {({ pages }) => {
        const items = pages.flatMap((page) => page.items);
        const drafts = items.filter((version) => version.state === "draft");
        const named = items.find((version) => version.id === search.get("version"));
        const chosen = named ?? drafts[0] ?? chosenOf(items, null);
        if (!chosen) {
          return (
            <Teach
              title={t("tiers.simulation.no_draft.title")}
              hint={t("tiers.simulation.no_draft.hint")}
            />
          );
        }
        return (
          <div className="stack">
            <div className="row">
              <Select
                aria-label={t("tiers.simulation.of")}
                popupMatchSelectWidth={false}
                value={chosen.id}
                onChange={(id) => change({ version: id })}
                options={items.map((version) => ({
                  value: version.id,
                  label: t("tiers.version.title", {
                    number: version.number,
                    state: t(`tiers.version.state.${version.state}`),
                  }),
                }))}
              />
            </div>
            <OfVersion key={chosen.id} version={chosen} programme={props.of} />
          </div>
        );
      }}
    </Answer>
  );
}

/** Why a simulation says nothing of how things are now; null where it does. */
function useStale(
  made: Simulation | null | undefined,
  version: Version,
  programme: ProgrammeShown,
): "draft" | "against" | "run" | null {
  const newest = usePublishedRuns()[0]?.id;
  if (!made || version.state !== "draft") return null;
  if (!made.is_current) return "draft";
  if (made.against !== (programme.in_force?.id ?? null)) return "against";
  return newest !== undefined && made.run !== newest ? "run" : null;
}

function OfVersion(props: { version: Version; programme: ProgrammeShown }) {
  const { version, programme } = props;
  const { t } = useTranslation();
  const simulation = useSimulation(version.id);
  const job = useWorkOn(SIMULATION_JOB, version.id);
  const stale = useStale(simulation.data, version, programme);
  const mayWrite = useMay("tiers.write");
  const mayPublish = useMay("tiers.publish");
  const isDraft = version.state === "draft";
  return (
    <>
      {isDraft && mayWrite && !job ? (
        <StartSimulation version={version} again={Boolean(simulation.data)} />
      ) : null}
      {job ? (
        <Card>
          <JobProgress job={job} />
        </Card>
      ) : null}
      {stale ? (
        <Alert
          type="warning"
          showIcon
          role="alert"
          title={t("tiers.simulation.stale")}
          description={t(`tiers.simulation.stale_because.${stale}`)}
        />
      ) : null}
      <Answer query={simulation}>
        {(made) =>
          made ? (
            <>
              <SimulationResult made={made} version={version} programme={programme} />
              {isDraft && mayPublish ? <PublishCard version={version} made={made} /> : null}
            </>
          ) : job ? null : (
            <Teach
              title={t("tiers.simulation.none.title")}
              hint={t(isDraft ? "tiers.simulation.none.hint" : "tiers.simulation.none.hint_past")}
            />
          )
        }
      </Answer>
    </>
  );
}
