// What the two lists have in common: the customer's cell and the keyboard.
import { type KeyboardEvent, useCallback } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { ProfileRow } from "../../api/types";
import { shownName } from "../../components/erased";
import { useUrlState } from "../../components/urlState";

export function CustomerCell(props: {
  of: Pick<ProfileRow["customer"], "id" | "name" | "external_id">;
}) {
  const { of } = props;
  const { t } = useTranslation();
  return (
    <span className="customer-cell">
      <Link to={`/customers/${of.id}`} data-row-link={of.id}>
        {shownName(of, t)}
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
