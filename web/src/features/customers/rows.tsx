// What the two lists have in common: the customer's cell, the keyboard, the pages.
import { Button } from "antd";
import { type KeyboardEvent, useCallback } from "react";
import { useTranslation } from "react-i18next";
import { Link, useLocation, useNavigate } from "react-router";
import type { ProfileRow } from "../../api/types";
import { useUrlState } from "../../components/urlState";

export function CustomerCell(props: {
  of: Pick<ProfileRow["customer"], "id" | "name" | "external_id">;
}) {
  const { of } = props;
  return (
    <span className="customer-cell">
      <Link to={`/customers/${of.id}`} data-row-link={of.id}>
        {of.name || of.external_id}
      </Link>
      {of.name && of.name !== of.external_id ? (
        <span className="customer-number">{of.external_id}</span>
      ) : null}
    </span>
  );
}

/** Arrow keys walk the rows, Enter opens; the row stays in the address, so that Back finds it. */
export function useRowKeys() {
  const [, change] = useUrlState();
  return useCallback(
    (event: KeyboardEvent<HTMLElement>) => {
      const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1 };
      const step = steps[event.key];
      if (step === undefined || event.defaultPrevented) return;
      const links = [...event.currentTarget.querySelectorAll<HTMLElement>("a[data-row-link]")];
      const here = links.indexOf(document.activeElement as HTMLElement);
      if (here < 0 && (event.target as HTMLElement).tagName !== "INPUT") return;
      const next = links[here < 0 ? 0 : here + step];
      if (!next) return;
      event.preventDefault();
      next.focus();
      change({ row: next.dataset.rowLink }, { replace: true });
    },
    [change],
  );
}

type Trail = { trail: string[] };

/** Previous and next page. The way back is kept by the browser's history entry, not by the server. */
export function Pages(props: { next: string | null }) {
  const { t } = useTranslation();
  const [search, change] = useUrlState();
  const navigate = useNavigate();
  const location = useLocation();
  const trail = (location.state as Trail | null)?.trail ?? [];
  const cursor = search.get("cursor") ?? "";
  return (
    <>
      {cursor && trail.length === 0 ? (
        <Button onClick={() => change({ cursor: null, row: null })}>
          {t("customers.page.first")}
        </Button>
      ) : null}
      <Button
        disabled={trail.length === 0}
        onClick={() => {
          const before = trail[trail.length - 1] ?? "";
          const next = new URLSearchParams(search);
          if (before) next.set("cursor", before);
          else next.delete("cursor");
          next.delete("row");
          navigate({ search: next.toString() }, { state: { trail: trail.slice(0, -1) } });
        }}
      >
        {t("customers.page.previous")}
      </Button>
      <Button
        disabled={!props.next}
        onClick={() =>
          change({ cursor: props.next, row: null }, { state: { trail: [...trail, cursor] } })
        }
      >
        {t("customers.page.next")}
      </Button>
    </>
  );
}
