// Pairs of customers who may be one, what is certain first: why they were found, and what to decide on them.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { App, Button, Card } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { dismissPair, type Pair, type PairState, reopenPair, usePairs } from "../../api/merging";
import { keys } from "../../api/queries";
import type { CustomerRow } from "../../api/types";
import { Answer } from "../../components/Answer";
import { More } from "../../components/EventList";
import { errorText } from "../../components/problem";
import { Teach } from "../../components/Teach";
import { useFormat } from "../../i18n/format";
import { Likelihood, Reasons } from "./Likelihood";

export function Pairs(props: {
  state: PairState;
  customer: string | null;
  /** Only what is certain, or only what is not. */
  certain: boolean | null;
}) {
  const { t } = useTranslation();
  const pairs = usePairs(props.state, props.customer, props.certain);
  const name = props.state === "open" ? "open" : "dismissed";
  return (
    <Answer query={pairs}>
      {({ pages }) => {
        const items = pages.flatMap((page) => page.items);
        if (items.length === 0) {
          return <Teach title={t(`merging.none.${name}`)} hint={t(`merging.none.${name}_hint`)} />;
        }
        return (
          <>
            <ul className="plain stack" aria-label={t(`merging.tab.${name}`)}>
              {items.map((pair) => (
                <li key={pair.id}>
                  <OnePair of={pair} />
                </li>
              ))}
            </ul>
            <More of={pairs} />
          </>
        );
      }}
    </Answer>
  );
}

const comparing = (pair: Pair) => `/customers/merge?one=${pair.one.id}&other=${pair.other.id}`;

function OnePair(props: { of: Pair }) {
  const { t } = useTranslation();
  const format = useFormat();
  const client = useQueryClient();
  const { message } = App.useApp();
  const { of: pair } = props;
  const names = { one: pair.one.name, other: pair.other.name };
  const asked = () => client.invalidateQueries({ queryKey: [...keys.customers, "pairs"] });
  const reopen = useMutation({
    mutationFn: () => reopenPair(pair.id),
    // What a message gives back is waited for until it is gone: it is given to nobody.
    onSuccess: () => {
      message.success(t("merging.reopened", names));
    },
    onError: (error) => {
      message.error(errorText(error, t));
    },
    onSettled: asked,
  });
  const dismiss = useMutation({
    mutationFn: () => dismissPair(pair.id),
    onSuccess: () => {
      const key = `dismissed-${pair.id}`;
      message.success({
        key,
        duration: 10,
        content: (
          <>
            {t("merging.dismissed", names)}{" "}
            <Button
              type="link"
              size="small"
              onClick={() => {
                message.destroy(key);
                reopen.mutate();
              }}
            >
              {t("merging.take_back")}
            </Button>
          </>
        ),
      });
    },
    onError: (error) => {
      message.error(errorText(error, t));
    },
    onSettled: asked,
  });
  return (
    <Card size="small">
      <div className="pair">
        <Who of={pair.one} />
        <Who of={pair.other} />
        <div className="pair-why">
          <div className="row">
            <Likelihood of={pair} />
            <span className="figure-note">
              {pair.decided_at
                ? t("merging.decided", { time: format.time(pair.decided_at) })
                : t("merging.found", { time: format.time(pair.found_at) })}
            </span>
          </div>
          <Reasons of={pair} />
        </div>
        <div className="pair-acts">
          {pair.state === "open" ? (
            <>
              <Link to={comparing(pair)}>
                <Button type="primary" aria-label={t("merging.compare_of", names)}>
                  {t("merging.compare")}
                </Button>
              </Link>
              <Button
                loading={dismiss.isPending}
                aria-label={t("merging.dismiss_of", names)}
                onClick={() => dismiss.mutate()}
              >
                {t("merging.dismiss")}
              </Button>
            </>
          ) : (
            <Button
              loading={reopen.isPending}
              aria-label={t("merging.reopen_of", names)}
              onClick={() => reopen.mutate()}
            >
              {t("merging.reopen")}
            </Button>
          )}
        </div>
      </div>
    </Card>
  );
}

function Who(props: { of: CustomerRow }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { of } = props;
  const known = [
    t(`terms.kind.${of.kind}`),
    of.brand,
    of.region,
    of.segment,
    of.since ? t("merging.since", { day: format.day(of.since) }) : null,
  ];
  return (
    <div className="customer-cell">
      <Link to={`/customers/${of.id}`}>{of.name}</Link>
      <span className="customer-number">{of.external_id}</span>
      <span className="figure-note">{known.filter(Boolean).join(" · ")}</span>
    </div>
  );
}
