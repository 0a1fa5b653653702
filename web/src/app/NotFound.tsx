import { Button, Result } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { PageHead } from "../components/PageHead";

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
