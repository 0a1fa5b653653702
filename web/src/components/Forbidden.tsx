// What somebody sees who may not see it. Loaded when it happens: its picture is heavy.
import { Result } from "antd";
import { useTranslation } from "react-i18next";

export default function Forbidden() {
  const { t } = useTranslation();
  return (
    <Result status="403" title={t("app.forbidden.title")} subTitle={t("app.forbidden.hint")} />
  );
}
