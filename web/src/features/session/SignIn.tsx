// Signing in. A link of the form #login=…&password=… fills the form in, so that the address printed
// at the first start can be opened as it is.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Button, Divider, Form, Input } from "antd";
import { useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation, useNavigate, useSearchParams } from "react-router";
import { signIn } from "../../api/endpoints";
import { keys, problemCode } from "../../api/queries";
import { useDoors } from "../../api/signOn";
import { ProblemAlert } from "../../components/Answer";
import { LanguageMenu, ThemeMenu } from "../../components/menus";
import { Door } from "./Door";
import { insideOnly } from "./next";
import { ProviderDoors, Refused } from "./ProviderDoors";

type Typed = { login: string; password: string; code?: string };

export function SignIn() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const client = useQueryClient();
  const [search] = useSearchParams();
  // The router still knows the fragment after it has left the address below.
  const { hash } = useLocation();
  const prefilled = useMemo(() => new URLSearchParams(hash.slice(1)), [hash]);

  useEffect(() => {
    // The password must not stay in the address or the history.
    if (window.location.hash) {
      window.history.replaceState(
        window.history.state,
        "",
        `${window.location.pathname}${window.location.search}`,
      );
    }
  }, []);

  const next = insideOnly(search.get("next"));
  // Known only once the password was right: until then nobody learns who has a second factor.
  const [asksForCode, setAsksForCode] = useState(false);
  const enter = useMutation({
    mutationFn: (typed: Typed) =>
      signIn(typed.login.trim(), typed.password, typed.code?.trim() || undefined),
    onError: (error) => {
      if (problemCode(error) === "second_factor_required") setAsksForCode(true);
    },
    onSuccess: (session) => {
      client.clear();
      client.setQueryData(keys.session, session);
      navigate(next, { replace: true });
    },
  });

  const doors = useDoors().data;
  const others = doors && doors.items.length > 0 ? doors : null;
  // Where passwords are for few, they stand back; a link that brings one means it.
  const only = others?.only_single_sign_on === true && !prefilled.get("login");
  const [byPassword, setByPassword] = useState(false);

  // Being asked for a code is no mistake.
  const refused = problemCode(enter.error) === "second_factor_required" ? null : enter.error;

  return (
    <Door
      title={t("app.sign_in.title")}
      tools={
        <>
          <LanguageMenu />
          <ThemeMenu />
        </>
      }
    >
      <Refused code={search.get("refused")} />
      {others && only ? <ProviderDoors doors={others} next={next} /> : null}
      {only && !byPassword ? (
        <Button type="link" block onClick={() => setByPassword(true)}>
          {t("app.sign_in.by_password")}
        </Button>
      ) : null}
      <Form<Typed>
        hidden={only && !byPassword}
        layout="vertical"
        requiredMark={false}
        initialValues={{
          login: prefilled.get("login") ?? "",
          password: prefilled.get("password") ?? "",
        }}
        onFinish={(typed) => enter.mutate(typed)}
      >
        <Form.Item
          name="login"
          label={t("app.sign_in.login")}
          rules={[{ required: true, message: t("app.required") }]}
        >
          <Input autoComplete="username" autoFocus autoCapitalize="off" spellCheck={false} />
        </Form.Item>
        <Form.Item
          name="password"
          label={t("app.sign_in.password")}
          rules={[{ required: true, message: t("app.required") }]}
        >
          <Input.Password autoComplete="current-password" />
        </Form.Item>
        {asksForCode ? (
          <Form.Item
            name="code"
            label={t("app.sign_in.code")}
            extra={t("app.sign_in.code_about")}
            rules={[{ required: true, message: t("app.required") }]}
          >
            <Input autoComplete="one-time-code" autoFocus autoCapitalize="off" spellCheck={false} />
          </Form.Item>
        ) : null}
        <Form.Item hidden={!refused}>
          <ProblemAlert error={refused} />
        </Form.Item>
        <Button type="primary" htmlType="submit" block loading={enter.isPending}>
          {t("app.sign_in.enter")}
        </Button>
      </Form>
      {others && !only ? (
        <>
          <Divider plain>{t("app.sign_in.or")}</Divider>
          <ProviderDoors doors={others} next={next} />
        </>
      ) : null}
    </Door>
  );
}
