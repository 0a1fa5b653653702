// What was used, and how the level came to be what it is.
import type { Change, Overview, Use } from "./client";
import { useSpeech, type Word } from "./words";

export function History(props: { page: Overview }) {
  const { say } = useSpeech();
  const { page } = props;
  const past = page.uses.filter((use) => use.state !== "reserved");
  return (
    <>
      <section className="card" aria-labelledby="used">
        <h2 id="used">{say("used_title")}</h2>
        {past.length === 0 ? <p>{say("used_none")}</p> : null}
        <ul className="rows">
          {past.map((use) => (
            <li key={use.id}>
              <Used of={use as Use} currency={page.currency} />
            </li>
          ))}
        </ul>
      </section>
      {page.changes.length > 0 ? (
        <section className="card" aria-labelledby="changes">
          <h2 id="changes">{say("changes_title")}</h2>
          <ul className="rows">
            {page.changes.map((change) => (
              <li key={`${change.programme} ${change.on} ${change.to?.code} ${change.from?.code}`}>
                <Changed of={change as Change} />
              </li>
            ))}
          </ul>
        </section>
      ) : null}
    </>
  );
}

function Used(props: { of: Use; currency: string }) {
  const { say, name, format } = useSpeech();
  const { of } = props;
  const at = of.partner_zh && of.partner_en ? name({ zh: of.partner_zh, en: of.partner_en }) : null;
  const amount =
    of.kind === "amount" ? format.money({ minor: of.quantity, currency: props.currency }) : null;
  const state = of.state === "reserved" ? null : say(`use_${of.state}` satisfies Word);
  return (
    <>
      <p className="step">
        <span>{name(of)}</span>
        <span>{state}</span>
      </p>
      <p className="hint">
        {[format.time(of.redeemed_at ?? of.reserved_at), at, amount].filter(Boolean).join(" · ")}
      </p>
    </>
  );
}

function Changed(props: { of: Change }) {
  const { say, name, format } = useSpeech();
  const { of } = props;
  const none = say("level_none");
  return (
    <p className="step">
      <span>
        {say("changed", {
          from: of.from ? name(of.from) : none,
          to: of.to ? name(of.to) : none,
        })}
      </span>
      <span>{format.day(of.on)}</span>
    </p>
  );
}
