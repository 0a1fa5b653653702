// A secret, which is shown this once.
import { Alert, Button, Modal, Typography } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { WebhookSecret } from "../../api/settings";

export function SecretDialog(props: { of: WebhookSecret; onClose: () => void }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(true);
  return (
    <Modal
      open={open}
      title={t("settings.webhooks.secret_title")}
      // It is gone once the dialog is: nothing but the button closes it.
      closable={false}
      keyboard={false}
      mask={{ closable: false }}
      afterClose={props.onClose}
      footer={
        <Button type="primary" onClick={() => setOpen(false)}>
          {t("settings.webhooks.secret_kept")}
        </Button>
      }
    >
      <Alert type="warning" showIcon title={t("settings.webhooks.secret_once")} />
      <p className="definition" style={{ margin: "12px 0 4px", overflowWrap: "anywhere" }}>
        {props.of.endpoint.url}
      </p>
      <Typography.Text
        code
        copyable={{
          text: props.of.secret,
          tooltips: [t("settings.webhooks.copy"), t("settings.webhooks.copied")],
        }}
        style={{ overflowWrap: "anywhere" }}
      >
        {props.of.secret}
      </Typography.Text>
    </Modal>
  );
}
