// A person's own password: the one so far, and the new one twice.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Button, Form, Input } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { changePassword } from "../../api/endpoints";
import { keys, useSession } from "../../api/queries";
import { ProblemAlert } from "../../components/Answer";
import { showAtFields } from "../../components/problem";

type Typed = { current_password: string; new_password: string; again: string };
const SHORTEST = 10;

export function PasswordForm(props: {
  save: string;
  /** As wide as the door it stands in, where it is all there is. */
  block?: boolean;
  onChanged: () => void;
  children?: ReactNode;
}) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [form] = Form.useForm<Typed>();
  const session = useSession().data;
  const forced = session?.must_change_password ?? false;

  const change = useMutation({
    mutationFn: (typed: Typed) => changePassword(typed.current_password, typed.new_password),
    onSuccess: async (next) => {
      client.setQueryData(keys.session, next);
      form.resetFields();
      await client.invalidateQueries();
      props.onChanged();
    },
    onError: (error) => showAtFields(form, error, ["current_password", "new_password"], t),
  });

  return (
    <Form<Typed>
      // Another form beside it may ask for the password too.
      name="own_password"
      form={form}
      layout="vertical"
      requiredMark={false}
      onFinish={(typed) => change.mutate(typed)}
    >
      <input
        type="text"
        hidden
        readOnly
        autoComplete="username"
        value={session?.user.login ?? ""}
      />
      <Form.Item
        name="current_password"
        label={t(forced ? "app.set_password.one_time" : "app.set_password.current")}
        rules={[{ required: true, message: t("app.required") }]}
      >
        <Input.Password autoComplete="current-password" autoFocus={props.block} />
      </Form.Item>
      <Form.Item
        name="new_password"
        label={t("app.set_password.new")}
        extra={t("app.set_password.rule", { number: SHORTEST })}
        rules={[
          { required: true, message: t("app.required") },
          { min: SHORTEST, message: t("app.set_password.rule", { number: SHORTEST }) },
        ]}
      >
        <Input.Password autoComplete="new-password" />
      </Form.Item>
      <Form.Item
        name="again"
        label={t("app.set_password.again")}
        dependencies={["new_password"]}
        rules={[
          { required: true, message: t("app.required") },
          ({ getFieldValue }) => ({
            validator: (_, value) =>
              !value || value === getFieldValue("new_password")
                ? Promise.resolve()
                : Promise.reject(new Error(t("app.set_password.differs"))),
          }),
        ]}
      >
        <Input.Password autoComplete="new-password" />
      </Form.Item>
      <Form.Item hidden={!change.error}>
        <ProblemAlert error={change.error} />
      </Form.Item>
      <Button type="primary" htmlType="submit" block={props.block} loading={change.isPending}>
        {props.save}
      </Button>
      {props.children}
    </Form>
  );
}
