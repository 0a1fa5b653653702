// The pages of a list that is turned over: the mark of the page stands in the address.
import { App, Button } from "antd";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { useLocation, useNavigate } from "react-router";
import { problemCode } from "../api/queries";
import { useUrlState } from "./urlState";

/**
 * Begins a list again whose page is no more: a newer run was published between two pages, or the mark is none.
 * True while it does.
 */
export function useBeginAgain(error: unknown): boolean {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const [, change] = useUrlState();
  const refused = problemCode(error);
  const stale = refused === "cursor_stale" || refused === "cursor_malformed";
  useEffect(() => {
    if (!stale) return;
    change({ cursor: null, row: null }, { replace: true });
    message.info(t(`problem.code.${refused}`), 6);
  }, [stale, refused, change, message, t]);
  return stale;
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
