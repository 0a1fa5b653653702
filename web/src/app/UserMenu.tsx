// Who is signed in, and the ways out.
import { UserOutlined } from "@ant-design/icons";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { App, Button, Dropdown } from "antd";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { signOut } from "../api/endpoints";
import { useSession } from "../api/queries";
import { errorText } from "../components/problem";
import { roleName } from "../components/roles";

export function UserMenu() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const client = useQueryClient();
  const { message } = App.useApp();
  const session = useSession().data;
  const leave = useMutation({
    mutationFn: signOut,
    onSuccess: () => {
      // Nothing of what this person saw stays in memory.
      client.clear();
      navigate("/sign-in");
    },
    onError: (error) => message.error(errorText(error, t)),
  });
  if (!session) return null;
  return (
    <Dropdown
      trigger={["click"]}
      menu={{
        items: [
          {
            key: "who",
            type: "group",
            label: [
              session.user.name || session.user.login,
              roleName({ role: session.user.role, name: session.role_name ?? null }, t),
            ].join(" · "),
          },
          { key: "account", label: t("access.account.open") },
          { type: "divider" },
          { key: "leave", label: t("app.user.leave") },
        ],
        onClick: ({ key }) => {
          if (key === "account") navigate("/account");
          if (key === "leave") leave.mutate();
        },
      }}
    >
      <Button type="text" icon={<UserOutlined aria-hidden />} aria-label={t("app.user.menu")} />
    </Dropdown>
  );
}
