// Language and theme, offered on every screen, signed in or not.
import { BulbOutlined, GlobalOutlined } from "@ant-design/icons";
import { Button, Dropdown } from "antd";
import { useTranslation } from "react-i18next";
import { changeLanguage, type Language } from "../i18n";
import { type ThemeChoice, useThemeChoice } from "./preferences";

export function LanguageMenu() {
  const { t, i18n } = useTranslation();
  return (
    <Dropdown
      trigger={["click"]}
      menu={{
        selectable: true,
        selectedKeys: [i18n.language],
        // Each language is named in itself, so that one can find the way back.
        items: [
          { key: "zh-CN", label: "简体中文" },
          { key: "en", label: "English" },
        ],
        onClick: ({ key }) => void changeLanguage(key as Language),
      }}
    >
      <Button type="text" icon={<GlobalOutlined aria-hidden />} aria-label={t("app.language")} />
    </Dropdown>
  );
}

export function ThemeMenu() {
  const { t } = useTranslation();
  const { choice, choose } = useThemeChoice();
  return (
    <Dropdown
      trigger={["click"]}
      menu={{
        selectable: true,
        selectedKeys: [choice],
        items: [
          { key: "system", label: t("app.theme.system") },
          { key: "light", label: t("app.theme.light") },
          { key: "dark", label: t("app.theme.dark") },
        ],
        onClick: ({ key }) => choose(key as ThemeChoice),
      }}
    >
      <Button type="text" icon={<BulbOutlined aria-hidden />} aria-label={t("app.theme.title")} />
    </Dropdown>
  );
}
