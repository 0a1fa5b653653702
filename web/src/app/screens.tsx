// Screens that are no room: opening, nothing here, something broke.
import { Button, Result, Spin } from "antd";
import { useTranslation } from "react-i18next";
import { isRouteErrorResponse, Link, useRouteError } from "react-router";
import { PageHead } from "../components/PageHead";

export function Opening() {
  const { t } = useTranslation();
  return (
    <div className="opening" role="status" aria-label={t("app.loading")}>
      <Spin size="large" />
    </div>
  );
}

export function NotFound() {
  const { t } = useTranslation();
  return (
    <>
      <PageHead title={t("app.not_found.title")} />
      <Result
        status="404"
        subTitle={t("app.not_found.hint")}
        extra={
          <Link to="/">
            <Button type="primary">{t("app.not_found.home")}</Button>
          </Link>
        }
      />
    </>
  );
}

export function Broken() {
  const { t } = useTranslation();
  const error = useRouteError();
  if (isRouteErrorResponse(error) && error.status === 404) return <NotFound />;
  // After an update of the server the old page asks for code that is no longer there.
  return (
    <Result
      status="error"
      title={t("app.broken.title")}
      subTitle={t("app.broken.hint")}
      extra={
        <Button type="primary" onClick={() => window.location.reload()}>
          {t("app.broken.reload")}
        </Button>
      }
    />
  );
}
