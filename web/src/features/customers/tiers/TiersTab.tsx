// A customer's levels: how it stands in each programme, how that came about, and what was given by hand.
import { PlusOutlined, SyncOutlined } from "@ant-design/icons";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { App, Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useMay } from "../../../api/queries";
import { decideNow, levelsKey, useMembers } from "../../../api/tiers";
import type { Customer } from "../../../api/types";
import { Answer } from "../../../components/Answer";
import { errorText } from "../../../components/problem";
import { Section } from "../../../components/Section";
import { Teach } from "../../../components/Teach";
import { GrantDialog } from "../../../components/tiers/GrantDialog";
import { GrantTable } from "../../../components/tiers/GrantTable";
import { MemberCard } from "../../../components/tiers/MemberCard";
import { History } from "./History";

export function TiersTab(props: { customer: Customer }) {
  const { id, erased_at } = props.customer;
  const { t } = useTranslation();
  const [asking, setAsking] = useState(false);
  const mayAsk = useMay("tiers.grant") && erased_at === null;
  return (
    <div className="stack">
      <Standing customerId={id} />
      <Section
        title={t("tiers.grant.title")}
        action={
          mayAsk ? (
            <Button icon={<PlusOutlined aria-hidden />} onClick={() => setAsking(true)}>
              {t("tiers.grant.ask")}
            </Button>
          ) : null
        }
      >
        <GrantTable
          filter={{ customer: id }}
          none={{ title: t("tiers.grant.none"), hint: t("tiers.grant.none_hint") }}
        />
      </Section>
      <Section title={t("tiers.history.title")}>
        <History customerId={id} />
      </Section>
      {asking ? (
        <GrantDialog customer={id} programme={null} onClose={() => setAsking(false)} />
      ) : null}
    </div>
  );
}

function Standing(props: { customerId: string }) {
  const { customerId } = props;
  const { t } = useTranslation();
  const client = useQueryClient();
  const { message } = App.useApp();
  const mayDecide = useMay("tiers.write");
  const members = useMembers(customerId);
  const decide = useMutation({
    mutationFn: () => decideNow(customerId),
    onSuccess: () => {
      message.success(t("tiers.of_customer.decided"));
      void client.invalidateQueries({ queryKey: levelsKey(customerId) });
    },
    onError: (error) => {
      message.error(errorText(error, t));
    },
  });
  return (
    <Answer query={members}>
      {(items) =>
        items.length === 0 ? (
          <Teach
            title={t("tiers.of_customer.none.title")}
            hint={t("tiers.of_customer.none.hint")}
          />
        ) : (
          <Section
            title={t("tiers.of_customer.title")}
            action={
              mayDecide ? (
                <Button
                  icon={<SyncOutlined aria-hidden />}
                  loading={decide.isPending}
                  onClick={() => decide.mutate()}
                >
                  {t("tiers.of_customer.decide")}
                </Button>
              ) : null
            }
          >
            <div className="stack">
              {items.map((member) => (
                <MemberCard key={member.programme} of={member} />
              ))}
            </div>
          </Section>
        )
      }
    </Answer>
  );
}
