// Everything the firm has written down about a customer, and every way to write it down.
import { useTranslation } from "react-i18next";
import type { Customer } from "../../../api/types";
import { Section } from "../../../components/Section";
import { AttachmentsSection } from "./AttachmentsSection";
import { Completeness } from "./Completeness";
import { CustomFieldsSection } from "./CustomFieldsSection";
import { FactsSection } from "./FactsSection";
import { LifeEventsSection } from "./LifeEventsSection";
import { NotesSection } from "./NotesSection";
import { PreferencesSection } from "./PreferencesSection";
import { TagsSection } from "./TagsSection";

export function RecordTab(props: { customer: Customer }) {
  const { t } = useTranslation();
  const { customer } = props;
  return (
    <div className="record-grid">
      <div className="stack">
        <FactsSection customer={customer} />
        <CustomFieldsSection customerId={customer.id} />
        <LifeEventsSection customerId={customer.id} />
        <PreferencesSection customerId={customer.id} />
      </div>
      <div className="stack">
        <Section title={t("record.complete.title")}>
          <Completeness customerId={customer.id} />
        </Section>
        <TagsSection customerId={customer.id} />
        <NotesSection customerId={customer.id} />
        <AttachmentsSection customerId={customer.id} />
      </div>
    </div>
  );
}
