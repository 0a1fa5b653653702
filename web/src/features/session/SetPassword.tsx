// A person's own password; the first time in place of the one-time one.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Button, Form, Input } from "antd";
import { useTranslation } from "react-i18next";
import { Link, useNavigate, useSearchParams } from "react-router";
import { changePassword } from "../../api/endpoints";
import { keys, useSession } from "../../api/queries";
import { ProblemAlert } from "../../components/Answer";
import { LanguageMenu, ThemeMenu } from "../../components/menus";
import { showAtFields } from "../../components/problem";
import { Door } from "./Door";
import { insideOnly } from "./next";

type Typed = { current_password: string; new_password: string; again: string };
const SHORTEST = 10;

export function SetPassword() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const client = useQueryClient();
  const [search] = useSearchParams();
  const [form] = Form.useForm<Typed>();
  const session = useSession().data;
  const forced = session?.must_change_password ?? false;

  const change = useMutation({
    mutationFn: (typed: Typed) => changePassword(typed.current_password, typed.new_password),
    onSuccess: async (next) => {
      client.setQueryData(keys.session, next);
      await client.invalidateQueries();
      navigate(insideOnly(search.get("next")), { replace: true });
    },
    onError: (error) => showAtFields(form, error, ["current_password", "new_password"], t),
  });

  return (
    <Door
      title={t("app.set_password.title")}
      lead={forced ? t("app.set_password.forced") : undefined}
      tools={
        <>
          <LanguageMenu />
          <ThemeMenu />
        </>
      }
    >
      <Form<Typed>
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
          <Input.Password autoComplete="current-password" autoFocus />
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
        <Button type="primary" htmlType="submit" block loading={change.isPending}>
          {t("app.set_password.save")}
        </Button>
        {forced ? null : (
          <div className="door-back">
            <Link to="/">{t("app.set_password.back")}</Link>
          </div>
        )}
      </Form>
    </Door>
  );
}
