// A customer's page: level, what is left, codes, what was, and where to complain.
import { useEffect, useState } from "react";
import { Benefits } from "./Benefits";
import type { Level, Overview } from "./client";
import { History } from "./History";
import { OpenCodes } from "./OpenCodes";
import { Standing } from "./Standing";
import { useSpeech } from "./words";

const LONGEST_TIMER_MS = 2 ** 31 - 1;

export function Page(props: { page: Overview; again: () => Promise<void>; onLeave: () => void }) {
  const { say, name, format } = useSpeech();
  const { page, again } = props;
  const [told, setTold] = useState("");
  const openCodes = page.uses.filter((use) => use.state === "reserved");

  // When the session or a code is over the page says so by itself, and when one comes back to it.
  const ends = [page.until, ...openCodes.map((use) => use.expires_at)].sort()[0] ?? page.until;
  useEffect(() => {
    const left_ms = new Date(ends).getTime() - Date.now();
    // What is over and not yet given back is not asked for in a loop.
    const timer = window.setTimeout(
      () => void again(),
      Math.min(Math.max(left_ms, 0) + 15_000, LONGEST_TIMER_MS),
    );
    const back = () => {
      if (document.visibilityState === "visible") void again();
    };
    document.addEventListener("visibilitychange", back);
    return () => {
      window.clearTimeout(timer);
      document.removeEventListener("visibilitychange", back);
    };
  }, [ends, again]);

  const complaint = name({ zh: page.texts.complaint_zh, en: page.texts.complaint_en }).trim();
  return (
    <>
      <h1 className="hello">{page.name ? say("hello", { name: page.name }) : say("title")}</h1>
      {page.levels.length === 0 ? <p className="card">{say("no_programme")}</p> : null}
      {page.levels.map((level) => (
        <Standing key={level.programme} of={level as Level} currency={page.currency} />
      ))}
      <p className="told" role="status">
        {told}
      </p>
      <OpenCodes uses={openCodes} again={again} onTold={setTold} />
      <Benefits page={page} again={again} onTold={setTold} />
      <History page={page} />
      <section className="card" aria-labelledby="complain">
        <h2 id="complain">{say("complain_title")}</h2>
        <p className="lines">{complaint || say("complain_unsaid")}</p>
      </section>
      <footer>
        <p>{say("until", { time: format.time(page.until) })}</p>
        <button type="button" className="quiet" onClick={props.onLeave}>
          {say("leave")}
        </button>
      </footer>
    </>
  );
}
