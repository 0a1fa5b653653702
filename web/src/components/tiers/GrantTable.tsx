// What was given by hand or is asked for, the soonest to end first, and what to decide on it.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { App, Button, Popconfirm, Tooltip } from "antd";
import { useTranslation } from "react-i18next";
import { keys, problemCode, useMay } from "../../api/queries";
import {
  decideGrant,
  type Grant,
  type GrantAct,
  type GrantFilter,
  type GrantState,
  levelsKey,
  useGrants,
  useOwnId,
} from "../../api/tiers";
import { ABSENT, useFormat } from "../../i18n/format";
import { Answer } from "../Answer";
import { More } from "../EventList";
import { Mark } from "../Marks";
import { errorText } from "../problem";
import { Teach } from "../Teach";
import { WideTable } from "../WideTable";
import { LevelOfProgramme } from "./LevelMark";
import { CustomerName, usePersonName } from "./names";

const STATE_COLOUR: Record<GrantState, string> = {
  requested: "#e69f00",
  approved: "#009e73",
  refused: "#d55e00",
  ended: "#8c8c8c",
  revoked: "#cc79a7",
};

export function GrantTable(props: { filter: GrantFilter; none: { title: string; hint: string } }) {
  const { t } = useTranslation();
  const format = useFormat();
  const person = usePersonName();
  const mayDecide = useMay("tiers.grant");
  const grants = useGrants(props.filter);
  return (
    <Answer query={grants}>
      {({ pages }) => {
        const items = pages.flatMap((page) => page.items);
        if (items.length === 0) return <Teach {...props.none} />;
        return (
          <>
            <WideTable<Grant>
              size="small"
              rowKey="id"
              dataSource={items}
              pagination={false}
              columns={[
                ...(props.filter.customer
                  ? []
                  : [
                      {
                        title: t("tiers.grant.customer"),
                        render: (_: unknown, grant: Grant) => <CustomerName id={grant.customer} />,
                      },
                    ]),
                {
                  title: t("tiers.grant.what"),
                  render: (_, grant) => (
                    <>
                      {t(`terms.tier_grant.${grant.kind}`)}{" "}
                      {grant.level ? (
                        <LevelOfProgramme programme={grant.programme} code={grant.level} />
                      ) : null}
                    </>
                  ),
                },
                {
                  title: t("tiers.grant.holds"),
                  render: (_, grant) => (
                    <span className="numeric">
                      {format.day(grant.from)} – {format.day(grant.until)}
                    </span>
                  ),
                },
                {
                  title: t("tiers.grant.reason"),
                  render: (_, grant) => <div className="wrapping">{grant.reason}</div>,
                },
                {
                  title: t("tiers.grant.asked_by"),
                  render: (_, grant) => (
                    <Tooltip title={format.time(grant.requested_at)}>
                      {person(grant.requested_by)}
                    </Tooltip>
                  ),
                },
                {
                  title: t("tiers.grant.state_label"),
                  render: (_, grant) => (
                    <Mark
                      colour={STATE_COLOUR[grant.state]}
                      text={t(`tiers.grant.state.${grant.state}`)}
                    />
                  ),
                },
                {
                  title: t("tiers.grant.decided_by"),
                  render: (_, grant) =>
                    grant.decided_at ? (
                      <Tooltip title={format.time(grant.decided_at)}>
                        {person(grant.decided_by)}
                      </Tooltip>
                    ) : (
                      ABSENT
                    ),
                },
                ...(mayDecide
                  ? [{ title: "", render: (_: unknown, grant: Grant) => <Acts of={grant} /> }]
                  : []),
              ]}
            />
            <More of={grants} />
          </>
        );
      }}
    </Answer>
  );
}

const ACTS: Partial<Record<GrantState, GrantAct[]>> = {
  requested: ["approve", "refuse"],
  approved: ["revoke"],
};

function Acts(props: { of: Grant }) {
  const { of } = props;
  const { t } = useTranslation();
  const client = useQueryClient();
  const { message } = App.useApp();
  const own = useOwnId() === of.requested_by;
  const decide = useMutation({
    mutationFn: (act: GrantAct) => decideGrant(act, of),
    onSuccess: (_, act) => {
      message.success(t(`tiers.grant.done.${act}`));
    },
    onError: (error) => {
      const why =
        problemCode(error) === "second_person_needed"
          ? t("tiers.grant.own_request")
          : errorText(error, t);
      message.error(why, 6);
    },
    onSettled: () => {
      void client.invalidateQueries({ queryKey: [...keys.tiers, "grants"] });
      void client.invalidateQueries({ queryKey: levelsKey(of.customer) });
    },
  });
  const acts = ACTS[of.state] ?? [];
  // Who asked may take back what is not decided yet.
  const shown: GrantAct[] = own && of.state === "requested" ? [...acts, "revoke"] : acts;
  return (
    <span className="row">
      {shown.map((act) =>
        act === "approve" ? (
          <Button
            key={act}
            size="small"
            type="primary"
            loading={decide.isPending && decide.variables === act}
            onClick={() => decide.mutate(act)}
          >
            {t("tiers.grant.act.approve")}
          </Button>
        ) : (
          <Popconfirm
            key={act}
            title={t(`tiers.grant.sure.${act}`)}
            okText={t(`tiers.grant.act.${act}`)}
            cancelText={t("tiers.back")}
            onConfirm={() => decide.mutate(act)}
          >
            <Button size="small" loading={decide.isPending && decide.variables === act}>
              {t(`tiers.grant.act.${act}`)}
            </Button>
          </Popconfirm>
        ),
      )}
    </span>
  );
}
