// People and customers of whom only the id is known.
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useEverybody } from "../../api/access";
import { useCustomer, useMay } from "../../api/queries";
import { useOwnId } from "../../api/tiers";
import { ABSENT } from "../../i18n/format";
import { shownName } from "../erased";

/** A colleague by name, where one may know it. */
export function usePersonName(): (id: string | null) => string {
  const { t } = useTranslation();
  const own = useOwnId();
  const everybody = useEverybody(useMay("access.read")).data ?? [];
  return (id) => {
    if (id === null) return ABSENT;
    if (id === own) return t("tiers.yourself");
    const user = everybody.find((one) => one.id === id);
    return user ? user.name || user.login : t("tiers.colleague");
  };
}

export function CustomerName(props: { id: string }) {
  const { t } = useTranslation();
  const customer = useCustomer(props.id);
  const name = customer.data ? shownName(customer.data, t) : t("tiers.customer_unnamed");
  return <Link to={`/customers/${props.id}?tab=tiers`}>{customer.isLoading ? "…" : name}</Link>;
}
