import { Card, Steps } from "antd";
import { useTranslation } from "react-i18next";

export function ImportSteps(props: { current: number; failed?: boolean }) {
  const { t } = useTranslation();
  return (
    <Card>
      <Steps
        size="small"
        current={props.current}
        status={props.failed ? "error" : "process"}
        items={[
          { title: t("imports.step.file") },
          { title: t("imports.step.mapping") },
          { title: t("imports.step.check") },
          { title: t("imports.step.import") },
        ]}
      />
    </Card>
  );
}
