/**
 * The state of a show, made of frames. Pure: a snapshot plus the batches after it equals a fresh snapshot.
 *
 * `realtime/state.py` holds the same rules in Python; tests/test_realtime_contract.py runs both on the same frames.
 *
 * @typedef {{available: number, version: number, as_of: string, price_minor: number, currency: string}} Item
 * @typedef {{id: string, author: string, role: "viewer"|"moderator"|"host", text: string, at: string}} Chat
 * @typedef {{slug: string, state: string, title: string, pinned_sku: string|null, viewers: number, likes: number,
 *            dislikes: number, slow_mode_s: number, pinned_message: Chat|null}} Session
 * @typedef {{epoch: string|null, seq: number, isLost: boolean, session: Session|null, run_list: string[],
 *            items: Record<string, Item>, chat: Chat[], announcements: {id: string}[], drops: {id: string}[],
 *            platform_events: object[]}} State
 */

const CHAT_MAX = 50;
const PLATFORM_MAX = 10;

/** @type {State} What is known before the first snapshot. */
export const NOTHING = Object.freeze({
  epoch: null,
  seq: -1,
  isLost: true,
  session: null,
  run_list: [],
  items: {},
  chat: [],
  announcements: [],
  drops: [],
  platform_events: [],
});

/**
 * Return the state after a frame. `isLost` says that a frame is missing: say hello, with `since`.
 * @param {State} state
 * @param {Record<string, any>} frame
 * @returns {State}
 */
export function reduce(state, frame) {
  switch (frame.type) {
    case "snapshot": {
      const { type, ...body } = frame;
      return { ...NOTHING, ...body, isLost: false };
    }
    case "welcome":
      return { ...state, isLost: !(frame.recovered && frame.epoch === state.epoch) };
    case "batch":
      if (frame.epoch !== state.epoch || frame.from > state.seq + 1) return { ...state, isLost: true };
      if (frame.to <= state.seq) return state;
      if (frame.from !== state.seq + 1) return { ...state, isLost: true };
      return { ...frame.events.reduce(apply, state), seq: frame.to };
    default:
      return state;
  }
}

/** @param {State} state @param {Record<string, any>} event @returns {State} */
function apply(state, event) {
  switch (event.type) {
    case "availability": {
      if (!state.run_list.includes(event.sku)) return state;
      const item = state.items[event.sku];
      if (item && item.version !== undefined && item.version >= event.version) return state;
      const { available, version, as_of } = event;
      return { ...state, items: { ...state.items, [event.sku]: { ...item, available, version, as_of } } };
    }
    case "item": {
      if (!state.run_list.includes(event.sku)) return state;
      const { price_minor, currency } = event;
      return { ...state, items: { ...state.items, [event.sku]: { ...state.items[event.sku], price_minor, currency } } };
    }
    case "run_list": {
      const kept = Object.entries(state.items).filter(([sku]) => event.skus.includes(sku));
      return { ...state, run_list: event.skus, items: Object.fromEntries(kept) };
    }
    case "pin":
      return withSession(state, { pinned_sku: event.sku });
    case "session":
      return withSession(state, { state: event.state });
    case "message_pin":
      return withSession(state, { pinned_message: event.message });
    case "slow_mode":
      return withSession(state, { slow_mode_s: event.seconds });
    case "viewers":
      return withSession(state, { viewers: event.count });
    case "likes":
      return withSession(state, { likes: event.likes, dislikes: event.dislikes });
    case "chat": {
      const { type, ...said } = event;
      const message = /** @type {Chat} */ (said);
      if (state.chat.some((known) => known.id === message.id)) return state;
      return { ...state, chat: [...state.chat, message].slice(-CHAT_MAX) };
    }
    case "chat_removed":
      return { ...state, chat: state.chat.filter((message) => message.id !== event.id) };
    case "announcement":
      return { ...state, announcements: upsert(state.announcements, event) };
    case "announcement_ended":
      return { ...state, announcements: state.announcements.filter((one) => one.id !== event.id) };
    case "drop":
      return { ...state, drops: upsert(state.drops, event) };
    case "platform_event": {
      const { type, ...happening } = event;
      return { ...state, platform_events: [...state.platform_events, happening].slice(-PLATFORM_MAX) };
    }
    default: // reactions pass by; what a newer server adds is not for us
      return state;
  }
}

/** @param {State} state @param {Partial<Session>} changes @returns {State} */
function withSession(state, changes) {
  return state.session ? { ...state, session: { ...state.session, ...changes } } : state;
}

/** Replace the one with the same id in its place, or append. @param {any[]} list @param {any} event */
function upsert(list, { type, ...one }) {
  const found = list.findIndex((other) => other.id === one.id);
  return found < 0 ? [...list, one] : list.map((other, index) => (index === found ? one : other));
}
