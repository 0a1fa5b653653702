// Customers, by what they are worth; before the first run, as plain records.
import { ImportOutlined, MergeOutlined, PlusOutlined } from "@ant-design/icons";
import { Alert, Button } from "antd";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useMayMerge } from "../../api/merging";
import { useMay, useSetup, useWholeFirm } from "../../api/queries";
import { Answer } from "../../components/Answer";
import { PageHead } from "../../components/PageHead";
import { Teach } from "../../components/Teach";
import { ProfileList } from "./ProfileList";
import { RecordList } from "./RecordList";

const NewCustomer = lazy(() => import("./NewCustomer"));

export function CustomerList() {
  const { t } = useTranslation();
  const setup = useSetup();
  const whole = useWholeFirm();
  const mayImport = useMay("imports.write") && whole;
  const mayValue = useMay("value.read");
  const mayWrite = useMay("customers.write");
  const mayMerge = useMayMerge();
  const [making, setMaking] = useState(false);
  return (
    <>
      <PageHead
        figures
        title={t("customers.title")}
        lead={t("customers.lead")}
        actions={
          <>
            {mayWrite ? (
              <Button icon={<PlusOutlined aria-hidden />} onClick={() => setMaking(true)}>
                {t("customers.new")}
              </Button>
            ) : null}
            {mayMerge ? (
              <Link to="/customers/duplicates">
                <Button icon={<MergeOutlined aria-hidden />}>{t("merging.title")}</Button>
              </Link>
            ) : null}
            {mayImport ? (
              <Link to="/imports/new?kind=customers">
                <Button icon={<ImportOutlined aria-hidden />}>{t("customers.import")}</Button>
              </Link>
            ) : null}
          </>
        }
      />
      <Answer query={setup} rows={10}>
        {(now) =>
          now.customers === 0 && !now.transactions ? (
            <Teach
              title={t(whole ? "customers.none.title" : "customers.none_of_mine.title")}
              hint={t(whole ? "customers.none.hint" : "customers.none_of_mine.hint")}
              action={
                whole ? (
                  <Link to="/start">
                    <Button type="primary">{t("customers.none.action")}</Button>
                  </Link>
                ) : null
              }
            />
          ) : now.has_run && mayValue ? (
            <ProfileList currency={now.currency} />
          ) : now.has_run || !whole ? (
            <RecordList />
          ) : (
            <>
              <Alert
                type="info"
                showIcon
                title={t("customers.no_run.title")}
                description={t("customers.no_run.hint")}
                action={
                  <Link to="/start">
                    <Button size="small">{t("customers.no_run.action")}</Button>
                  </Link>
                }
              />
              <RecordList />
            </>
          )
        }
      </Answer>
      {making ? (
        <Suspense>
          <NewCustomer onClose={() => setMaking(false)} />
        </Suspense>
      ) : null}
    </>
  );
}
