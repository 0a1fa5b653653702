// What the firm keeps of one person: files on the record, everything in one file, and an erasure for good.
import { useInfiniteQuery } from "@tanstack/react-query";
import { request, upload } from "./client";
import { at, ifMatch } from "./endpoints";
import { recordKey } from "./record";
import type { Page, Schemas, Whole } from "./types";

export type Attachment = Whole<Schemas["Attachment"]>;
export type Erasure = Schemas["Erasure"];
export type ErasureGround = Schemas["ErasureGround"];
export type NewErasure = Schemas["NewErasure"];

export const ERASURE_GROUNDS: ErasureGround[] = [
  "request",
  "consent_withdrawn",
  "no_longer_needed",
  "unlawful",
];

/** How files of each kind end; the server has the last word. */
export const ATTACHMENT_ENDINGS: Record<Schemas["FileType"], string> = {
  pdf: ".pdf",
  image: ".png,.jpg,.jpeg,.gif,.webp,.tif,.tiff,.heic,.heif",
  office: ".docx,.xlsx,.pptx,.odt,.ods,.odp",
  text: ".txt,.csv",
};

const PAGE = 50;

export const useAttachments = (id: string) =>
  useInfiniteQuery({
    queryKey: [...recordKey(id), "attachments"],
    queryFn: ({ pageParam, signal }) =>
      request<Page<Attachment>>("GET", at("/api/v1/customers/{id}/attachments", { id }), {
        query: { cursor: pageParam, limit: PAGE },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });

export const attach = (
  id: string,
  file: File,
  key: string,
  onProgress: (sentShare: number) => void,
  signal: AbortSignal,
) =>
  upload<Attachment>(
    at("/api/v1/customers/{id}/attachments", { id }),
    { file },
    onProgress,
    signal,
    // A repetition of the same intention is no second file.
    { "idempotency-key": key },
  );

export const attachmentUrl = (id: string, attachment_id: string) =>
  at("/api/v1/customers/{id}/attachments/{attachment_id}", { id, attachment_id });
export const removeAttachment = (id: string, attachment_id: string) =>
  request<null>("DELETE", attachmentUrl(id, attachment_id));

export const everythingUrl = (id: string) => at("/api/v1/customers/{id}/everything", { id });

export const eraseCustomer = (id: string, version: number, body: NewErasure) =>
  request<Erasure>("POST", at("/api/v1/customers/{id}/erasure", { id }), {
    body,
    headers: ifMatch(version),
  });
