// The purposes of contacting customers: the words of those Patron ships; the firm's own are called as they are.
import { useTranslation } from "react-i18next";

export function usePurposeName(): (name: string) => string {
  const { t } = useTranslation();
  return (name) => t(`terms.purpose.${name}`, { defaultValue: name });
}
