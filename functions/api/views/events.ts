/** What callers see of events: in the stream, and as the data of webhooks. */
import type { HistoryEvent } from "@jeroboam/core/event/event-history";
import { wireTime } from "../wire/time.ts";

export function viewEvent({ id, type, atMs, sequence, order, data, subject }: HistoryEvent): object {
  return {
    id,
    type,
    time: wireTime(atMs),
    sequence: sequence ?? null,
    order: order ?? null,
    subject: subject ? `${subject.type}/${subject.uuid}` : null,
    bay_uuid: subject?.bayUuid ?? null,
    data: { ...data, ...(subject && { [subject.type]: subject.description }) },
  };
}
