// Says that the server does not answer; goes away by itself when it does again.
import { Alert } from "antd";
import { useTranslation } from "react-i18next";
import { useServerGone } from "../api/connection";

export function ServerGoneBanner() {
  const { t } = useTranslation();
  if (!useServerGone()) return null;
  return <Alert banner type="warning" role="alert" title={t("app.server_gone")} />;
}
