// Codes that can be shown now: as a picture for a scanner, as letters for a person.
import { QRCodeSVG } from "@rc-component/qrcode";
import { useState } from "react";
import { cancel, type Overview, Refused, type Use } from "./client";
import { codesTold } from "./codes";
import { useSpeech } from "./words";

const QR_SIDE_PX = 208;

/** In fours, as people read it out. */
const inFours = (code: string) => code.match(/.{1,4}/g)?.join(" ") ?? code;

export function OpenCodes(props: {
  uses: Overview["uses"];
  again: () => Promise<void>;
  onTold: (text: string) => void;
}) {
  const { say } = useSpeech();
  if (props.uses.length === 0) return null;
  return (
    <section className="card" aria-labelledby="codes">
      <h2 id="codes">{say("codes_title")}</h2>
      <ul className="rows">
        {props.uses.map((use) => (
          <li key={use.id}>
            <One use={use as Use} again={props.again} onTold={props.onTold} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function One(props: { use: Use; again: () => Promise<void>; onTold: (text: string) => void }) {
  const { say, name, format } = useSpeech();
  const { use } = props;
  const [busy, setBusy] = useState(false);
  const told = codesTold()[use.id];
  const giveUp = async () => {
    setBusy(true);
    props.onTold("");
    try {
      await cancel(use.id);
      props.onTold(say("given_up", { benefit: name(use) }));
      await props.again();
    } catch (error) {
      const code = error instanceof Refused ? error.code : "";
      if (code !== "member_session_over") props.onTold(say("failed"));
      await props.again();
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <h3>{name(use)}</h3>
      {told ? (
        <figure>
          {/* Dark on light in every theme: scanners expect it. */}
          <span className="qr">
            <QRCodeSVG
              title={say("qr_of", { benefit: name(use) })}
              value={told.qr}
              size={QR_SIDE_PX}
              fgColor="#000000"
              bgColor="#ffffff"
            />
          </span>
          <figcaption className="code">{inFours(told.code)}</figcaption>
        </figure>
      ) : (
        <p>{say("code_elsewhere")}</p>
      )}
      {use.companions > 0 ? <p>{say("with_companions", { count: use.companions })}</p> : null}
      <p className="hint">{say("code_until", { time: format.time(use.expires_at) })}</p>
      <button type="button" className="second" disabled={busy} onClick={() => void giveUp()}>
        {say("give_up", { benefit: name(use) })}
      </button>
    </>
  );
}
