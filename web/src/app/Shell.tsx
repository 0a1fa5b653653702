// The frame around every room: navigation, top bar, banner, command palette.
import {
  BarChartOutlined,
  CrownOutlined,
  ExportOutlined,
  ImportOutlined,
  MenuOutlined,
  RocketOutlined,
  SearchOutlined,
  SettingOutlined,
  TeamOutlined,
} from "@ant-design/icons";
import { Button, Drawer, Grid, Layout, Menu } from "antd";
import { lazy, type ReactNode, Suspense, useCallback, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, Navigate, Outlet, ScrollRestoration, useLocation } from "react-router";
import { useLiveEvents } from "../api/live";
import { useMay, useSetup, useWholeFirm } from "../api/queries";
import { Answer } from "../components/Answer";
import { LanguageMenu, ThemeMenu } from "../components/menus";
import { useSettingsTabs } from "../features/settings/tabs";
import { ActivityMenu } from "./ActivityMenu";
import { ServerGoneBanner } from "./ServerGoneBanner";
import { UserMenu } from "./UserMenu";

const loadPalette = async () => ({
  default: (await import("./CommandPalette")).CommandPalette,
});
const CommandPalette = lazy(loadPalette);

type Room = { path: string; label: string; icon: ReactNode };

function useRooms(): Room[] {
  const { t } = useTranslation();
  const setup = useSetup().data;
  const mayCustomers = useMay("customers.read");
  const mayValue = useMay("value.read");
  const mayTiers = useMay("tiers.read");
  const mayImport = useMay("imports.write");
  const settings = useSettingsTabs();
  // What is about the whole firm is for who sees the whole firm.
  const whole = useWholeFirm();
  const rooms: Room[] = [];
  if (whole && setup && !setup.has_run) {
    rooms.push({
      path: "/start",
      label: t("app.room.start"),
      icon: <RocketOutlined aria-hidden />,
    });
  }
  if (mayCustomers) {
    rooms.push({
      path: "/customers",
      label: t("app.room.customers"),
      icon: <TeamOutlined aria-hidden />,
    });
  }
  if (mayValue && whole) {
    rooms.push({
      path: "/value",
      label: t("app.room.value"),
      icon: <BarChartOutlined aria-hidden />,
    });
  }
  if (mayTiers) {
    rooms.push({
      path: "/tiers",
      label: t("app.room.tiers"),
      icon: <CrownOutlined aria-hidden />,
    });
  }
  if (mayImport && whole) {
    rooms.push({
      path: "/imports",
      label: t("app.room.imports"),
      icon: <ImportOutlined aria-hidden />,
    });
  }
  if (mayCustomers) {
    rooms.push({
      path: "/exports",
      label: t("app.room.exports"),
      icon: <ExportOutlined aria-hidden />,
    });
  }
  if (settings?.length) {
    rooms.push({
      path: "/settings",
      label: t("app.room.settings"),
      icon: <SettingOutlined aria-hidden />,
    });
  }
  return rooms;
}

/** The first address leads to what there is to see: the walk-through, the firm's value, or the own customers. */
export function Home() {
  const setup = useSetup();
  const whole = useWholeFirm();
  const mayValue = useMay("value.read");
  const mayCustomers = useMay("customers.read");
  const place = (hasRun: boolean) => {
    if (whole && !hasRun) return "/start";
    if (whole && mayValue) return "/value/overview";
    return mayCustomers ? "/customers" : "/account";
  };
  return <Answer query={setup}>{(now) => <Navigate to={place(now.has_run)} replace />}</Answer>;
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName))
  );
}

export function Shell() {
  const { t } = useTranslation();
  const { pathname } = useLocation();
  const wide = Grid.useBreakpoint().lg ?? true;
  const [drawer, setDrawer] = useState(false);
  // Null until it is first asked for.
  const [palette, setPalette] = useState<boolean | null>(null);
  const closePalette = useCallback(() => setPalette(false), []);
  const rooms = useRooms();
  const firm = useSetup().data?.firm_name;
  useLiveEvents(true);

  // The palette is not needed for the first screen, but must open at once when it is asked for.
  useEffect(() => void loadPalette(), []);
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        setPalette((open) => !open);
      } else if (event.key === "/" && !isTyping(event.target)) {
        event.preventDefault();
        const search = document.querySelector<HTMLInputElement>("input[data-room-search]");
        if (search) search.focus();
        else setPalette(true);
      }
    };
    window.addEventListener("keydown", pressed);
    return () => window.removeEventListener("keydown", pressed);
  }, []);

  const menu = (
    <Menu
      mode="inline"
      className="rooms"
      selectedKeys={rooms.filter((room) => pathname.startsWith(room.path)).map((room) => room.path)}
      onClick={() => setDrawer(false)}
      items={rooms.map((room) => ({
        key: room.path,
        icon: room.icon,
        label: <Link to={room.path}>{room.label}</Link>,
      }))}
    />
  );

  return (
    <Layout className="shell">
      <a className="skip" href="#main">
        {t("app.skip")}
      </a>
      <Layout.Header className="topbar">
        {wide ? null : (
          <Button
            type="text"
            icon={<MenuOutlined aria-hidden />}
            aria-label={t("app.menu")}
            onClick={() => setDrawer(true)}
          />
        )}
        <Link to="/" className="brand">
          <img src="/favicon.svg" alt="" width={26} height={26} />
          <span className="brand-name">{firm || t("app.name")}</span>
        </Link>
        <Button
          className="search-button"
          icon={<SearchOutlined aria-hidden />}
          aria-label={wide ? undefined : t("app.search.open")}
          onClick={() => setPalette(true)}
        >
          {wide ? (
            <>
              <span className="search-text">{t("app.search.open")}</span>
              <kbd>Ctrl K</kbd>
            </>
          ) : null}
        </Button>
        <div className="topbar-right">
          <ActivityMenu />
          <LanguageMenu />
          <ThemeMenu />
          <UserMenu />
        </div>
      </Layout.Header>
      <ServerGoneBanner />
      <Layout className="below">
        {wide ? (
          <Layout.Sider width={184} theme="light" className="sider">
            <nav aria-label={t("app.rooms")}>{menu}</nav>
          </Layout.Sider>
        ) : (
          <Drawer
            open={drawer}
            onClose={() => setDrawer(false)}
            placement="left"
            size={260}
            title={t("app.rooms")}
            styles={{ body: { padding: 8 } }}
          >
            <nav aria-label={t("app.rooms")}>{menu}</nav>
          </Drawer>
        )}
        <main id="main" tabIndex={-1} className="main">
          <Outlet />
        </main>
      </Layout>
      {palette === null ? null : (
        <Suspense>
          <CommandPalette open={palette} onClose={closePalette} />
        </Suspense>
      )}
      <ScrollRestoration />
    </Layout>
  );
}
