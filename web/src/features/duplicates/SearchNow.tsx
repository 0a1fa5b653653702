// Looking through all customers: a job that is seen by everyone who comes here, also after a reload.
import { SearchOutlined } from "@ant-design/icons";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Card } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { SEARCH_JOB, searchAll } from "../../api/merging";
import { isActive, takeJob, useActiveJobs, useJob, useMay } from "../../api/queries";
import type { Job } from "../../api/types";
import { ProblemAlert } from "../../components/Answer";
import { JobProgress } from "../../components/JobProgress";
import { useFormat } from "../../i18n/format";

type Found = { found: number; whole: boolean };

export function SearchNow() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const maySee = useMay("jobs.read");
  const running = useActiveJobs(maySee).data?.find((job) => job.kind === SEARCH_JOB);
  const [mine, setMine] = useState<string | null>(null);
  const job = useJob(maySee ? (running?.id ?? mine) : null).data;
  const start = useMutation({
    mutationFn: searchAll,
    onSuccess: (begun) => {
      takeJob(client, begun);
      setMine(begun.id);
    },
  });
  const busy = start.isPending || (job !== undefined && isActive(job));
  return (
    <Card className="pair-search" role="region" aria-label={t("merging.search.title")}>
      <div className="row">
        <Button
          icon={<SearchOutlined aria-hidden />}
          loading={start.isPending}
          disabled={busy}
          onClick={() => start.mutate()}
        >
          {t("merging.search.now")}
        </Button>
        <span className="figure-note">{t("merging.search.hint")}</span>
      </div>
      {start.error ? <ProblemAlert error={start.error} /> : null}
      {job && (isActive(job) || job.state === "failed") ? <JobProgress job={job} /> : null}
      {job?.state === "succeeded" ? <Result of={job} /> : null}
    </Card>
  );
}

function Result(props: { of: Job }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { found, whole } = props.of.result as Found;
  return (
    <Alert
      type={found > 0 ? "info" : "success"}
      showIcon
      role="status"
      title={
        found > 0
          ? t("merging.search.found", { pairs: format.count(found) })
          : t("merging.search.nothing")
      }
      description={whole ? undefined : t("merging.search.not_whole")}
    />
  );
}
