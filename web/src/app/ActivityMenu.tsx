// The work that is running now, visible from every screen.
import { SyncOutlined } from "@ant-design/icons";
import { Badge, Button, Popover } from "antd";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useActiveJobs, useMay } from "../api/queries";

const JobProgress = lazy(async () => ({
  default: (await import("../components/JobProgress")).JobProgress,
}));

export function ActivityMenu() {
  const { t } = useTranslation();
  const may = useMay("jobs.read");
  const jobs = useActiveJobs(may).data ?? [];
  const [open, setOpen] = useState(false);
  if (!may) return null;
  return (
    <Popover
      trigger="click"
      open={open}
      onOpenChange={setOpen}
      placement="bottomRight"
      title={t("app.activity.title")}
      content={
        <div className="activity">
          {jobs.length === 0 ? (
            <p className="definition">{t("app.activity.none")}</p>
          ) : (
            <Suspense>
              {jobs.map((job) => (
                <JobProgress key={job.id} job={job} compact />
              ))}
            </Suspense>
          )}
          <Link to="/activity" onClick={() => setOpen(false)}>
            {t("app.activity.all")}
          </Link>
        </div>
      }
    >
      <Badge count={jobs.length} size="small" offset={[-6, 6]}>
        <Button
          type="text"
          icon={<SyncOutlined spin={jobs.length > 0} aria-hidden />}
          aria-label={t("app.activity.open", { count: jobs.length })}
        />
      </Badge>
    </Popover>
  );
}
