// Customers and commands from the keyboard: by a fragment of a name, by pinyin, by the end of a phone number, by a
// tag, or by anything a customer is known by, whole.
import { SearchOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Input, Modal, Typography } from "antd";
import { type KeyboardEvent, useCallback, useEffect, useId, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { listCustomers } from "../api/endpoints";
import { useMayMerge } from "../api/merging";
import { keys, useMay, useWholeFirm } from "../api/queries";
import { findByIdentity } from "../api/record";
import type { CustomerRow } from "../api/types";
import { useThemeChoice } from "../components/preferences";
import { useSettingsTabs } from "../features/settings/tabs";
import { changeLanguage } from "../i18n";

type Choice = { key: string; label: string; hint?: string; act: () => void };

const MOST_CUSTOMERS = 8;
/** What is shorter, or has Chinese in it, is no number, address or id of anybody. */
const AN_IDENTITY = /^[^\p{Script=Han}]{4,}$/u;

function useCommands(): Choice[] {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { choose } = useThemeChoice();
  const mayCustomers = useMay("customers.read");
  const mayMerge = useMayMerge();
  const mayImport = useMay("imports.write");
  const mayRun = useMay("value.run");
  const mayValue = useMay("value.read");
  const mayTiers = useMay("tiers.read");
  const settings = useSettingsTabs();
  const whole = useWholeFirm();
  return useMemo(() => {
    const go = (path: string, label: string): Choice => ({
      key: path,
      label,
      act: () => navigate(path),
    });
    const list: Choice[] = [];
    if (mayCustomers) list.push(go("/customers", t("app.command.customers")));
    if (mayMerge) list.push(go("/customers/duplicates", t("merging.command")));
    if (mayValue && whole) {
      for (const tab of [
        "overview",
        "bucket",
        "pareto",
        "matrix",
        "loyalty",
        "cohorts",
        "exposure",
      ]) {
        list.push(go(`/value/${tab}`, t("app.command.value", { tab: t(`value.tab.${tab}`) })));
      }
      for (const tab of ["validation", "runs", "comparison", "settings"]) {
        list.push(go(`/value/${tab}`, t("app.command.value", { tab: t(`value.tab.${tab}`) })));
      }
    }
    if (mayRun && whole) list.push(go("/value/runs?start=1", t("app.command.run")));
    if (mayTiers) {
      list.push(go("/tiers/programmes", t("app.command.programmes")));
      if (mayCustomers) list.push(go("/tiers/grants", t("app.command.grants")));
    }
    if (mayImport && whole) list.push(go("/imports/new", t("app.command.import")));
    if (mayCustomers) list.push(go("/exports", t("app.command.exports")));
    for (const tab of settings ?? []) {
      list.push(
        go(`/settings/${tab}`, t("app.command.settings", { tab: t(`settings.tab.${tab}`) })),
      );
    }
    list.push(go("/activity", t("app.command.activity")));
    list.push(go("/account", t("access.account.open")));
    list.push({ key: "zh", label: "切换到简体中文", act: () => void changeLanguage("zh-CN") });
    list.push({ key: "en", label: "Switch to English", act: () => void changeLanguage("en") });
    list.push({ key: "light", label: t("app.command.light"), act: () => choose("light") });
    list.push({ key: "dark", label: t("app.command.dark"), act: () => choose("dark") });
    return list;
  }, [
    t,
    navigate,
    choose,
    mayCustomers,
    mayMerge,
    mayImport,
    mayRun,
    mayValue,
    mayTiers,
    settings,
    whole,
  ]);
}

export function CommandPalette(props: { open: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Modal
      open={props.open}
      onCancel={props.onClose}
      footer={null}
      closable={false}
      destroyOnHidden
      aria-label={t("app.search.open")}
      width={600}
      style={{ top: 72 }}
      styles={{ container: { padding: 12 } }}
    >
      <Palette onClose={props.onClose} />
    </Modal>
  );
}

function Palette(props: { onClose: () => void }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [text, setText] = useState("");
  const [active, setActive] = useState(0);
  const listId = useId();
  const mayCustomers = useMay("customers.read");
  const wanted = text.trim();
  // Enter was pressed before the server had answered: its first hit is taken when it comes.
  const [eager, setEager] = useState(false);
  const commands = useCommands();
  const found = useQuery({
    queryKey: [...keys.customers, "palette", wanted],
    queryFn: ({ signal }) => listCustomers({ q: wanted, limit: MOST_CUSTOMERS }, signal),
    enabled: mayCustomers && wanted.length > 0,
  });
  const known = useQuery({
    queryKey: [...keys.customers, "lookup", wanted],
    queryFn: ({ signal }) => findByIdentity(wanted, signal),
    enabled: mayCustomers && AN_IDENTITY.test(wanted),
  });

  const choices = useMemo(() => {
    const low = wanted.toLowerCase();
    const choice = (customer: CustomerRow, by?: string): Choice => ({
      key: customer.id,
      label: customer.name,
      hint: [by, customer.external_id, customer.brand, customer.region].filter(Boolean).join(" · "),
      act: () => navigate(`/customers/${customer.id}`),
    });
    const byIdentity = known.data;
    const customers = (found.data?.items ?? []).filter((one) => one.id !== byIdentity?.customer.id);
    return [
      ...(byIdentity
        ? [
            choice(
              byIdentity.customer,
              t("app.search.known_by", { kind: t(`terms.identity.${byIdentity.kind}`) }),
            ),
          ]
        : []),
      ...customers.map((one) =>
        choice(one, one.tag ? t("app.search.tagged", { tag: one.tag }) : undefined),
      ),
      ...commands.filter((one) => one.label.toLowerCase().includes(low)),
    ];
  }, [wanted, found.data, known.data, commands, navigate, t]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new search begins at its first hit
  useEffect(() => setActive(0), [wanted]);
  useEffect(() => {
    document.getElementById(`${listId}-${active}`)?.scrollIntoView({ block: "nearest" });
  }, [active, listId]);

  const { onClose } = props;
  const take = useCallback(
    (choice: Choice) => {
      onClose();
      choice.act();
    },
    [onClose],
  );
  const first = choices[0];
  useEffect(() => {
    if (eager && first) take(first);
  }, [eager, first, take]);
  const pressed = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : choices.length - 1;
      setActive((now) => (choices.length ? (now + step) % choices.length : 0));
    } else if (event.key === "Enter" && !event.nativeEvent.isComposing) {
      event.preventDefault();
      const choice = choices[active];
      if (choice) take(choice);
      else setEager(found.isFetching || known.isFetching);
    }
  };

  return (
    <div>
      <Input
        autoFocus
        size="large"
        prefix={<SearchOutlined aria-hidden />}
        placeholder={t("app.search.placeholder")}
        aria-label={t("app.search.placeholder")}
        role="combobox"
        aria-expanded
        aria-controls={listId}
        aria-activedescendant={choices.length ? `${listId}-${active}` : undefined}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setEager(false);
        }}
        onKeyDown={pressed}
      />
      <div id={listId} role="listbox" aria-label={t("app.search.results")} className="palette-list">
        {choices.map((choice, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the input above carries the keyboard
          <div
            key={choice.key}
            id={`${listId}-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === active}
            className={index === active ? "palette-item palette-active" : "palette-item"}
            onMouseMove={() => setActive(index)}
            onClick={() => take(choice)}
          >
            <span>{choice.label}</span>
            {choice.hint ? (
              <Typography.Text type="secondary" className="palette-hint">
                {choice.hint}
              </Typography.Text>
            ) : null}
          </div>
        ))}
        {choices.length === 0 ? (
          <Typography.Paragraph type="secondary" className="palette-none">
            {t("app.search.none")}
          </Typography.Paragraph>
        ) : null}
      </div>
    </div>
  );
}
