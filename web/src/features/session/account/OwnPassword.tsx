// The password once more, before what guards the account changes.
import { Form, Input } from "antd";
import { useTranslation } from "react-i18next";

export function OwnPassword() {
  const { t } = useTranslation();
  return (
    <Form.Item
      name="current_password"
      label={t("app.set_password.current")}
      rules={[{ required: true, message: t("app.required") }]}
    >
      <Input.Password autoFocus autoComplete="current-password" />
    </Form.Item>
  );
}
