// Who was merged into whom, by name.
import { useTranslation } from "react-i18next";
import { type Merge, useMergedOf } from "../../api/merging";
import { useCustomer } from "../../api/queries";

export function MergedNames(props: {
  of: Pick<Merge, "id" | "survivor" | "merged" | "undone_at">;
}) {
  const { t } = useTranslation();
  const { of } = props;
  const survivor = useCustomer(of.survivor).data;
  const pair = useMergedOf(of).data;
  // One that is merged still answers as who stands for both; afterwards, as itself.
  const again = useCustomer(of.merged).data;
  const merged = of.undone_at ? again : pair;
  const name = (one: { name: string; external_id: string } | null | undefined) =>
    one ? t("merging.named", { name: one.name, number: one.external_id }) : t("merging.a_record");
  return <>{t("merging.into", { merged: name(merged), survivor: name(survivor) })}</>;
}
