import type { Api, Schemas } from "./api";
import { offline, Problem } from "./problem";

const POLL_MS = 400;
const TRIES = 75;

export type Upload = Schemas["UploadView"];

/** Send a picture where the API says, and wait until it was judged. */
export async function upload(api: Api, file: Blob, signal?: AbortSignal): Promise<Upload> {
  const body = { content_type: file.type, size_bytes: file.size };
  const ticket = await api.get((client) => client.POST("/api/v1/uploads", { body, signal }));
  const form = new FormData();
  for (const [name, value] of Object.entries(ticket.fields)) form.append(name, value);
  form.append("file", file);
  const sent = await fetch(ticket.url, { method: "POST", body: form, signal }).catch(() => null);
  if (!sent?.ok) throw offline();
  const path = { upload_id: ticket.upload_id };
  for (let tries = 0; tries < TRIES; tries++) {
    const found = await api.get((client) =>
      client.GET("/api/v1/uploads/{upload_id}", { params: { path }, signal }),
    );
    if (found.status === "ready") return found;
    if (found.status === "rejected") throw rejected(found);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw offline();
}

function rejected(found: Upload): Problem {
  return new Problem({
    type: "urn:omnichannel-publisher:problem:upload_rejected",
    title: "This picture can't be used",
    status: 400,
    detail: found.detail ?? "",
    code: "upload_rejected",
  });
}
