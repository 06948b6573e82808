import { z } from 'zod';

const counts = z.array(z.object({ emoji_type: z.string(), raw_count: z.int() }));
const liveSchema = z.object({
  room_id: z.string(),
  windows: z.array(z.object({ start: z.string(), final: z.boolean(), counts })),
  totals: counts,
  late: z.int(),
});

/** `GET /live` of a room. */
export const live = async (url: string, room: string) => {
  const get = () => fetch(`${url}/live?room_id=${encodeURIComponent(room)}`);
  // Retried once, because the server may just have closed an idle connection.
  const answer = await get().catch(get);
  if (!answer.ok) throw new Error(`GET /live: ${answer.status}`);
  return liveSchema.parse(await answer.json());
};

/** The totals of rooms by `room emoji`, from `GET /live`. */
export const liveTotals = async (url: string, rooms: readonly string[]): Promise<Map<string, number>> => {
  const answers = await Promise.all(rooms.map((room) => live(url, room)));
  return new Map(
    answers.flatMap(({ room_id, totals }) =>
      totals.map(({ emoji_type, raw_count }) => [`${room_id} ${emoji_type}`, raw_count] as const),
    ),
  );
};
