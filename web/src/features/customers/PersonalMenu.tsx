// What is done with all that is known of a customer: it is handed over, or erased.
import { MoreOutlined } from "@ant-design/icons";
import { Button, Dropdown } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { everythingUrl } from "../../api/personal";
import { useMay } from "../../api/queries";
import type { Customer } from "../../api/types";
import { EraseDialog } from "./EraseDialog";

/** Whether there is anything in the menu. */
export function useMayPersonal(customer: Customer): { takeAway: boolean; erase: boolean } {
  const sees = useMay("customers.personal");
  const takes = useMay("customers.export_person");
  const erases = useMay("customers.erase");
  return { takeAway: sees && takes, erase: erases && customer.erased_at === null };
}

export default function PersonalMenu(props: { customer: Customer }) {
  const { t } = useTranslation();
  const { customer } = props;
  const may = useMayPersonal(customer);
  const [erasing, setErasing] = useState(false);
  const items = [
    ...(may.takeAway
      ? [
          {
            key: "everything",
            label: (
              <a href={everythingUrl(customer.id)} download>
                {t("record.everything.take")}
              </a>
            ),
          },
        ]
      : []),
    ...(may.erase
      ? [
          {
            key: "erase",
            danger: true,
            label: t("record.erase.open"),
            onClick: () => setErasing(true),
          },
        ]
      : []),
  ];
  if (items.length === 0) return null;
  return (
    <>
      <Dropdown trigger={["click"]} menu={{ items }}>
        <Button icon={<MoreOutlined aria-hidden />} aria-label={t("record.everything.menu")} />
      </Dropdown>
      {erasing ? <EraseDialog customer={customer} onClose={() => setErasing(false)} /> : null}
    </>
  );
}
