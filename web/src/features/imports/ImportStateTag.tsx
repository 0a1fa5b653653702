import { Tag } from "antd";
import { useTranslation } from "react-i18next";
import type { ImportState } from "../../api/types";

const COLOUR: Record<ImportState, string> = {
  uploaded: "default",
  checked: "blue",
  importing: "processing",
  imported: "success",
  failed: "error",
  cancelled: "default",
};

export function ImportStateTag(props: { of: ImportState }) {
  const { t } = useTranslation();
  return <Tag color={COLOUR[props.of]}>{t(`imports.state.${props.of}`)}</Tag>;
}
