// Screens that are no room and must be there at once: opening, and something broke.
import { Alert, Button, Spin } from "antd";
import { useTranslation } from "react-i18next";

export function Opening() {
  const { t } = useTranslation();
  return (
    <div className="opening" role="status" aria-label={t("app.loading")}>
      <Spin size="large" />
    </div>
  );
}

/** After an update of the server the old page asks for code that is no longer there. */
export function Broken() {
  const { t } = useTranslation();
  return (
    <div className="lone">
      <Alert
        type="error"
        showIcon
        role="alert"
        title={t("app.broken.title")}
        description={t("app.broken.hint")}
        action={
          <Button type="primary" onClick={() => window.location.reload()}>
            {t("app.broken.reload")}
          </Button>
        }
      />
    </div>
  );
}
