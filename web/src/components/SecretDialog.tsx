// What is shown this once: a secret, a one-time password, recovery codes.
import { DownloadOutlined } from "@ant-design/icons";
import { Alert, Button, Modal, Typography } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { downloadText } from "./csv";

export function SecretDialog(props: {
  title: string;
  /** What becomes of it, and that it is not shown again. */
  once: string;
  /** Whose it is. */
  of: string;
  secret: string | readonly string[];
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(true);
  const { secret } = props;
  const text = typeof secret === "string" ? secret : secret.join("\n");
  const copyable = { text, tooltips: [t("app.secret.copy"), t("app.secret.copied")] };
  return (
    <Modal
      open={open}
      title={props.title}
      // It is gone once the dialog is: nothing but the button closes it.
      closable={false}
      keyboard={false}
      mask={{ closable: false }}
      afterClose={props.onClose}
      footer={
        <Button type="primary" onClick={() => setOpen(false)}>
          {t("app.secret.kept")}
        </Button>
      }
    >
      <Alert type="warning" showIcon title={props.once} />
      <p className="definition" style={{ margin: "12px 0 4px", overflowWrap: "anywhere" }}>
        {props.of}
      </p>
      {typeof secret === "string" ? (
        <Typography.Text code copyable={copyable} style={{ overflowWrap: "anywhere" }}>
          {secret}
        </Typography.Text>
      ) : (
        <>
          <ul className="codes">
            {secret.map((code) => (
              <li key={code}>
                <code>{code}</code>
              </li>
            ))}
          </ul>
          <div className="row">
            <Typography.Text copyable={copyable}>{t("app.secret.copy")}</Typography.Text>
            <Button
              type="link"
              icon={<DownloadOutlined aria-hidden />}
              onClick={() => downloadText("patron-recovery-codes.txt", `${props.of}\n\n${text}\n`)}
            >
              {t("app.secret.as_file")}
            </Button>
          </div>
        </>
      )}
    </Modal>
  );
}
