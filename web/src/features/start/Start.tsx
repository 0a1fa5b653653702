// The first start: bring data, compute value, look at the result. Where one stands is told by what
// the server already has, so the walk-through survives a reload and another day.
import { Card, Steps } from "antd";
import { useTranslation } from "react-i18next";
import { useActiveJobs, useSetup } from "../../api/queries";
import type { Job, Setup } from "../../api/types";
import { Answer } from "../../components/Answer";
import { JobProgress } from "../../components/JobProgress";
import { PageHead } from "../../components/PageHead";
import { BringData } from "./BringData";
import { FirstRun } from "./FirstRun";
import { LookAround } from "./LookAround";

export function startStep(setup: Setup): 0 | 1 | 2 {
  if (setup.has_run) return 2;
  return (setup.transactions ?? 0) > 0 ? 1 : 0;
}

export function Start() {
  const { t } = useTranslation();
  const setup = useSetup();
  return (
    <div className="narrow">
      <PageHead title={t("start.title")} lead={t("start.lead")} />
      <Answer query={setup}>{(now) => <Walk setup={now} />}</Answer>
    </div>
  );
}

function Walk(props: { setup: Setup }) {
  const { t } = useTranslation();
  const { setup } = props;
  const active = useActiveJobs().data ?? [];
  const of = (kind: Job["kind"]) => active.find((job) => job.kind === kind);
  const making = of("example_firm") ?? of("import");
  const running = of("value_run");
  const step = making ? 0 : running ? 1 : startStep(setup);
  return (
    <div className="stack">
      <Card>
        <Steps
          current={step}
          items={[
            { title: t("start.step.data") },
            { title: t("start.step.run") },
            { title: t("start.step.look") },
          ]}
        />
      </Card>
      {step === 0 ? (
        making ? (
          <Card>
            <JobProgress job={making} />
          </Card>
        ) : (
          <BringData setup={setup} />
        )
      ) : step === 1 ? (
        <FirstRun setup={setup} job={running} />
      ) : (
        <LookAround />
      )}
    </div>
  );
}
