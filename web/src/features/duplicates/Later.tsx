// What takes two customers for one only when it is made the next time.
import { useTranslation } from "react-i18next";

export function Later(props: { of: readonly string[] }) {
  const { t } = useTranslation();
  if (props.of.length === 0) return null;
  const sentences = props.of.map((job) =>
    t(`merging.later.${job}`, { defaultValue: t("merging.later.other") }),
  );
  return <p className="definition pair-hint">{sentences.join(" ")}</p>;
}
