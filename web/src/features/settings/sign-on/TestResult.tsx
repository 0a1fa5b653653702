// What an identity provider said when it was asked about itself.
import { Alert } from "antd";
import { useTranslation } from "react-i18next";
import type { ProviderTest } from "../../../api/signOn";
import { useFormat } from "../../../i18n/format";

export type Tested = { name: string; said: ProviderTest };

export function TestResult(props: { tested: Tested }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { name, said } = props.tested;
  if (said.code) {
    return (
      <Alert
        type="error"
        showIcon
        role="alert"
        title={t("settings.sign_on.test_failed", { name })}
        description={t(`settings.sign_on.reason.${said.reason}`, {
          defaultValue: t("settings.sign_on.reason.status"),
        })}
      />
    );
  }
  return (
    <Alert
      type="success"
      showIcon
      role="status"
      title={t("settings.sign_on.test_good", { name })}
      description={t("settings.sign_on.test_found", {
        issuer: said.issuer,
        keys: format.number(said.keys),
        algorithms: format.list(said.algorithms),
        milliseconds: format.number(said.took_ms),
      })}
    />
  );
}
