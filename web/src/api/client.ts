// One way to talk to the server: JSON in, JSON out, every failure an ApiError or a ServerGone.
import { noteServerAnswered, noteServerGone } from "./connection";
import type { ApiPath, FilledPath, Problem } from "./types";

/** Time after which an unanswered request counts as a server that is gone. */
const DEADLINE_MS = 30_000;

/** The server answered, and said no. */
export class ApiError extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.code);
    this.problem = problem;
  }
}

/** The server did not answer at all. */
export class ServerGone extends Error {}

export type Query = Record<string, string | number | boolean | null | undefined>;

export function withQuery(path: string, query?: Query): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== null && value !== "") search.set(name, String(value));
  }
  const text = search.toString();
  return text ? `${path}?${text}` : path;
}

export function problemFrom(status: number, body: unknown): Problem {
  if (typeof body === "object" && body !== null && "code" in body) {
    return { status, title: "", ...(body as Omit<Problem, "status" | "title">) };
  }
  return { status, code: `http_${status}`, title: "" };
}

export function isServerGone(status: number): boolean {
  // What a reverse proxy says when nothing is behind it.
  return status === 502 || status === 503 || status === 504;
}

export async function request<T>(
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE",
  path: ApiPath | FilledPath,
  options: {
    query?: Query;
    body?: unknown;
    headers?: Record<string, string>;
    signal?: AbortSignal;
  } = {},
): Promise<T> {
  const headers: Record<string, string> = {
    accept: "application/json",
    ...options.headers,
  };
  if (options.body !== undefined) headers["content-type"] = "application/json";
  const deadline = AbortSignal.timeout(DEADLINE_MS);
  let response: Response;
  try {
    response = await fetch(withQuery(path, options.query), {
      method,
      headers,
      body: options.body === undefined ? undefined : JSON.stringify(options.body),
      signal: options.signal ? AbortSignal.any([options.signal, deadline]) : deadline,
      credentials: "same-origin",
    });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    noteServerGone();
    throw new ServerGone();
  }
  const isJson = response.headers.get("content-type")?.includes("json") ?? false;
  const body: unknown = isJson ? await response.json().catch(() => null) : null;
  if (!response.ok) {
    if (isServerGone(response.status) && body === null) {
      noteServerGone();
      throw new ServerGone();
    }
    noteServerAnswered();
    throw new ApiError(problemFrom(response.status, body));
  }
  noteServerAnswered();
  return body as T;
}

/** Sends a file; `fetch` cannot report how much of it has left, so this one is an XMLHttpRequest. */
export function upload<T>(
  path: ApiPath | FilledPath,
  parts: Record<string, string | File>,
  onProgress: (sentShare: number) => void,
  signal: AbortSignal,
  headers: Record<string, string> = {},
): Promise<T> {
  return new Promise((resolve, reject) => {
    const form = new FormData();
    for (const [name, part] of Object.entries(parts)) form.append(name, part);
    const call = new XMLHttpRequest();
    call.open("POST", path);
    call.setRequestHeader("accept", "application/json");
    for (const [name, value] of Object.entries(headers)) call.setRequestHeader(name, value);
    call.upload.onprogress = (event) => {
      if (event.lengthComputable) onProgress(event.loaded / event.total);
    };
    call.onerror = () => {
      noteServerGone();
      reject(new ServerGone());
    };
    call.onabort = () => reject(new DOMException("aborted", "AbortError"));
    call.onload = () => {
      let body: unknown = null;
      try {
        body = JSON.parse(call.responseText);
      } catch {
        // Not JSON: the status says enough.
      }
      noteServerAnswered();
      if (call.status >= 200 && call.status < 300) resolve(body as T);
      else reject(new ApiError(problemFrom(call.status, body)));
    };
    signal.addEventListener("abort", () => call.abort());
    call.send(form);
  });
}
