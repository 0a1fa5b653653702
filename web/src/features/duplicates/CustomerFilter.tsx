// Only what one customer is part of.
import { Skeleton } from "antd";
import { useTranslation } from "react-i18next";
import { useCustomer } from "../../api/queries";
import { CustomerPicker } from "../../components/CustomerPicker";
import { ABSENT } from "../../i18n/format";

export function CustomerFilter(props: {
  id: string | null;
  onChange: (id: string | null) => void;
}) {
  return props.id ? (
    <Known id={props.id} onChange={props.onChange} />
  ) : (
    <Picker key="nobody" id={null} known={null} onChange={props.onChange} />
  );
}

function Known(props: { id: string; onChange: (id: string | null) => void }) {
  const customer = useCustomer(props.id);
  if (customer.isPending) return <Skeleton.Input active />;
  return (
    <Picker {...props} key={props.id} known={customer.data ?? { id: props.id, name: ABSENT }} />
  );
}

function Picker(props: {
  id: string | null;
  known: { id: string; name: string } | null;
  onChange: (id: string | null) => void;
}) {
  const { t } = useTranslation();
  return (
    <div className="filters pair-filter">
      <label htmlFor="of-customer">{t("merging.filter")}</label>
      <CustomerPicker
        id="of-customer"
        value={props.id}
        known={props.known && { id: props.id ?? props.known.id, name: props.known.name }}
        onChange={props.onChange}
      />
    </div>
  );
}
