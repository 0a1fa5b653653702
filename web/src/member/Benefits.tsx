// What the level gives and what is left of it. One of it is set aside with a code at the press of a button.
import { useRef, useState } from "react";
import { type Benefit, type Overview, Refused, reserve } from "./client";
import { keepCode } from "./codes";
import { useSpeech, type Word } from "./words";

const REFUSALS: Record<string, Word> = {
  entitlement_insufficient: "none_left",
  not_entitled: "none_left",
  entitlement_over: "none_left",
  benefit_inactive: "not_given",
  too_many_codes: "too_many_codes",
};

/** Also where the page is not served over https, where the browser has no `randomUUID`. */
const newKey = () =>
  [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");

export function Benefits(props: {
  page: Overview;
  again: () => Promise<void>;
  onTold: (text: string) => void;
}) {
  const { say } = useSpeech();
  const { page } = props;
  return (
    <section className="card" aria-labelledby="benefits">
      <h2 id="benefits">{say("benefits_title")}</h2>
      {page.benefits.length === 0 ? <p>{say("benefits_none")}</p> : null}
      <ul className="rows">
        {page.benefits.map((benefit) => (
          <li key={`${benefit.programme} ${benefit.code} ${benefit.until}`}>
            <Row
              of={benefit as Benefit}
              currency={page.currency}
              again={props.again}
              onTold={props.onTold}
            />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Row(props: {
  of: Benefit;
  currency: string;
  again: () => Promise<void>;
  onTold: (text: string) => void;
}) {
  const { say, name } = useSpeech();
  const { of } = props;
  const left = useLeft(of, props.currency);
  const [companions, setCompanions] = useState(0);
  const [busy, setBusy] = useState(false);
  // The same until there was an answer, so that pressing again after a lost one takes nothing twice.
  const key = useRef(newKey());
  const take = async () => {
    setBusy(true);
    props.onTold("");
    try {
      const { programme, code: benefit } = of;
      const made = await reserve({ programme, benefit, companions, key: key.current });
      key.current = newKey();
      if (made.code && made.qr) keepCode(made.id, { code: made.code, qr: made.qr });
      props.onTold(say("code_given", { benefit: name(of) }));
      await props.again();
    } catch (error) {
      const code = error instanceof Refused ? error.code : "";
      if (code === "member_session_over") await props.again();
      else props.onTold(say(REFUSALS[code] ?? "failed"));
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <h3>{name(of)}</h3>
      <p className="left">{left}</p>
      {of.until ? <Period of={of} /> : null}
      {of.has_codes ? (
        <div className="take">
          {of.companions_max > 0 ? (
            <label>
              {say("companions")}
              <select
                value={companions}
                onChange={(event) => setCompanions(Number(event.target.value))}
              >
                {Array.from({ length: of.companions_max + 1 }, (_, n) => n).map((n) => (
                  <option key={n} value={n}>
                    {n}
                  </option>
                ))}
              </select>
            </label>
          ) : null}
          <button type="button" className="main" disabled={busy} onClick={() => void take()}>
            {say("take", { benefit: name(of) })}
          </button>
        </div>
      ) : null}
    </>
  );
}

function useLeft(of: Benefit, currency: string): string {
  const { say, format } = useSpeech();
  if (of.available === null) {
    if (of.basis_points !== null) {
      return say("discount", { percent: format.percent(of.basis_points / 10_000, 2) });
    }
    if (of.days !== null) return say("complaint_window", { days: of.days });
    return say("with_level");
  }
  const amount = (value: number) =>
    of.kind === "amount" ? format.money({ minor: value, currency }) : format.count(value);
  const total = of.available + (of.reserved ?? 0) + (of.redeemed ?? 0);
  const left = say("left", { left: amount(of.available), total: amount(total) });
  return of.reserved ? `${left} ${say("aside", { amount: amount(of.reserved) })}` : left;
}

function Period(props: { of: Benefit }) {
  const { say, format } = useSpeech();
  const { per, until } = props.of;
  const until_text = say("usable_until", { day: format.day(until) });
  return (
    <p className="hint">{per ? `${say(`per_${per}` satisfies Word)} ${until_text}` : until_text}</p>
  );
}
