// Says on every page of figures that the firm is invented, where it is.
import { Tag } from "antd";
import { useTranslation } from "react-i18next";
import { useSetup } from "../api/queries";

export function GeneratedMark() {
  const { t } = useTranslation();
  return useSetup().data?.generated ? <Tag>{t("app.generated")}</Tag> : null;
}
