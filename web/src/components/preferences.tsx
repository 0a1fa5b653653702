// Language and theme of this browser, and Ant Design set up for them.
import { App as AntApp, theme as antTheme, ConfigProvider } from "antd";
import type { Locale } from "antd/es/locale";
import dayjs from "dayjs";
import {
  createContext,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useState,
} from "react";
import { useTranslation } from "react-i18next";

export type ThemeChoice = "light" | "dark" | "system";
const STORED = "patron.theme";

const Choice = createContext<{ choice: ThemeChoice; choose: (next: ThemeChoice) => void }>({
  choice: "system",
  choose: () => undefined,
});
export const useThemeChoice = () => useContext(Choice);

function storedChoice(): ThemeChoice {
  const stored = localStorage.getItem(STORED);
  return stored === "light" || stored === "dark" ? stored : "system";
}

function useMedia(asked: string): boolean {
  const query = useMemo(() => window.matchMedia(asked), [asked]);
  const [matches, setMatches] = useState(query.matches);
  useEffect(() => {
    const changed = () => setMatches(query.matches);
    query.addEventListener("change", changed);
    return () => query.removeEventListener("change", changed);
  }, [query]);
  return matches;
}

async function antLocale(language: string): Promise<Locale> {
  if (language === "zh-CN") {
    await import("dayjs/locale/zh-cn");
    return (await import("antd/es/locale/zh_CN")).default;
  }
  return (await import("antd/es/locale/en_US")).default;
}

/** Blue that reads well on dark ground. */
const BRIGHT = "#8cc2ff";

const FONT =
  'system-ui, -apple-system, "Segoe UI", Roboto, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", sans-serif';

export function Preferences(props: { children: ReactNode }) {
  const { i18n } = useTranslation();
  const [choice, setChoice] = useState(storedChoice);
  const [locale, setLocale] = useState<Locale>();
  const systemDark = useMedia("(prefers-color-scheme: dark)");
  // Who is made dizzy by what moves has told the system so.
  const still = useMedia("(prefers-reduced-motion: reduce)");
  const dark = choice === "dark" || (choice === "system" && systemDark);

  useEffect(() => {
    let current = true;
    void antLocale(i18n.language).then((loaded) => {
      dayjs.locale(i18n.language === "zh-CN" ? "zh-cn" : "en");
      if (current) setLocale(loaded);
    });
    return () => {
      current = false;
    };
  }, [i18n.language]);

  useEffect(() => {
    document.documentElement.dataset.theme = dark ? "dark" : "light";
  }, [dark]);

  const choose = useCallback((next: ThemeChoice) => {
    if (next === "system") localStorage.removeItem(STORED);
    else localStorage.setItem(STORED, next);
    setChoice(next);
  }, []);
  const chosen = useMemo(() => ({ choice, choose }), [choice, choose]);

  return (
    <Choice.Provider value={chosen}>
      <ConfigProvider
        locale={locale}
        // Without this a button of two characters reads 导 入, on screen and to a screen reader.
        button={{ autoInsertSpace: false }}
        theme={{
          algorithm: dark ? antTheme.darkAlgorithm : antTheme.defaultAlgorithm,
          token: {
            colorPrimary: dark ? "#3c89e0" : "#0b5cad",
            colorInfo: dark ? "#3c89e0" : "#0b5cad",
            colorLink: dark ? BRIGHT : "#0b5cad",
            // Under the pointer it stays as readable.
            colorLinkHover: dark ? BRIGHT : "#084a8a",
            colorTextSecondary: dark ? "rgba(255,255,255,0.68)" : "rgba(0,0,0,0.62)",
            colorTextDescription: dark ? "rgba(255,255,255,0.68)" : "rgba(0,0,0,0.62)",
            colorTextTertiary: dark ? "rgba(255,255,255,0.62)" : "rgba(0,0,0,0.6)",
            colorTextPlaceholder: dark ? "rgba(255,255,255,0.55)" : "rgba(0,0,0,0.56)",
            colorError: dark ? "#ff7875" : "#c62828",
            colorBgLayout: dark ? "#0f1216" : "#f4f6f8",
            borderRadius: 6,
            motion: !still,
            fontFamily: FONT,
          },
          components: {
            Layout: {
              headerBg: dark ? "#15191e" : "#ffffff",
              headerPadding: "0 16px",
              headerHeight: 52,
            },
            Menu: { itemBorderRadius: 6, ...(dark ? { itemSelectedColor: BRIGHT } : {}) },
            Tabs: dark
              ? { itemSelectedColor: BRIGHT, itemHoverColor: BRIGHT, inkBarColor: BRIGHT }
              : {},
            Table: { headerBorderRadius: 0, cellPaddingBlockSM: 7 },
            Card: { bodyPadding: 20 },
          },
        }}
      >
        <AntApp>{props.children}</AntApp>
      </ConfigProvider>
    </Choice.Provider>
  );
}
