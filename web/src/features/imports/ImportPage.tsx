// One import from its file to its result. The step shown follows from the state of the import and
// its job, so a reload, another browser or another day finds the same place.

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { App, Card } from "antd";
import { useTranslation } from "react-i18next";
import { useParams } from "react-router";
import { startImport } from "../../api/endpoints";
import { isActive, keys, takeJob, useImport, useJob } from "../../api/queries";
import type { Import, ImportReport, Job } from "../../api/types";
import { Answer, ProblemAlert } from "../../components/Answer";
import { JobProgress } from "../../components/JobProgress";
import { StateMark } from "../../components/Marks";
import { PageHead } from "../../components/PageHead";
import { useUrlState } from "../../components/urlState";
import { useFormat } from "../../i18n/format";
import { CheckReport } from "./CheckReport";
import { Done } from "./Done";
import { ImportSteps } from "./ImportSteps";
import { Mapping } from "./Mapping";

export type Step = "mapping" | "checking" | "check" | "importing" | "done";

/** Where an import stands. `wanted` is the step in the address: one may go back to the mapping. */
export function stepOf(
  one: Pick<Import, "state" | "report">,
  job: Pick<Job, "kind" | "state"> | undefined,
  wanted: string | null,
): Step {
  if (job && (job.state === "running" || job.state === "queued")) {
    return job.kind === "import" ? "importing" : "checking";
  }
  if (one.state === "imported") return "done";
  if (wanted === "mapping" || !one.report) return "mapping";
  return "check";
}

export function ImportPage() {
  const { id = "" } = useParams();
  const one = useImport(id);
  return (
    <div className="narrow">
      <Answer query={one}>{(shown) => <Wizard one={shown} />}</Answer>
    </div>
  );
}

const STEP_NUMBER: Record<Step, number> = {
  mapping: 1,
  checking: 2,
  check: 2,
  importing: 3,
  done: 3,
};

function Wizard(props: { one: Import }) {
  const { one } = props;
  const { t } = useTranslation();
  const format = useFormat();
  const client = useQueryClient();
  const { message } = App.useApp();
  const [search, change] = useUrlState();
  const job = useJob(one.job_id).data;
  const step = stepOf(one, job, search.get("step"));

  const begin = useMutation({
    mutationFn: (rejectLimitPercent: number) => startImport(one.id, rejectLimitPercent),
    onSuccess: (started) => {
      takeJob(client, started);
      void client.invalidateQueries({ queryKey: keys.imports });
      message.info(t("imports.import.started"));
    },
  });
  const failed = job?.state === "failed" ? job : undefined;
  const report: ImportReport | null = one.report;

  return (
    <>
      <PageHead
        title={one.file_name}
        lead={
          <span className="row">
            {t(`imports.kind.${one.kind}`)} · {format.bytes(one.bytes)} · {one.format.toUpperCase()}
            {one.format === "csv" && one.encoding ? ` · ${one.encoding}` : ""}
            {one.sheet ? ` · ${one.sheet}` : ""}
            <StateMark of={one.state} />
          </span>
        }
      />
      <div className="stack">
        <ImportSteps current={step === "done" ? 4 : STEP_NUMBER[step]} failed={Boolean(failed)} />
        {job && (isActive(job) || failed) ? (
          <Card>
            <JobProgress job={job} />
          </Card>
        ) : null}
        <ProblemAlert error={begin.error} />
        {step === "mapping" ? (
          <Mapping
            key={`${one.encoding} ${one.sheet}`}
            one={one}
            onReread={(reread) => client.setQueryData(keys.import(one.id), reread)}
            onChecking={(started) => {
              takeJob(client, started);
              change({ step: null }, { replace: true });
              void client.invalidateQueries({ queryKey: keys.import(one.id) });
            }}
          />
        ) : null}
        {step === "check" && report ? (
          <CheckReport
            one={one}
            report={report}
            starting={begin.isPending}
            onStart={(limit) => begin.mutate(limit)}
            onBack={() => change({ step: "mapping" })}
          />
        ) : null}
        {step === "done" && report ? <Done one={one} report={report} /> : null}
      </div>
    </>
  );
}
