// What a screen shows while it waits, when the server says no, and when there is an answer.
import type { UseQueryResult } from "@tanstack/react-query";
import { Alert, Button, Skeleton } from "antd";
import { lazy, type ReactNode, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { ApiError } from "../api/client";
import { errorDetail, errorText } from "./problem";

const Forbidden = lazy(() => import("./Forbidden"));

export function ProblemAlert(props: { error: unknown; retry?: () => void }) {
  const { t } = useTranslation();
  if (!props.error) return null;
  return (
    <Alert
      type="error"
      showIcon
      role="alert"
      title={errorText(props.error, t)}
      description={errorDetail(props.error, t)}
      action={
        props.retry ? (
          <Button size="small" onClick={props.retry}>
            {t("app.retry")}
          </Button>
        ) : undefined
      }
    />
  );
}

export function Waiting(props: { rows?: number }) {
  const { t } = useTranslation();
  return (
    <div role="status" aria-label={t("app.loading")}>
      <Skeleton active paragraph={{ rows: props.rows ?? 6 }} />
    </div>
  );
}

export function Answer<T>(props: {
  query: Pick<UseQueryResult<T>, "data" | "error" | "refetch">;
  rows?: number;
  children: (data: T) => ReactNode;
}) {
  const { data, error, refetch } = props.query;
  if (data !== undefined) return <>{props.children(data)}</>;
  if (error instanceof ApiError && error.problem.status === 403) {
    return (
      <Suspense fallback={<Waiting rows={props.rows} />}>
        <Forbidden />
      </Suspense>
    );
  }
  if (error) return <ProblemAlert error={error} retry={() => void refetch()} />;
  return <Waiting rows={props.rows} />;
}
