// Looks for others who may be this customer, and leads to them.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { App, Button } from "antd";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { searchOne } from "../../api/merging";
import { keys } from "../../api/queries";
import { errorText } from "../../components/problem";

export default function FindDuplicates(props: { customerId: string }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const navigate = useNavigate();
  const { message } = App.useApp();
  const search = useMutation({
    mutationFn: () => searchOne(props.customerId),
    onSuccess: ({ items }) => {
      void client.invalidateQueries({ queryKey: [...keys.customers, "pairs"] });
      if (items.length === 0) message.info(t("merging.one.none"));
      else navigate(`/customers/duplicates?customer=${props.customerId}`);
    },
    onError: (error) => message.error(errorText(error, t)),
  });
  return (
    <Button loading={search.isPending} onClick={() => search.mutate()}>
      {t("merging.one.search")}
    </Button>
  );
}
