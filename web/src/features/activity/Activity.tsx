// All long work, running and past.

import { useInfiniteQuery } from "@tanstack/react-query";
import { Button, Card, Typography } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { listJobs } from "../../api/endpoints";
import { keys, useActiveJobs } from "../../api/queries";
import type { Job } from "../../api/types";
import { Answer } from "../../components/Answer";
import { JobProgress, jobErrorText } from "../../components/JobProgress";
import { StateMark } from "../../components/Marks";
import { PageHead } from "../../components/PageHead";
import { Teach } from "../../components/Teach";
import { WideTable } from "../../components/WideTable";
import { useFormat } from "../../i18n/format";

function subjectPath(job: Job): string | null {
  if (!job.subject) return null;
  if (job.subject.kind === "import") return `/imports/${job.subject.id}`;
  if (job.subject.kind === "export") return "/exports";
  if (job.subject.kind === "run" || job.subject.kind === "value_run") {
    return `/value/overview?run=${job.subject.id}`;
  }
  return null;
}

export function Activity() {
  const { t } = useTranslation();
  const format = useFormat();
  const active = useActiveJobs();
  const past = useInfiniteQuery({
    queryKey: [...keys.jobs, "list"],
    queryFn: ({ pageParam, signal }) => listJobs({ cursor: pageParam, limit: 50 }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });
  return (
    <>
      <PageHead title={t("app.activity.page")} lead={t("app.activity.lead")} />
      <div className="stack">
        {active.data?.length ? (
          <Card>
            <div className="stack">
              {active.data.map((job) => (
                <JobProgress key={job.id} job={job} />
              ))}
            </div>
          </Card>
        ) : null}
        <Answer query={past}>
          {(data) => {
            const jobs = data.pages.flatMap((page) => page.items);
            if (jobs.length === 0) {
              return (
                <Teach title={t("app.activity.empty.title")} hint={t("app.activity.empty.hint")} />
              );
            }
            return (
              <>
                <WideTable<Job>
                  size="small"
                  rowKey="id"
                  dataSource={jobs}
                  pagination={false}
                  columns={[
                    {
                      title: t("app.activity.kind"),
                      render: (_, job) => t(`terms.job.${job.kind}`, { defaultValue: job.kind }),
                    },
                    {
                      title: t("app.activity.state"),
                      render: (_, job) => (
                        <>
                          <StateMark of={job.state} />
                          {job.state === "failed" ? (
                            <Typography.Text type="danger">{jobErrorText(job, t)}</Typography.Text>
                          ) : null}
                        </>
                      ),
                    },
                    {
                      title: t("app.activity.started"),
                      render: (_, job) => format.time(job.started_at),
                    },
                    {
                      title: t("app.activity.finished"),
                      render: (_, job) => format.time(job.finished_at),
                    },
                    {
                      title: "",
                      render: (_, job) => {
                        const path = subjectPath(job);
                        return path ? (
                          <Link to={path}>{t("app.activity.open_subject")}</Link>
                        ) : null;
                      },
                    },
                  ]}
                />
                {past.hasNextPage ? (
                  <div className="list-foot">
                    <Button
                      loading={past.isFetchingNextPage}
                      onClick={() => void past.fetchNextPage()}
                    >
                      {t("app.activity.more")}
                    </Button>
                  </div>
                ) : null}
              </>
            );
          }}
        </Answer>
      </div>
    </>
  );
}
