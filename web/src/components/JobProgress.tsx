// One piece of long work: how far it is, and the way to stop it.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { App, Button, Progress, Typography } from "antd";
import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";
import { cancelJob } from "../api/endpoints";
import { isActive, takeJob, useMay } from "../api/queries";
import type { Job } from "../api/types";
import { useFormat } from "../i18n/format";
import { errorText } from "./problem";

/** Share of the work done in percent, or null while the whole is unknown. */
export function percentOf(job: Pick<Job, "done" | "total" | "state">): number | null {
  if (job.state === "succeeded") return 100;
  if (!job.total) return null;
  return Math.min(100, Math.floor((100 * job.done) / job.total));
}

export function jobErrorText(job: Job, t: TFunction): string {
  if (!job.error) return t("problem.unexpected");
  return (
    t(`problem.code.${job.error.code}`, { defaultValue: "" }) ||
    job.error.detail ||
    t("problem.unknown", { code: job.error.code })
  );
}

export function JobProgress(props: { job: Job; compact?: boolean }) {
  const { job } = props;
  const { t } = useTranslation();
  const format = useFormat();
  const client = useQueryClient();
  const { message } = App.useApp();
  const mayCancel = useMay("jobs.cancel");
  const cancel = useMutation({
    mutationFn: () => cancelJob(job.id),
    onSuccess: (cancelled) => cancelled && takeJob(client, cancelled),
    onError: (error) => message.error(errorText(error, t)),
  });
  const percent = percentOf(job);
  const name = t(`terms.job.${job.kind}`, { defaultValue: job.kind });
  const stage = job.stage ? t(`terms.stage.${job.stage}`, { defaultValue: job.stage }) : null;
  const how = job.total
    ? t("app.job.of", { done: format.count(job.done), total: format.count(job.total) })
    : job.done > 0
      ? format.count(job.done)
      : null;
  return (
    <div className="job" aria-live="polite">
      <div className="job-line">
        <Typography.Text strong={!props.compact}>{name}</Typography.Text>
        <Typography.Text type="secondary">
          {[t(`terms.state.${job.state}`), isActive(job) ? stage : null, isActive(job) ? how : null]
            .filter(Boolean)
            .join(" · ")}
        </Typography.Text>
        {isActive(job) && mayCancel ? (
          <Button size="small" loading={cancel.isPending} onClick={() => cancel.mutate()}>
            {t("app.job.cancel")}
          </Button>
        ) : null}
      </div>
      <Progress
        aria-label={name}
        percent={percent ?? (isActive(job) ? 100 : 0)}
        showInfo={percent !== null}
        status={
          job.state === "failed"
            ? "exception"
            : job.state === "succeeded"
              ? "success"
              : isActive(job)
                ? "active"
                : "normal"
        }
        size="small"
      />
      {job.state === "failed" ? (
        <Typography.Text type="danger">{jobErrorText(job, t)}</Typography.Text>
      ) : job.message ? (
        <Typography.Text type="secondary">{job.message}</Typography.Text>
      ) : null}
    </div>
  );
}
